"""Processes in which users' functions run: calling Python in this process, talking to R, fork servers."""

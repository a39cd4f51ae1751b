"""Workflows whose steps are Python or R."""

"""The command line: one program for flows written in either language."""

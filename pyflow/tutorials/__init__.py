"""The tutorial: folders with the same flow in Python and in R, copied by `pyflow tutorials pull`."""

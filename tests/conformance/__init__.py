"""The vectors of shared_spec, run by Python; tests/testthat runs the same ones in R."""

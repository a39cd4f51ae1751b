library(testthat)
library(rflow)

test_check("rflow")

test_that("the doctor finds this Python and this R", {
  python <- test_python()
  found <- doctor()
  expect_s3_class(found, "data.frame")
  expect_equal(names(found), c("name", "state", "found", "fix"))
  expect_true(grepl(as.character(getRversion()), found$found[found$name == "r"], fixed = TRUE))
  expect_equal(found$state[found$name == "r: rflow"], "ok")
  expect_output(print(found), "python: pyarrow")
})

test_that("what is missing comes with the command that installs it", {
  test_python()
  withr::local_envvar(PYFLOW_RSCRIPT = "no-such-rscript")
  found <- doctor()
  expect_equal(found$state[found$name == "r"], "missing")
  expect_match(found$fix[found$name == "r"], "Install R")
  expect_output(print(found), "MISSING r ")
})

test_that("a Python without pyflow is an error that says so", {
  withr::local_options(rflow.python = "/bin/false")
  expect_error(doctor(), class = "rflow_error_python_missing")
})

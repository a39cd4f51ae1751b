test_that("two runs are compared as data frames, and printed as people read them", {
  local_client_store()
  runs <- flow_client("ClientFlow")$runs
  found <- compare(runs[[2]], runs[[1]]$pathspec)
  expect_equal(c(found$before, found$after), c(runs[[2]]$pathspec, runs[[1]]$pathspec))
  expect_false(found$same)
  expect_equal(found$parameters, data.frame(name = "alpha", before = "0.5", after = "10.0"))
  expect_equal(found$timing$step, c("start", "work", "join", "end"))
  expect_equal(found$timing$tasks_after, c(1L, 2L, 1L, 1L))
  expect_type(found$timing$seconds_before, "double")
  expect_equal(names(found$artifacts), c("place", "name", "state", "before", "after", "difference"))
  expect_length(found$code, 0)
  expect_output(print(found), "alpha: 0.5 -> 10.0", fixed = TRUE)
})

test_that("a run is the same as itself", {
  local_client_store()
  run <- flow_client("ClientFlow")$latest_successful_run
  found <- compare(run, run)
  expect_true(found$same)
  expect_equal(nrow(found$artifacts), 0)
  expect_equal(nrow(found$details), 0)
})

test_that("what is no run is refused", {
  local_client_store()
  expect_error(compare("ClientFlow/1", "ClientFlow/2"), class = "rflow_error_not_found")
  expect_error(compare(1, "ClientFlow/2"), "compare(): `before`", fixed = TRUE)
})

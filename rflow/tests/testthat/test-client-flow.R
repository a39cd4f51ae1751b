test_that("a flow gives its runs, newest first", {
  local_client_store()
  expect_equal(list_flows(), "ClientFlow")
  flow <- flow_client("ClientFlow")
  expect_length(flow$runs, 2)
  expect_equal(names(flow$runs)[1], flow$latest_run$id)
  expect_false(flow$latest_run$successful)
  expect_true(flow$latest_successful_run$successful)
  id <- flow$latest_successful_run$id
  expect_equal(flow$run(id)$pathspec, paste0("ClientFlow/", id))
  expect_equal(flow[[id]]$id, id)
  expect_equal(flow$run(as.numeric(id))$id, id)
  expect_equal(flow_client$new("ClientFlow")$run(id)$id, id)
})

test_that("what is not there is an error that names it", {
  local_client_store()
  flow <- flow_client("ClientFlow")
  expect_error(flow_client("ClientFlw"), "ClientFlw", class = "rflow_error_not_found")
  expect_error(flow$run("12"), "12", class = "rflow_error_not_found")
  expect_error(flow$latest_rum, "Did you mean `latest_run`?", fixed = TRUE, class = "rflow_error_not_found")
  expect_error(flow$run(NA), class = "rflow_error_definition")
  expect_error(flow_client(3), class = "rflow_error_definition")
  expect_error(flow_client$old, class = "rflow_error_not_found")
})

test_that("a folder without a store has no flows", {
  test_python()
  withr::local_dir(withr::local_tempdir())
  expect_equal(list_flows(), character())
  expect_error(flow_client("ClientFlow"), class = "rflow_error_not_found")
  expect_false(dir.exists(".pyflow"))
})

test_that("results cannot be changed", {
  local_client_store()
  run <- flow_client("ClientFlow")$latest_successful_run
  expect_error(run$id <- "1", class = "rflow_error_read_only")
  expect_error(run[["x"]] <- "1", class = "rflow_error_read_only")
  data <- run$data
  expect_error(data$alpha <- 1, class = "rflow_error_read_only")
})

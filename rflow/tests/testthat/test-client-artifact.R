good_data <- function() flow_client("ClientFlow")$latest_successful_run$data

test_that("data has the artifacts of the last step, as R's own types", {
  local_client_store()
  data <- good_data()
  expect_setequal(names(data), c("alpha", "method", "table", "when"))
  expect_length(data, 4)
  expect_identical(data$alpha, 0.5)
  expect_identical(data[["alpha"]], 0.5)
  expect_identical(data$when, as.Date("2024-02-29"))
  expect_equal(data$table$genre, factor(c("a", "b")))
  expect_identical(data$table$n, c(1.5, NaN))
  expect_error(data$tabel, "Did you mean `table`?", fixed = TRUE, class = "rflow_error_not_found")
})

test_that("a task's data are its own", {
  local_client_store()
  work <- flow_client("ClientFlow")$latest_successful_run$step("work")$tasks
  expect_identical(work[[1]]$data$item, "good")
  expect_identical(work[[2]]$data$item, "bad")
  expect_identical(work[[1]][["item"]]$value, "good")
})

test_that("an artifact is described without being opened", {
  local_client_store()
  run <- flow_client("ClientFlow")$latest_successful_run
  table <- run$artifacts$table
  expect_equal(table$kind, "table")
  expect_match(table$class, "DataFrame")
  expect_gt(table$size, 0)
  expect_match(table$digest, "^[0-9a-f]{64}$")
  expect_equal(table$name, "table")
  expect_output(print(table), "table <.*DataFrame>")
  # The blob is taken away: whoever opened it would fail.
  blob <- list.files(".pyflow", pattern = run$artifacts$method$digest, recursive = TRUE, full.names = TRUE)
  expect_length(blob, 1)
  file.rename(blob, paste0(blob, ".away"))
  withr::defer(file.rename(paste0(blob, ".away"), blob))
  expect_output(print(run$artifacts$method), "native <.*Thing>")
  expect_output(print(run$data), "a thing")
  expect_error(run$data$method, class = "rflow_error")
})

test_that("an object of Python is a proxy that tells what it is", {
  local_client_store()
  expect_output(print(good_data()$method), "Thing")
})

test_that("sizes read well", {
  expect_equal(size_text(812), "812 B")
  expect_equal(size_text(12300), "12.3 kB")
})

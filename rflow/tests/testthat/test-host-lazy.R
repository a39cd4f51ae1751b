big <- function() data.frame(a = 1:3, t = c("x", "y", "z"), b = c(0.5, 1, 1.5))

test_that("some columns of a table are asked for by name, and nothing is loaded before", {
  code <- "f <- function(self) {
    handle <- lazy(self)$big
    stopifnot(identical(names(lazy(self)), c('big', 'limit')), identical(handle$name, 'big'))
    self$some <- handle$columns(c('b', 'a'))
    self$one <- lazy(self)[['big']]$columns('t')
    self$whole <- identical(handle$value, self$big) && identical(handle$data, self$big)
  }"
  result <- run_task(code, values = list(big = big(), limit = 1))
  expect_identical(result$end$op, "done")
  loads <- Filter(\(message) message$op == "load", result$messages)
  expect_identical(lapply(loads, \(message) unlist(message$columns)), list(c("b", "a"), "t", NULL))
  expect_identical(result$saved, list(some = big()[c("b", "a")], one = big()["t"], whole = TRUE))
})

test_that("a handle that is not there says what is", {
  code <- "f <- function(self) {
    self$new <- 1
    self$said <- vapply(list(
      function() lazy(self)$bug, function() lazy(self)$new, function() lazy(1), function() lazy(self)$big$columns(2),
      function() lazy(self)$big$columns('d'), function() lazy(self)$limit$columns('a')
    ), function(f) tryCatch(f(), error = function(cnd) class(cnd)[1]), '')
  }"
  result <- run_task(code, values = list(big = big(), limit = 1))
  missing <- "rflow_error_artifact_missing"
  expected <- c(missing, missing, "rflow_error_definition", "rflow_error_definition", "rflow_error_column_missing",
    "rflow_error_not_a_table")
  expect_identical(result$saved$said, expected)
})

test_that("the classes of tables stay", {
  skip_if_not_installed("tibble")
  skip_if_not_installed("data.table")
  tibble <- tibble::tibble(a = 1:2, b = c("x", "y"))
  expect_identical(chosen_columns(tibble, "b"), tibble["b"])
  table <- data.table::data.table(a = 1:2, b = c("x", "y"))
  expect_identical(as.list(chosen_columns(table, c("b", "a"))), list(b = c("x", "y"), a = 1:2))
  expect_s3_class(chosen_columns(table, "a"), "data.table")
})

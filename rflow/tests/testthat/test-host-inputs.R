branch <- list(list(step = "a", values = list(x = 1, same = "s")), list(step = "beta", values = list(x = 2, same = "s")))
each <- list(list(step = "work", values = list(x = c(1, 2))), list(step = "work", values = list(x = c(3, 4))))

test_that("inputs of a branch are a list with the steps' names", {
  code <- "f <- function(self, inputs) {
    stopifnot(length(inputs) == 2, identical(names(inputs), c('a', 'beta')), inputs$a$x == 1, inputs[['beta']]$x == 2)
    stopifnot(inputs[[2]]$name == 'beta', identical(names(inputs[[1]]), c('same', 'x')))
    self$total <- sum(vapply(inputs, function(i) i$x, 0))
    for (i in inputs) self$last <- i$x
    self$steps <- names(gather_inputs(inputs, 'x'))
    for (k in seq_along(inputs)) stopifnot(inputs[[k]][['same']] == 's')
  }"
  result <- run_task(code, inputs = branch)
  expect_null(result$end$error$traceback)
  expect_identical(result$saved[c("total", "last", "steps")], list(total = 3, last = 2, steps = c("a", "beta")))
  loads <- Filter(\(x) x$op == "load", result$messages)
  expect_length(loads, 4) # each artifact of each input once
  expect_message(loads[[1]], list(op = "load", name = "x", input = 0L))
})

test_that("inputs of a foreach have no names", {
  code <- "f <- function(self, inputs) {
    stopifnot(is.null(names(inputs)))
    self$x <- gather_inputs(inputs, 'x')
    self$first <- inputs[[1]]$x
    print(inputs); print(inputs[[1]])
  }"
  result <- run_task(code, inputs = each)
  expect_identical(result$saved$x, list(c(1, 2), c(3, 4)))
  keep <- Filter(\(x) x$op == "keep", result$messages)
  expect_message(keep, list(list(op = "keep", name = "first", input = 0L, from = "x")))
  expect_match(result$output, "<2 inputs>", fixed = TRUE)
})

failing <- function(line, inputs) {
  result <- run_task(c("f <- function(self, inputs) {", line, "}"), inputs = inputs)
  expect_identical(result$end$error$line, 2L)
  result$end$error
}

test_that("inputs that are not there are errors, not NULL", {
  expect_match(failing("inputs$bta$x", branch)$message, "Did you mean `beta`?", fixed = TRUE)
  expect_identical(failing("inputs$b", branch)$code, "input_missing")
  expect_match(failing("inputs$a", each)$message, "foreach have no names", fixed = TRUE)
  expect_identical(failing("inputs[[3]]", each)$code, "input_missing")
  expect_identical(failing("inputs[[1]]$y", each)$code, "artifact_missing")
  expect_identical(failing("inputs[[1]]$x <- 1", each)$code, "artifact_read_only")
})

test_that("merge_artifacts() asks by digest, and merged artifacts can be read", {
  code <- "f <- function(self, inputs) {
    self$mine <- 1
    stopifnot(identical(merge_artifacts(self, inputs, exclude = list('x')), 'same'))
    stopifnot(self$same == 'kept', 'same' %in% names(self))
  }"
  result <- run_task(code, inputs = branch, values = list(same = "kept"), merge = "same")
  expect_null(result$end$error$traceback)
  expect_message(
    result$messages[[1]], list(op = "merge", include = list(), exclude = list("x"), set = list("mine"))
  )
  expect_identical(ops(result), c("merge", "load", "save"))
})

test_that("a refused merge is an error at the user's line", {
  refuse <- \(message) list(ok = FALSE, error = list(code = "merge_conflict", message = "x differs", hint = "set it"))
  result <- run_task(
    c("f <- function(self, inputs) {", "  merge_artifacts(self, inputs)", "}"),
    inputs = branch, answer = refuse
  )
  expect_identical(result$end$error[c("code", "line", "message")], list(code = "merge_conflict", line = 2L, message = "x differs\nset it"))
})

test_that("artifacts are loaded once, when they are used, and only assigned ones are saved", {
  result <- run_task("f <- function(self) { self$y <- self$x + self$x; self$x }", values = list(x = 2, unused = 3))
  expect_identical(ops(result), c("load", "save"))
  expect_identical(result$saved, list(y = 4))
  expect_identical(result$end, list(op = "done"))
})

test_that("parts of an artifact are changed in place", {
  code <- "f <- function(self) {
    self$df$b <- self$df$a * 2
    self$l$x$y[2] <- 9
    self[['n']] <- self[['n']] + 1
    self$n <- self$n * 10
  }"
  values <- list(df = data.frame(a = 1:2), l = list(x = list(y = c(1, 2, 3))), n = 1)
  result <- run_task(code, values = values)
  expect_identical(result$saved$df, data.frame(a = 1:2, b = c(2, 4)))
  expect_identical(result$saved$l, list(x = list(y = c(1, 9, 3))))
  expect_identical(result$saved$n, 20)
  expect_identical(sum(ops(result) == "load"), 3L)
})

test_that("NULL is a value", {
  result <- run_task("f <- function(self) { self$a <- NULL; self[['b']] <- NULL; stopifnot(is.null(self$a), 'a' %in% names(self)) }")
  expect_identical(result$end$op, "done")
  expect_identical(result$saved, list(a = NULL, b = NULL))
})

test_that("names, length, as.list and print show what there is", {
  code <- "f <- function(self) {
    self$z <- 1
    stopifnot(identical(names(self), c('limit', 'x', 'z')), length(self) == 3)
    stopifnot(identical(as.list(self), list(limit = 5, x = 2, z = 1)))
    print(self)
  }"
  result <- run_task(code, values = list(limit = 5, x = 2))
  expect_identical(result$end$op, "done")
  expect_match(result$output, "<self of step work>", fixed = TRUE)
  expect_match(result$output, "set here: +z")
  expect_match(result$output, "read-only: +limit")
})

test_that("name, index, input and foreach_stack tell where the task is", {
  foreach <- list(
    variable = "xs", index = 1L, count = 3L, has_input = TRUE,
    stack = list(list(step = "start", variable = "xs", index = 1L, count = 3L))
  )
  code <- "f <- function(self) {
    level <- foreach_stack(self)[[1]]
    self$all <- list(self$name, self$index, self$input, self$input, level$variable, level$input)
  }"
  result <- run_task(code, item = "b", foreach = foreach)
  expect_identical(result$saved$all, list("TestFlow", 1L, "b", "b", "xs", "b"))
  expect_identical(ops(result), c("load_item", "load_item", "save"))
})

test_that("outside of a foreach index and input are NULL", {
  result <- run_task("f <- function(self) stopifnot(is.null(self$index), is.null(self$input), length(foreach_stack(self)) == 0)")
  expect_identical(result$end$op, "done")
})

refused <- function(line, ...) {
  result <- run_task(c("f <- function(self) {", line, "}"), ...)
  expect_identical(result$end$op, "error")
  expect_identical(result$end$error$line, 2L)
  result$end$error
}

test_that("names that cannot be artifacts are refused where they are assigned", {
  expect_identical(refused("self$limit <- 1")$code, "artifact_read_only")
  expect_identical(refused("self$start <- 1")$code, "artifact_name_taken")
  expect_identical(refused("self$input <- 1")$code, "artifact_name_taken")
  expect_identical(refused("self$foreach_stack <- 1")$code, "artifact_name_taken")
  error <- refused("self$my.var <- 1")
  expect_identical(error$code, "artifact_name_invalid")
  expect_match(error$message, "my_var", fixed = TRUE)
  expect_identical(refused("self[['1a']] <- 1")$code, "artifact_name_invalid")
})

test_that("a missing artifact is an error that names the nearest one", {
  error <- refused("self$genre", values = list(genres = 1))
  expect_identical(error$code, "artifact_missing")
  expect_match(error$message, "Did you mean `genres`?", fixed = TRUE)
  expect_match(refused("self$qqq", values = list(genres = 1))$message, "There are: genres, limit.", fixed = TRUE)
})

test_that("private names are not kept", {
  result <- run_task("f <- function(self) { self$`__cache` <- 1; stopifnot(self$`__cache` == 1) }")
  expect_identical(result$end$op, "done")
  expect_identical(ops(result), character())
})

test_that("remove_artifacts() takes artifacts off", {
  result <- run_task(
    "f <- function(self) { self$new <- 1; remove_artifacts(self, 'x', 'new'); stopifnot(!'x' %in% names(self)); self$x }",
    values = list(x = 1, y = 2)
  )
  expect_identical(result$end$error$code, "artifact_missing")
  expect_identical(ops(result), c("remove", "remove"))
})

test_that("objects that may have changed in place are saved again, values that were read are not", {
  code <- "f <- function(self) {
    self$counter$n <- self$counter$n + 1
    e <- self$state
    e$n <- 5
    self$table; self$model; self$plain
  }"
  state <- new.env()
  state$n <- 1
  counter <- new.env()
  counter$n <- 1
  values <- list(
    counter = counter, state = state, table = data.frame(a = 1), plain = list(1, "a"), model = lm(dist ~ speed, cars)
  )
  result <- run_task(code, values = values)
  expect_identical(result$end$op, "done")
  expect_setequal(names(result$saved), c("counter", "state"))
  expect_identical(result$saved$state$n, 5)
  expect_identical(result$saved$counter$n, 2)
})

test_that("closures with state, R6 objects and data.tables are changeable, formulas and models are not", {
  counter <- local({
    n <- 0
    function() n <<- n + 1
  })
  expect_true(is_changeable(counter))
  expect_true(is_changeable(list(a = list(counter))))
  expect_true(is_changeable(structure(1, helper = new.env())))
  expect_false(is_changeable(mean))
  expect_false(is_changeable(sum))
  expect_false(is_changeable(y ~ x))
  expect_false(is_changeable(lm(dist ~ speed, cars)))
  expect_false(is_changeable(data.frame(a = 1, b = "x")))
  expect_false(is_changeable(quote(a + b)))
  skip_if_not_installed("R6")
  expect_true(is_changeable(R6::R6Class("A", list(x = 1))$new()))
  skip_if_not_installed("data.table")
  expect_true(is_changeable(data.table::data.table(a = 1)))
})

test_that("an unchanged value under another name is kept by its digest", {
  result <- run_task(
    "f <- function(self) { self$copy <- self$x; self$changed <- self$x; self$changed[1] <- 0; self$small <- self$n }",
    values = list(x = c(1, 2, 3), n = 1)
  )
  keep <- Filter(\(x) x$op == "keep", result$messages)
  expect_message(keep, list(list(op = "keep", name = "copy", input = NULL, from = "x")))
  expect_identical(result$saved, list(changed = c(0, 2, 3), small = 1))
})

test_that("a value that cannot be stored is named", {
  skip_if(inherits(try(values_write(stdin(), tempfile()), silent = TRUE), "list"), "the codec takes connections")
  result <- run_task("f <- function(self) { self$good <- 1; self$bad <- stdin() }")
  expect_identical(result$end$error$code, "artifact_unsupported")
  expect_match(result$end$error$message, "bad", fixed = TRUE)
})

test_that("a value that cannot be read is named", {
  answer <- function(message) {
    if (message$op == "load") list(ok = TRUE, layout = list(version = 1, metadata = list(version = 2))) else list(ok = TRUE)
  }
  result <- run_task("f <- function(self) self$x", values = list(x = 1), answer = answer)
  expect_identical(result$end$error$code, "artifact_version")
  expect_match(result$end$error$message, "artifact `x`", fixed = TRUE)
})

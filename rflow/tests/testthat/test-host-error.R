failure <- function(code, ...) {
  result <- run_task(code, ...)
  expect_identical(result$end$op, "error")
  result$end$error
}

test_that("an error has class, message, call, file, line and a traceback without our frames", {
  error <- failure(c(
    "check <- function(x) {", "  if (x > 1) {", "    stop('too large')", "  }", "}",
    "f <- function(self) {", "  self$x <- 2", "  check(self$x)", "}"
  ))
  expect_identical(error$type, "simpleError")
  expect_identical(error$message, "too large")
  expect_identical(error$call, "check(self$x)")
  expect_identical(error$line, 3L)
  expect_match(error$file, "^/.*code-.*[.]R$")
  expect_identical(error$code, "step_failed")
  text <- gsub("code-[^:]*[.]R", "code.R", error$traceback)
  expect_identical(strsplit(text, "\n")[[1]], c(
    "Error in check(self$x) at code.R:3: too large", "Calls, the innermost last:", "  f(self)",
    "  check(self$x) at code.R:8", "  stop(\"too large\") at code.R:3"
  ))
})

test_that("errors of builtins and conditions of packages have their place", {
  error <- failure(c("f <- function(self) {", "  a <- 1", "  a + 'x'", "}"))
  expect_identical(error$line, 3L)
  expect_match(error$message, "non-numeric argument")
  error <- failure(c("f <- function(self) {", "  stop(structure(class = c('mine', 'error', 'condition'), list(message = 'm', call = NULL)))", "}"))
  expect_identical(error[c("type", "message", "line")], list(type = "mine", message = "m", line = 2L))
  skip_if_not_installed("rlang")
  error <- failure(c("f <- function(self) {", "  rlang::abort('from rlang', class = 'my_class')", "}"))
  expect_identical(error[c("type", "message", "line")], list(type = "my_class", message = "from rlang", line = 2L))
  expect_false(grepl("signal_abort", error$traceback))
})

test_that("errors that the user's code handles are not reported", {
  result <- run_task("f <- function(self) { try(stop('a'), silent = TRUE); self$x <- tryCatch(stop('b'), error = function(e) 'handled') }")
  expect_identical(result$end$op, "done")
  expect_identical(result$saved$x, "handled")
})

test_that("infinite recursion is an error of the step, placed at its function", {
  error <- failure(c("g <- function(n) g(n + 1)", "f <- function(self) {", "  g(1)", "}"))
  expect_match(error$message, "infinite recursion|stack usage")
  expect_identical(error$line, 2L)
})

test_that("a deep traceback is shortened in the middle", {
  error <- failure(c("g <- function(n) if (n == 0) stop('bottom') else g(n - 1)", "f <- function(self) g(300)"))
  expect_match(error$traceback, "\n  ... 2[0-9][0-9] calls ...\n")
  expect_lt(length(strsplit(error$traceback, "\n")[[1]]), 30)
})

test_that("a call with data in it is cut", {
  error <- failure("f <- function(self) do.call(function(x, y) stop('no'), list(1:10000 + 0.5, letters))")
  expect_lt(nchar(error$call), 120)
  expect_lt(max(nchar(strsplit(error$traceback, "\n")[[1]])), 130)
})

test_that("what was set before an error is saved", {
  result <- run_task("f <- function(self) { self$before <- 1; stop('then') }")
  expect_identical(result$saved, list(before = 1))
  expect_identical(result$end$error$message, "then")
})

test_that("a missing function is function_missing, with the nearest name", {
  error <- failure("fit_genre <- function(self) 1", name = "fit_gerne")
  expect_identical(error$code, "function_missing")
  expect_match(error$message, "Did you mean `fit_genre`?", fixed = TRUE)
})

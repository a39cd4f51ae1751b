# step_wrapper(): what it is called, and what it makes of a step's function.

tagged <- function(tag) step_wrapper(\(fn, step_name) function(self, ...) {
  self$log <- c(self$log, paste("before", tag, step_name))
  fn(self, ...)
  self$log <- c(self$log, paste("after", tag))
})
quiet <- step_wrapper(\(fn) function(self, ...) suppressMessages(fn(self, ...)))

wrapped_flow <- function() {
  flow("WrappedFlow") |>
    step("start", \(self) self$log <- c(self$log, "step"), tagged("a"), tagged(tag = "b"), quiet, next_step = "end") |>
    step("end", \(self) NULL)
}

run_wrapped <- function(made, names, more = list()) {
  withr::defer(the$flows <- list())
  register_flow(made)
  wrappers <- c(lapply(names, \(name) list(name = name, args = list(), language = "r", file = NULL)), more)
  fn <- wrap_function(find_step_function(made$name, "start"), list(flow = made$name, step = "start", wrappers = wrappers))
  self <- new.env()
  fn(self)
  self$log
}

test_that("a decorator is called like the function or the variable that it comes from", {
  expect_equal(names(step_decorators(wrapped_flow(), "start")), c("tagged", "tagged", "quiet"))
  expect_equal(step_wrapper(\(fn) fn)$name, "wrapper")
  expect_equal(step_wrapper(\(fn) fn, name = "mine")$name, "mine")
})

test_that("the first is the outermost", {
  expect_equal(run_wrapped(wrapped_flow(), c("tagged", "tagged", "quiet")),
    c("before a start", "before b start", "step", "after b", "after a"))
})

test_that("it may leave the step out, replace it and catch its error", {
  base <- flow("OtherFlow")
  fail <- \(self) stop("bad")
  left_out <- step_wrapper(\(fn) function(self, ...) self$log <- "left out")
  caught <- step_wrapper(\(fn) function(self, ...) tryCatch(fn(self, ...), error = \(e) self$log <- conditionMessage(e)))
  expect_equal(run_wrapped(step(base, "start", fail, left_out), "left_out"), "left out")
  expect_equal(run_wrapped(step(base, "start", fail, caught), "caught"), "bad")
})

test_that("one that is given for a run comes from its file", {
  path <- write_flow_file("shout <- function(text = \"x\") step_wrapper(\\(fn) function(self, ...) {",
    "  self$log <- c(self$log, text)", "  fn(self, ...)", "})", "other <- 1", name = "checks.R")
  withr::defer(the$modules <- list())
  more <- list(list(name = "checks.shout", args = list(text = "hello"), language = "r", file = path))
  expect_equal(run_wrapped(wrapped_flow(), "quiet", more), c("hello", "step"))
  more[[1]]$name <- "checks.other"
  expect_error(run_wrapped(wrapped_flow(), "quiet", more), "no decorator `other`", class = "rflow_error_decorator_missing")
})

test_that("what is no decorator is refused", {
  expect_error(step_wrapper(3), "must be a function", class = "rflow_error_definition")
  expect_error(step_wrapper(\(a, b, c) a), "takes 3 arguments", class = "rflow_error_definition")
  bad <- step_wrapper(\(fn) "no function")
  expect_error(run_wrapped(step(flow("F"), "start", \(self) NULL, bad), "bad"), "returned the text \"no function\"",
    class = "rflow_error_decorator_invalid")
})

test_that("in the graph it is the user's own, of R; a name with a dot is of Python", {
  made <- flow("F") |>
    step("start", \(self) NULL, quiet, decorator("checks.timed", label = "x"), retry(), next_step = "end") |>
    step("end", \(self) NULL)
  found <- jsonlite::fromJSON(graph_json(made), simplifyVector = FALSE)$steps[[1]]$decorators
  expect_equal(lapply(found, \(x) x$language), list("r", "python", NULL))
  expect_equal(lapply(found, \(x) x$custom), list(TRUE, TRUE, NULL))
  expect_equal(found[[2]]$args, list(label = "x"))
})

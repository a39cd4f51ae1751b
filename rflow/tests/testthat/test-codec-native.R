# Objects in R's own serialization, what no file can hold, and objects of Python.

test_that("models, functions, environments and language come back working", {
  model <- lm(mpg ~ wt, mtcars)
  expect_equal(coef(round_trip(model)), coef(model))
  expect_identical(predict(round_trip(model), data.frame(wt = 3)), predict(model, data.frame(wt = 3)))
  expect_identical(round_trip(function(x) x + 1)(1), 2)
  expect_identical(round_trip(list2env(list(a = 1)))$a, 1)
  expect_identical(round_trip(sum), sum)
  for (value in list(quote(a + b), as.name("x"), expression(a, b), pairlist(a = 1), as.formula("y ~ x", globalenv()))) {
    expect_round_trip(value)
  }
})

test_that("an R object that cannot be opened says what it was", {
  proxy <- structure(
    class = "rflow_native_proxy",
    list(language = "r", class = "thing", size = 1, preview = "", version = "4.2.2", bytes = as.raw(1:9))
  )
  expect_error(round_trip(proxy), "object of class thing cannot be opened", class = "rflow_error_native_unreadable")
})

test_that("S4 and R6 objects come back working", {
  setClass("RflowPoint", representation(x = "numeric"), where = globalenv())
  on.exit(removeClass("RflowPoint", where = globalenv()))
  expect_round_trip(new("RflowPoint", x = 1))
  skip_if_not_installed("R6")
  counter <- R6::R6Class("Counter", public = list(n = 0, add = function() self$n <- self$n + 1))$new()
  counter$add()
  found <- round_trip(counter)
  found$add()
  expect_identical(found$n, 2)
})

test_that("a native node has class, size, preview and version", {
  layout <- write_layout(lm(mpg ~ wt, mtcars))
  expect_identical(layout$metadata$kind, "native")
  bytes <- readBin(layout$path, "raw", layout$size)
  expect_holds <- \(text) expect_length(grepRaw(text, bytes, fixed = TRUE), 1)
  expect_holds('{"class":["lm"],"language":"r","preview":"')
  expect_holds("lm(formula = mpg ~ wt, data = mtcars)")
  expect_holds(paste0('"version":"', R.version$major, ".", R.version$minor, '"}'))
})

test_that("a preview is short and never fails", {
  expect_identical(native_preview(quote(a + b)), "a + b")
  expect_lte(nchar(native_preview(as.list(1:10000))), 1000)
  print.rflow_unprintable <- function(x, ...) stop("no")
  registerS3method("print", "rflow_unprintable", print.rflow_unprintable)
  registerS3method("str", "rflow_unprintable", \(object, ...) stop("no"))
  expect_identical(native_preview(structure(list2env(list()), class = "rflow_unprintable")), "")
})

test_that("connections, pointers and what holds them are refused with a way out", {
  refused <- \(value) expect_error(round_trip(value), class = "rflow_error_artifact_unsupported")
  connection <- textConnection("a")
  on.exit(close(connection))
  expect_snapshot(round_trip(connection), error = TRUE)
  refused(stdin())
  refused(list(a = 1, b = list(connection)))
  refused(attr(connection, "conn_id"))
  refused(structure(list(handle = attr(connection, "conn_id")), class = "database"))
  refused(list2env(list(connection = connection)))
  refused(data.frame(x = I(list(connection))))
  looping <- new.env()
  looping$self <- looping
  expect_type(round_trip(looping), "environment")
})

test_that("where the pointer lies is said, however deep", {
  connection <- textConnection("a")
  on.exit(close(connection))
  pointer <- attr(connection, "conn_id")
  message_of <- \(value) conditionMessage(expect_error(round_trip(value), class = "rflow_error_artifact_unsupported"))
  expect_match(message_of(pointer), "It is an external pointer, which lives only", fixed = TRUE)
  expect_match(message_of(list(a = 1, b = list(2, connection))), "at `$b[[2]]`", fixed = TRUE)
  pool <- list2env(list(pool = list(con = pointer)))
  expect_match(message_of(pool), "an environment that holds an external pointer at `$pool$con`", fixed = TRUE)
  expect_match(message_of(structure(1, handle = pointer)), "at ` (attribute handle)`", fixed = TRUE)
  counter <- list2env(list(public = 1, self = NULL))
  counter$self <- counter
  counter$.__enclos_env__ <- list2env(list(self = counter, private = list2env(list(con = pointer))))
  expect_match(message_of(counter), "$.__enclos_env__$private$con", fixed = TRUE)
  setClass("RflowHandle", representation(ptr = "externalptr"), where = globalenv())
  on.exit(removeClass("RflowHandle", where = globalenv()), add = TRUE)
  handle <- new("RflowHandle", ptr = pointer)
  expect_match(message_of(handle), "It is a RflowHandle that holds an external pointer at `@ptr`", fixed = TRUE)
  skip_if_not_installed("rlang")
  expect_match(message_of(list(w = rlang::new_weakref(globalenv()))), "a weak reference at `$w`", fixed = TRUE)
})

test_that("a function is refused for the pointers that it uses, not for those that lay beside it", {
  connection <- textConnection("a")
  on.exit(close(connection))
  uses <- local({ con <- connection; function(x) readLines(con) })
  expect_error(round_trip(uses), "at ` (variable con)`", fixed = TRUE, class = "rflow_error_artifact_unsupported")
  beside <- local({ con <- connection; k <- 2; function(x) x * k })
  expect_identical(round_trip(beside)(3), 6)
  own <- local({
    con <- connection
    list(function(con) con, \(x) { con <- x; con }, \(x) sapply(x, function(con) con))
  })
  for (f in round_trip(own)) expect_identical(f(3), 3)
  model <- local({ con <- connection; lm(mpg ~ wt, mtcars) })
  expect_equal(coef(round_trip(model)), coef(model))
})

test_that("reference classes keep their fields and are refused for their pointers", {
  generator <- setRefClass("RflowRef", fields = list(a = "ANY"), where = globalenv())
  on.exit(removeClass("RflowRef", where = globalenv()))
  expect_identical(round_trip(generator$new(a = 1))$a, 1)
  expect_error(round_trip(generator$new(a = stdin())), class = "rflow_error_artifact_unsupported")
})

test_that("a model or function made in a step leaves the step's self behind; what uses self is refused", {
  code <- "
    fit <- function(self) {
      data <- self$data
      self$model <- lm(y ~ x, data)
      self$twice <- function(x) 2 * x
      self$sum <- sum(self$data$x)
    }
    hold <- function(self) self$me <- list(self)
    use <- function(self) self$again <- function() self$data
    count <- function(self) {
      Counter <- list2env(list(self = NULL), parent = environment())
      Counter$self <- Counter
      Counter$add <- eval(quote(function() self), Counter)
      self$counter <- Counter
      self$reader <- function(self) self$x
    }
  "
  values <- list(data = data.frame(x = as.numeric(1:20000), y = rnorm(20000)), other = rnorm(1e6))
  task <- run_task(code, "fit", values)
  expect_identical(task$end, list(op = "done"))
  expect_identical(task$saved$sum, sum(as.numeric(1:20000)))
  expect_identical(task$saved$twice(2), 4)
  expect_lt(length(serialize(task$saved$model, NULL)), 6e6)
  self <- environment(formula(task$saved$model))$self
  expect_identical(ls(self, all.names = TRUE), character())
  expect_error(self$data, "belongs to a step that has ended", class = "rflow_error_artifact_missing")
  refused <- \(name) run_task(code, name)$end$error$message
  held <- "artifact `me` of step work: It is a list that holds the step's `self` at `[[1]]`"
  expect_match(refused("hold"), held, fixed = TRUE)
  expect_match(refused("use"), "It is a function that holds the step's `self` at ` (variable self)`", fixed = TRUE)
  expect_identical(run_task(code, "count")$end, list(op = "done"))
})

test_that("much that a model takes along is announced with its names", {
  made_in <- function(big, ...) {
    unused <- runif(big)
    lm(mpg ~ wt, mtcars)
  }
  warned <- values_write(made_in(1e6), withr::local_tempfile())$warnings
  expect_match(warned, "^the value \\(lm\\) is stored with 8[.][0-9] MB \\(unused\\) of variables from the place where")
  expect_match(warned, "(environment_kept).", fixed = TRUE)
  expect_length(values_write(made_in(10), withr::local_tempfile())$warnings, 0)
  expect_length(values_write(list2env(list(big = runif(1e6))), withr::local_tempfile())$warnings, 0)
})

test_that("the same function and environment are described the same way", {
  made <- \() local({ k <- 1; function(x) x + k })
  expect_false(grepl("0x", native_preview(made()), fixed = TRUE))
  expect_match(native_preview(new.env()), "<environment>", fixed = TRUE)
})

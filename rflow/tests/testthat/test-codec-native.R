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

python_object <- function() {
  structure(
    class = "rflow_native_proxy",
    list(
      language = "python", class = c("Thing", "object"), size = 48L, preview = "<a thing>", version = "3.11.7",
      bytes = as.raw(c(128, 5, 78, 46))
    )
  )
}

test_that("a Python object is a proxy that prints what it is and is written back unchanged", {
  expect_snapshot(print(python_object()))
  expect_round_trip(python_object())
  expect_identical(write_layout(python_object())$metadata$kind, "native")
  expect_identical(values_write(python_object(), withr::local_tempfile())$preview, "Python object Thing")
})

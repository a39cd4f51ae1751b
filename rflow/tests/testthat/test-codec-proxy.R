# Objects of Python: proxies, and objects with data that R reads.

python_object <- function() {
  structure(
    class = "rflow_native_proxy",
    list(
      language = "python", class = c("Thing", "object"), size = 48L, preview = "<a thing>", version = "3.11.7",
      bytes = as.raw(c(128, 5, 78, 46))
    )
  )
}

test_that("a proxy says where it was read, and is written back without that", {
  read <- with_origin(python_object(), "step fit of run TrainFlow/12")
  shown <- "<Python object Thing, 48 B, made by Python 3.11.7, step fit of run TrainFlow/12>"
  expect_output(print(read), shown, fixed = TRUE)
  expect_identical(round_trip(read), python_object())
  expect_identical(with_origin(1, "step fit"), 1)
})

test_that("a Python object is a proxy that prints what it is and is written back unchanged", {
  expect_snapshot(print(python_object()))
  expect_round_trip(python_object())
  expect_identical(write_layout(python_object())$metadata$kind, "native")
  expect_identical(values_write(python_object(), withr::local_tempfile())$preview, "Python object Thing")
})

test_that("an object of Python with plain data is read as these data, announced once for each place", {
  object <- \(readable) new_container("object", list(python_object(), readable), list(form = "dataclass", whole = TRUE))
  points <- list(first = object(list(x = 1, y = "a")), rest = list(object(list(x = 2)), object(list(x = 3))))
  path <- withr::local_tempfile()
  layout <- write_layout(points, path)
  told <- character()
  found <- withCallingHandlers(values_read(layout), rflow_warning_class_dropped = \(cnd) {
    told <<- c(told, conditionMessage(cnd))
    invokeRestart("muffleWarning")
  })
  expect_identical(found, list(first = list(x = 1, y = "a"), rest = list(list(x = 2), list(x = 3))))
  expect_length(told, 2)
  expect_match(told, "^column '(first|rest)' \\(Python Thing\\) arrives as the data", all = TRUE)
  expect_identical(write_layout(object(1:2))$metadata$kind, "vector")
  expect_identical(write_layout(object(list(a = 1)))$metadata$kind, "dict")
})

test_that("an object of R beside data for others is opened by R, unannounced", {
  odd <- as.POSIXlt("2024-01-31", tz = "UTC")
  odd$mon <- odd$mon + 1L
  expect_silent(expect_round_trip(odd))
  expect_identical(node_types(odd), c("object", "native", "scalar"))
  half <- new_container("object", list(1), list(form = "record"))
  expect_error(round_trip(half), class = "rflow_error_artifact_corrupt")
})

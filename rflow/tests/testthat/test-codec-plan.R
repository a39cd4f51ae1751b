# The logical types that R's vectors have, and what is left over.

test_that("dates are kept, whole, integer, fractional and infinite", {
  expect_identical(logical_of(as.Date("2024-01-01")), list(type = "date"))
  expect_round_trip(as.Date(c("2024-02-29", NA, "1850-06-30")))
  expect_round_trip(structure(19000L, class = "Date"))
  expect_round_trip(structure(c(19000.25, NA), class = "Date"))
  expect_round_trip(structure(c(Inf, 1), class = "Date"))
})

test_that("instants keep their zone and every digit of the clock", {
  at <- as.POSIXct("2024-02-29 12:34:56.789", tz = "UTC")
  expect_identical(logical_of(at)[1:3], list(type = "timestamp", unit = "us", tz = "UTC"))
  expect_round_trip(c(at, NA))
  expect_round_trip(as.POSIXct("2024-07-01 12:00:00", tz = "Europe/Berlin"))
  expect_round_trip(as.POSIXct("2024-01-01 00:00:00"))
  expect_round_trip(structure(1e9, class = c("POSIXct", "POSIXt")))
  expect_round_trip(structure(5L, class = c("POSIXct", "POSIXt"), tzone = "UTC"))
  expect_round_trip(structure(c(Inf, 0), class = c("POSIXct", "POSIXt"), tzone = "UTC"))
  expect_identical(logical_of(structure(1764000000 + 2^-22, class = c("POSIXct", "POSIXt")))$unit, "ns")
  expect_round_trip(structure(1764000000 + (1:50) / 2^22, class = c("POSIXct", "POSIXt"), tzone = "UTC"))
  expect_round_trip(as.POSIXlt("2024-07-01 12:00:00", tz = "Europe/Berlin"))
  expect_round_trip(as.POSIXlt(c(at, at + 1)))
})

test_that("durations keep their units; what is finer than nanoseconds is announced", {
  for (units in c("secs", "mins", "hours", "days", "weeks")) {
    expect_round_trip(as.difftime(c(1.5, NA, -2), units = units))
  }
  expect_round_trip(as.difftime(5L, units = "mins"))
  expect_round_trip(as.difftime(1 / 3, units = "hours"))
  expect_round_trip(as.difftime(Inf, units = "secs"))
  written <- values_write(as.difftime(pi, units = "secs"), withr::local_tempfile())
  expect_match(written$warnings, "the value \\(duration\\) is finer than .* \\(timestamp_precision\\)[.]$")
  expect_equal(values_read(written$layout), as.difftime(pi, units = "secs"))
})

test_that("64-bit integers of bit64 are kept exactly", {
  skip_if_not_installed("bit64")
  expect_round_trip(bit64::as.integer64(c("1", "9007199254740993", "-9223372036854775807", NA)))
  expect_round_trip(bit64::as.integer64(5))
  expect_round_trip(setNames(bit64::as.integer64(1:2), c("a", "b")))
})


test_that("a column has a logical type if nothing of it would be lost", {
  expect_identical(column_plan(1:2)$logical, list(type = "int32"))
  expect_identical(column_plan(list(1:2, NULL))$logical, list(type = "list", item = list(type = "int32")))
  expect_identical(column_plan(list(raw(1)))$logical, list(type = "bytes"))
  expect_identical(column_plan(raw(1))$logical, list(type = "uint8", r = list(storage = "raw")))
  expect_identical(column_plan(list(NULL))$logical, list(type = "list", item = list(type = "null")))
  expect_identical(column_plan(I(1))$logical, list(type = "float64", r = list(class = list("AsIs"))))
  expect_identical(
    column_plan(data.frame(p = 1L))$logical, list(type = "struct", fields = list(list("p", list(type = "int32"))))
  )
  for (other in list(c(a = 1), matrix(1:2, 1), structure(1, note = "x"), list(1, "a"), list(a = 1), quote(x))) {
    expect_null(column_plan(other))
  }
})

# Every kind of R value comes back identical from what was written.

test_that("plain vectors keep their type, length and missing values", {
  for (value in list(
    1L, 1.5, TRUE, "a", 1i, NA, NA_integer_, NA_real_, NaN, NA_character_, NA_complex_,
    c(1L, NA, -.Machine$integer.max), c(1, NA, NaN, Inf, -Inf, -0), c(TRUE, NA, FALSE),
    c("a", NA, "", "\u00e9", "\U1F600"),
    complex(real = c(NA, 1, NaN), imaginary = c(1, NA, 2)), raw(0), as.raw(0:255),
    integer(), numeric(), logical(), character(), complex(0)
  )) {
    expect_round_trip(value)
  }
})

test_that("values of every length and alignment come back", {
  truth <- c(TRUE, NA, FALSE, FALSE, TRUE, TRUE, NA)
  logicals <- lapply(0:40, \(n) rep_len(truth, n))
  expect_round_trip(logicals) # one pool: each begins where the last one ended
  lapply(logicals, expect_round_trip)
  expect_round_trip(rep(c(TRUE, FALSE), 1000))
  texts <- c(strrep("x", 0:40), NA, paste0(strrep("y", 0:20), "\u00e9"), paste0("\U1F600", strrep("z", 0:20)))
  expect_round_trip(texts)
  expect_round_trip(rep(texts, 2000)) # longer than a block of the writer
  expect_round_trip(c(rep(1, 5000), NA, NaN, rep(NA, 5000), Inf))
})

test_that("NA and NaN are not the same", {
  found <- round_trip(c(NA, NaN))
  expect_identical(is.nan(found), c(FALSE, TRUE))
  expect_identical(write_layout(c(NA, NaN))$columns[[2]]$children[[1]]$nulls, 1L)
})

test_that("names are kept, also missing, empty and repeated ones", {
  expect_round_trip(c(a = 1))
  expect_round_trip(c(a = 1L, b = NA))
  expect_round_trip(setNames(1:3, c("a", NA, "")))
  expect_round_trip(setNames(c("x", "y"), c("n", "n")))
  expect_round_trip(setNames(character(), character()))
  expect_round_trip(setNames(as.Date("2024-01-01") + 0:1, c("x", "y")))
  expect_round_trip(structure(as.raw(1:2), names = c("a", "b")))
})

test_that("factors keep unused, missing and ordered levels", {
  expect_round_trip(factor(c("b", NA, "a"), levels = c("z", "b", "a")))
  expect_round_trip(factor(c("lo", "hi"), levels = c("lo", "mid", "hi"), ordered = TRUE))
  expect_round_trip(addNA(factor(c("a", NA))))
  expect_round_trip(factor("a"))
  expect_round_trip(factor(character()))
  expect_round_trip(setNames(factor(c("b", "a")), c("x", "y")))
  expect_round_trip(list(factor(c("a", "b")), factor(c("b", "a"), levels = c("b", "a"))))
})

test_that("a factor whose codes have no level is refused, and other malformed ones are kept as they are", {
  expect_error(round_trip(structure(5L, levels = "a", class = "factor")), class = "rflow_error_artifact_unsupported")
  no_levels <- structure(1L, class = "factor")
  expect_true(identical(round_trip(no_levels), no_levels))
  half <- structure(1.5, levels = "a", class = "factor")
  expect_true(identical(round_trip(half), half))
})

test_that("matrices and arrays keep dim and dimnames", {
  expect_round_trip(matrix(1:6, 2))
  expect_round_trip(matrix(c("a", NA), 1, dimnames = list(NULL, c("x", "y"))))
  expect_round_trip(array(as.double(1:24), 2:4))
  expect_round_trip(array(1:3))
  expect_round_trip(array(1:2, 2, list(k = c("x", "y"))))
  expect_round_trip(matrix(numeric(), 0, 3))
  expect_round_trip(matrix(1))
  expect_round_trip(matrix(list(1, "a"), 1))
  expect_round_trip(matrix(as.raw(1:4), 2))
  expect_round_trip(table(c("a", "b", "a")))
})

test_that("lists keep names, nesting, NULL and their difference from vectors", {
  for (value in list(
    list(), setNames(list(), character()), list(1, 2), list(1L, 2L), list("a", "b"), list(TRUE, FALSE), list(NaN, 1),
    list(NA, TRUE), list(1, "a"), list(a = 1, 2), list(a = 1, a = 2), list(1, NULL, list(2, list())),
    setNames(list(1, 2), c(NA, "a")), setNames(list(1, 2), c(NA, NA)), setNames(list(1, 2), c("", "")),
    list(df = data.frame(x = 1:2), f = factor("a"), d = as.Date("2024-01-01"), m = matrix(1:4, 2))
  )) {
    expect_round_trip(value)
  }
  expect_identical(node_types(list(1L, 2L)), "packed")
  expect_identical(node_types(list(a = 1, b = list(1, "x"))), c("dict", "scalar", "list", "scalar", "scalar"))
  deep <- 1
  for (i in 1:400) deep <- list(deep, "x")
  expect_identical(round_trip(deep), deep)
  for (i in 1:800) deep <- list(deep, "x")
  expect_error(round_trip(deep), "nested deeper", class = "rflow_error_artifact_unsupported")
})

test_that("I(x) stays a vector", {
  expect_identical(node_types(I(1)), "vector")
  for (value in list(
    I(1), I("a"), I(1:3), I(list(1, 2)), I(c(a = 1)), I(matrix(1:4, 2)), I(as.Date("2024-01-01")), I(factor("a"))
  )) {
    expect_round_trip(value)
  }
})

test_that("attributes and classes of data are kept, and the data stay readable", {
  expect_round_trip(structure(1:3, note = "x"))
  expect_round_trip(structure(c(a = 1), note = list(1, "b")))
  expect_round_trip(structure(1, class = "mine"))
  expect_round_trip(structure(list(a = 1), class = "mine"))
  expect_round_trip(structure(list(), class = "mine", z = 1))
  expect_round_trip(ts(1:12, start = 2000, frequency = 12))
  expect_round_trip(structure(1, class = c("hms", "difftime"), units = "secs"))
  expect_round_trip(structure(c(1, 2), class = c("mine", "Date")))
  expect_round_trip(t.test(1:10))
  record <- structure(list(a = 1), class = "mine")
  expect_identical(node_types(record), c("attributes", "dict", "scalar", "dict", "scalar"))
})

test_that("latin1 text is written as UTF-8", {
  text <- "caf\xe9"
  Encoding(text) <- "latin1"
  expect_round_trip(text)
  expect_round_trip(setNames(list(1), text))
  expect_identical(node_types(list(text, "x")), "packed")
})

test_that("text that is not valid in its encoding is kept for R, announced", {
  bytes <- "caf\xe9"
  Encoding(bytes) <- "bytes"
  announced <- \(value) {
    expect_round_trip(value)
    values_write(value, withr::local_tempfile())$warnings
  }
  expect_match(announced("\xff\xfe"), "^the value \\(character\\) has text .* \\(text_as_native\\)[.]$")
  expect_match(announced(data.frame(i = 1:2, s = c("a", bytes))), "^column 's' \\(character\\)")
  expect_identical(node_types(list(a = 1, b = list(c = bytes))), c("dict", "scalar", "dict", "native"))
  announced(setNames(1:2, c("a", bytes)))
  announced(structure(1:2, note = list(x = bytes)))
  announced(structure(1:2, levels = c("a", bytes), class = "factor"))
  announced(structure(list(1), names = bytes))
  expect_length(announced(list("a", "\u00e9", NA)), 0)
})

test_that("NaN in a date, instant or duration is kept as missing, announced", {
  for (value in list(
    structure(c(NaN, 1), class = "Date"), structure(c(NaN, 1), class = c("POSIXct", "POSIXt")),
    as.difftime(c(NaN, 1), units = "secs")
  )) {
    written <- values_write(value, withr::local_tempfile())
    expect_match(written$warnings, "\\(nan_as_missing\\)[.]$")
    expect_identical(is.nan(unclass(values_read(written$layout)))[1:2], c(FALSE, FALSE))
  }
  expect_length(values_write(structure(NA_real_, class = "Date"), withr::local_tempfile())$warnings, 0)
})

test_that("dates and instants outside of the years 1 to 9999 are numbers with their class", {
  day <- \(number) structure(number, class = "Date")
  expect_identical(logical_of(day(2932896))$type, "date")
  expect_identical(logical_of(day(-719162))$type, "date")
  for (value in list(day(2932897), day(-719163))) {
    expect_identical(logical_of(value)$type, "float64")
    expect_round_trip(value)
  }
  expect_round_trip(day(1000000000L))
  expect_round_trip(data.frame(d = day(c(1000000000L, NA))))
  instant <- \(seconds) structure(seconds, class = c("POSIXct", "POSIXt"), tzone = "UTC")
  expect_identical(logical_of(instant(253402300799))$type, "timestamp")
  expect_identical(logical_of(instant(253402300800))$type, "float64")
  expect_round_trip(instant(c(1, 1e12)))
})

test_that("raw values in columns, arrays and with names are numbers one by one", {
  expect_round_trip(matrix(as.raw(1:4), 2))
  expect_round_trip(c(a = as.raw(1), b = as.raw(255)))
  expect_round_trip(structure(as.raw(1:2), class = "blob1"))
  expect_round_trip(structure(matrix(as.raw(1:4), 2), note = "x"))
  expect_identical(node_types(matrix(as.raw(1:4), 2)), c("array", "vector"))
  expect_identical(node_types(as.raw(1:4)), "scalar")
  expect_round_trip(as.raw(rep(0:255, 100)))
  expect_round_trip(data.frame(r = as.raw(rep(0:255, 100))))
})

test_that("an array of any objects is an array", {
  expect_round_trip(matrix(list(1, "a", NULL, 1:3), 2, dimnames = list(NULL, c("p", "q"))))
  expect_identical(node_types(matrix(list(1, 2), 1)), c("array", "list", "scalar", "scalar"))
  expect_round_trip(structure(matrix(list(1, 2), 1), note = "x"))
})

test_that("equal values give equal bytes", {
  bytes <- \(value) {
    path <- withr::local_tempfile()
    values_write(value, path)
    readBin(path, "raw", file.size(path))
  }
  value <- list(a = c(1, NA), b = factor(c("x", NA)), c = data.frame(z = c("p", "q")))
  expect_identical(bytes(value), bytes(value))
  expect_identical(bytes(c(1, NA)), bytes(c(1, NA_real_)))
})

test_that("buffers lie at multiples of 64, and under a missing value is what R holds, but zero in codes and bits", {
  layout <- write_layout(data.frame(x = c(1, NA), s = c(NA, "b"), i = c(1L, NA), f = factor(c("u", NA)), b = c(TRUE, NA)))
  places <- unlist(lapply(layout$columns, \(column) lapply(column$buffers, \(buffer) buffer[[1]])))
  expect_identical(places %% 64, rep(0, length(places)))
  bytes <- readBin(layout$path, "raw", layout$size)
  under <- \(k, width) bytes[layout$columns[[k]]$buffers[[2]][[1]] + width + seq_len(width)]
  expect_identical(under(1, 8), writeBin(NA_real_, raw(), endian = "little"))
  expect_identical(under(3, 4), writeBin(NA_integer_, raw(), endian = "little"))
  expect_identical(under(4, 4), raw(4))
  expect_identical(bytes[layout$columns[[5]]$buffers[[2]][[1]] + 1], as.raw(1))
  # Arithmetic makes other bits that are NA, too: the same bytes are written.
  layout <- write_layout(data.frame(x = c(1, NA_real_ + 1)))
  bytes <- readBin(layout$path, "raw", layout$size)
  expect_identical(under(1, 8), writeBin(NA_real_, raw(), endian = "little"))
})

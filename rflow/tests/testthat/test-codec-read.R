# What Python writes and R never would, vectors that stay in the file, and layouts that lie.

# A layout around buffers written here by hand: `buffers` are raw vectors or NULL.
hand_made <- function(logical, column, buffers, path = tempfile()) {
  at <- 0
  places <- lapply(buffers, \(bytes) {
    if (is.null(bytes)) return(NULL)
    place <- list(at, length(bytes))
    at <<- at + 64 * ceiling(length(bytes) / 64)
    place
  })
  file <- raw(at)
  for (i in seq_along(buffers)) file[places[[i]][[1]] + seq_along(buffers[[i]])] <- buffers[[i]]
  writeBin(file, path)
  empty <- list(name = "x", nulls = 0L, buffers = places, children = list())
  column <- utils::modifyList(empty, column, keep.null = TRUE)
  metadata <- list(version = 1L, kind = "table", form = "table", columns = list(logical), rows = column$length)
  list(version = 1L, path = path, size = at, rows = column$length, metadata = metadata, columns = list(column))
}

# int64 values, each as its low and its high word.
int64 <- function(...) writeBin(as.integer(c(...)), raw(), endian = "little")
read_column <- function(...) values_read(hand_made(...))$x

test_that("int64 is double up to 2^53 and integer64 beyond", {
  small <- int64(c(5, 0), c(-1, -1), c(0, 2097152))
  found <- read_column(list(type = "int64"), list(format = "int64", length = 3), list(NULL, small))
  expect_identical(found, c(5, -1, 2^53))
  # Under the missing one is the lowest, which is no reason for integer64.
  column <- list(format = "int64", length = 3, nulls = 1)
  some <- int64(c(0, NA), c(-1, -1), c(0, 2097152))
  expect_identical(read_column(list(type = "int64"), column, list(as.raw(6), some)), c(NA, -1, 2^53))
  skip_if_not_installed("bit64")
  large <- int64(c(5, 0), c(1, 2097152))
  expect_identical(
    read_column(list(type = "int64"), list(format = "int64", length = 2), list(NULL, large)),
    bit64::as.integer64(c("5", "9007199254740993"))
  )
  expect_error(
    read_column(list(type = "uint64"), list(format = "uint64", length = 1), list(NULL, int64(c(0, -1)))),
    "Column 'x' holds integers beyond 2\\^53", class = "rflow_error_integer_precision"
  )
})

test_that("an int32 that R's integer cannot hold makes the vector double", {
  bytes <- writeBin(c(1L, NA), raw(), endian = "little")
  found <- read_column(list(type = "int32"), list(format = "int32", length = 2), list(NULL, bytes))
  expect_identical(found, c(1, -2147483648))
  found <- read_column(list(type = "int32"), list(format = "int32", length = 2, nulls = 1), list(as.raw(1), bytes))
  expect_identical(found, c(1L, NA))
})

test_that("small integers and floats have R's types", {
  number <- \(type, bytes) read_column(list(type = type), list(format = type, length = 2), list(NULL, as.raw(bytes)))
  expect_identical(number("uint8", c(255, 0)), c(255L, 0L))
  expect_identical(number("int8", c(255, 1)), c(-1L, 1L))
  expect_identical(number("int16", c(254, 255, 1, 0)), c(-2L, 1L))
  expect_identical(number("uint32", c(255, 255, 255, 255, 0, 0, 0, 0)), c(2^32 - 1, 0))
  float <- writeBin(1.5, raw(), size = 4, endian = "little")
  expect_identical(read_column(list(type = "float32"), list(format = "float32", length = 1), list(NULL, float)), 1.5)
  found <- read_column(list(type = "null"), list(format = "null", length = 2, nulls = 2), list(NULL))
  expect_identical(found, c(NA, NA))
})

test_that("decimals are doubles, announced when digits are lost", {
  decimal <- \(value, scale) hand_made(
    list(type = "decimal", precision = 38L, scale = scale),
    list(format = "decimal128", length = 1, precision = 38L, scale = scale),
    list(NULL, value)
  )
  expect_identical(values_read(decimal(c(int64(c(123, 0)), int64(c(0, 0))), 2L))$x, 1.23)
  expect_identical(values_read(decimal(c(int64(c(-5, -1)), int64(c(-1, -1))), 2L))$x, -0.05)
  expect_warning(
    found <- values_read(decimal(c(int64(c(1, 0)), int64(c(1, 0))), 0L))$x,
    "column 'x' \\(decimal\\)", class = "rflow_warning_decimal_precision"
  )
  expect_identical(found, 2^64)
})

test_that("times of day are text, announced", {
  ticks <- int64(c(1000000, 0), c(1, 0))
  layout <- hand_made(list(type = "time"), list(format = "time64", unit = "us", length = 2), list(NULL, ticks))
  expect_warning(found <- values_read(layout)$x, class = "rflow_warning_time_as_text")
  expect_identical(found, c("00:00:01", "00:00:00.000001"))
})

test_that("timestamps are POSIXct: zone kept, naive ones in UTC, nanoseconds announced", {
  stamp <- \(tz, unit, ticks) hand_made(
    list(type = "timestamp", unit = unit, tz = tz),
    list(format = "timestamp", unit = unit, timezone = tz, length = 1), list(NULL, ticks)
  )
  instant <- \(seconds, ...) structure(seconds, class = c("POSIXct", "POSIXt"), ...)
  zone <- "Europe/Berlin"
  expect_identical(values_read(stamp(zone, "ms", int64(c(1500, 0))))$x, instant(1.5, tzone = zone))
  expect_identical(values_read(stamp(NULL, "s", int64(c(1, 0))))$x, instant(1, tzone = "UTC"))
  expect_identical(values_read(stamp("", "us", int64(c(-500000, -1))))$x, instant(-0.5))
  expect_warning(values_read(stamp("UTC", "ns", int64(c(1, 400000000)))), class = "rflow_warning_timestamp_precision")
})

test_that("text with a NUL character is an error that says what to do", {
  buffers <- list(NULL, int64(c(0, 0), c(3, 0)), as.raw(c(97, 0, 98)))
  layout <- hand_made(list(type = "string"), list(format = "large_utf8", length = 1), buffers)
  expect_error(values_read(layout), "NUL", class = "rflow_error_artifact_unsupported")
})

test_that("levels that are not text become text", {
  levels <- list(
    name = "", format = "float64", length = 2, nulls = 0, buffers = list(NULL, list(64, 16)), children = list()
  )
  layout <- hand_made(
    list(type = "category", ordered = FALSE, levels = list(type = "float64")), list(format = "dictionary", length = 2),
    list(NULL, writeBin(c(1L, 0L), raw(), endian = "little"), writeBin(c(1.5, 2), raw(), endian = "little"))
  )
  layout$columns[[1]]$buffers <- layout$columns[[1]]$buffers[1:2]
  layout$columns[[1]]$dictionary <- levels
  expect_warning(found <- values_read(layout)$x, "column 'x' \\(category\\)", class = "rflow_warning_levels_as_text")
  expect_identical(found, factor(c("2", "1.5"), levels = c("1.5", "2")))
})

# A vector of records.
struct_leaf <- function(python, type = "vector", rows = 1:2) {
  fields <- list(list("left", list(type = "float64")), list("right", list(type = "float64")))
  data <- data.frame(left = c(1, 2), right = c(2, 3))[rows, ]
  attr(data, "row.names") <- .set_row_names(length(rows))
  new_leaf(type, list(type = "struct", fields = fields, python = python), data)
}

test_that("what only pandas has is announced by what it becomes", {
  seconds <- list(NULL, int64(c(86400, 0)))
  period <- hand_made(
    list(type = "timestamp", unit = "s", tz = NULL, python = list(dtype = "period[D]")),
    list(format = "timestamp", unit = "s", timezone = NULL, length = 1), seconds
  )
  expect_warning(found <- values_read(period)$x, class = "rflow_warning_period_as_start")
  expect_identical(found, as.POSIXct("1970-01-02", tz = "UTC"))
  ends <- struct_leaf(list(interval = "right"))
  expect_warning(found <- round_trip(ends), class = "rflow_warning_interval_as_table")
  expect_identical(found, data.frame(left = c(1, 2), right = c(2, 3)))
  expect_silent(found <- round_trip(struct_leaf(list(numpy = list(list("left", "<f8"), list("right", "<f8"))))))
  expect_identical(found, data.frame(left = c(1, 2), right = c(2, 3)))
})

test_that("one record is a list, records with an index have row names", {
  one <- new_container("list", list(struct_leaf(list(numpy = list()), "vector", 1)))
  expect_identical(round_trip(one), list(data.frame(left = 1, right = 2)))
  expect_identical(round_trip(struct_leaf(list(numpy = list()), "scalar", 1)), list(left = 1, right = 2))
  parts <- list(struct_leaf(list(numpy = list())), c("a", "b"))
  named <- new_container("named", parts, list(names = list(NULL)))
  expect_identical(round_trip(named), data.frame(left = c(1, 2), right = c(2, 3), row.names = c("a", "b")))
})

test_that("an array without dimensions is one value", {
  one <- new_leaf("vector", list(type = "float64"), 1.5)
  expect_identical(round_trip(new_container("array", list(one), list(dim = list(), order = "C"))), 1.5)
  two <- new_leaf("vector", list(type = "float64"), c(1, 2))
  wrong <- new_container("array", list(two), list(dim = list(), order = "C"))
  expect_error(round_trip(wrong), class = "rflow_error_artifact_corrupt")
})

test_that("an array of records keeps R's order of elements", {
  fields <- list(list("v", list(type = "float64")))
  data <- structure(list(v = as.double(1:6)), class = "data.frame", row.names = .set_row_names(6L))
  records <- new_leaf("vector", list(type = "struct", fields = fields, python = list(numpy = list())), data)
  found <- round_trip(new_container("array", list(records), list(dim = list(2L, 3L), order = "C")))
  expect_identical(found, data.frame(v = c(1, 4, 2, 5, 3, 6)))
})

# ---- vectors that stay in the file ----

test_that("long vectors without missing values are not copied; writing to one changes no file and no other value", {
  layout <- write_layout(as.double(1:1e5))
  first <- values_read(layout)
  second <- values_read(layout)
  expect_match(capture.output(.Internal(inspect(first)))[1], "in a mapped file")
  first[1] <- -1
  expect_identical(first[1:2], c(-1, 2))
  expect_identical(second[1:2], c(1, 2))
  expect_identical(values_read(layout)[1], 1)
  integers <- round_trip(sample(1e5))
  expect_match(capture.output(.Internal(inspect(integers)))[1], "in a mapped file")
  expect_identical(sort(integers), 1:100000)
})

test_that("a value outlives its file", {
  path <- tempfile()
  layout <- write_layout(list(x = as.double(1:1e5), s = sprintf("text %d", 1:1e5)), path)
  found <- values_read(layout)
  unlink(path)
  gc()
  expect_identical(sum(found$x), sum(1:1e5))
  expect_identical(found$s[1e5], "text 100000")
})

test_that("lazy text behaves as text", {
  text <- c(NA, "", sprintf("text %d", 1:5000))
  lazy <- \() round_trip(text)
  expect_match(capture.output(.Internal(inspect(lazy())))[1], "in a mapped file")
  expect_identical(lazy(), text)
  x <- lazy()
  expect_identical(x[c(5002, 1, 2)], c("text 5000", NA, ""))
  x[3] <- "changed"
  expect_identical(x[c(1, 2, 3, 4)], c(NA, "", "changed", "text 2"))
  expect_identical(nchar(lazy()), nchar(text))
  expect_identical(rev(lazy()), rev(text))
  expect_identical(unserialize(serialize(lazy(), NULL)), text)
  expect_identical(round_trip(lazy()), text)
  x <- lazy()
  x[["a"]] <- "b"
  expect_length(x, 5003)
  expect_true(anyNA(lazy()))
  repeated <- rep(c("a", NA, ""), 1e4)
  expect_identical(round_trip(repeated), repeated)
})

test_that("lazy doubles behave as doubles", {
  numbers <- c(NA, NaN, -0, Inf, as.double(1:50000), NA)
  moments <- .POSIXct(c(NA, seq(0, by = 0.25, length.out = 50000)), tz = "Europe/Berlin")
  spans <- as.difftime(c(1:30000 / 2, NA), units = "mins")
  for (value in list(numbers, moments, moments[-1], spans)) {
    lazy <- \() round_trip(value)
    expect_match(capture.output(.Internal(inspect(lazy())))[1], "in a mapped file")
    expect_identical(lazy(), value)
    expect_identical(is.na(lazy()), is.na(value))
    expect_identical(anyNA(lazy()), anyNA(value))
    expect_identical(sum(unclass(lazy()), na.rm = TRUE), sum(unclass(value), na.rm = TRUE))
    expect_identical(range(lazy(), na.rm = TRUE), range(value, na.rm = TRUE))
    expect_identical(lazy()[c(2001, 1)], value[c(2001, 1)])
    expect_identical(lazy()[[2]], value[[2]])
    expect_identical(rev(lazy()), rev(value))
    expect_identical(sort(lazy()), sort(value))
    expect_identical(unserialize(serialize(lazy(), NULL)), value)
    expect_identical(round_trip(lazy()), value)
    x <- y <- lazy()
    x[2] <- x[5]
    expect_identical(x[1:3], value[c(1, 5, 3)])
    expect_identical(y, value)
    expect_match(capture.output(.Internal(inspect(y)))[1], "made")
    x <- lazy()
    x[length(x) + 1] <- x[3]
    expect_identical(x, c(value, value[3]))
  }
  expect_identical(1 / round_trip(numbers)[3], -Inf)
  expect_identical(is.nan(round_trip(numbers))[1:2], c(FALSE, TRUE))
})

inspected <- \(x) paste(capture.output(.Internal(inspect(x))), collapse = "\n")

test_that("numbers with missing values are not copied", {
  integers <- c(1:20000, NA, 3L)
  found <- round_trip(integers)
  expect_match(inspected(found), "in a mapped file")
  expect_identical(found, integers)
  numbers <- c(NA, 1:20000 / 2, NaN, NA_real_ + 1)
  found <- round_trip(numbers)
  expect_identical(sum(is.na(found)), 3L)
  expect_identical(is.nan(found)[20001:20003], c(FALSE, TRUE, FALSE))
  found[["a"]] <- 1
  expect_identical(unname(found[1:20002]), numbers[1:20002])
  whole <- round_trip(numbers)
  order(whole) # looks at its memory
  expect_match(inspected(whole), "made\n.*in a mapped file")
})

test_that("what is missing is said by the validity alone", {
  # The first value of each column is missing; a file of another writer may have anything there.
  value <- data.frame(
    i = c(NA, 1:9999), d = c(NA, 1:9999 / 2), at = .POSIXct(c(NA, 1:9999 / 4), tz = "UTC"),
    w = .Date(c(NA, 1:9999)), h = structure(c(NA, 1:9999), class = "difftime", units = "hours")
  )
  for (size in c(10, 10000)) {
    part <- value[seq_len(size), ]
    for (junk in c(0L, 7L, 255L)) {
      layout <- write_layout(part)
      file <- file(layout$path, "r+b")
      for (column in layout$columns) {
        width <- if (column$format %in% c("int32", "date32")) 4 else 8
        seek(file, column$buffers[[2]][[1]], rw = "write")
        writeBin(as.raw(rep(junk, width)), file)
      }
      close(file)
      expect_identical(values_read(layout), part)
    }
  }
})

test_that("doubles are made although their file is gone", {
  path <- tempfile()
  found <- values_read(write_layout(c(NA, 1:1e5 / 2), path))
  unlink(path)
  gc()
  expect_identical(found[c(1, 1e5 + 1)], c(NA, 5e4))
  expect_identical(found, c(NA, 1:1e5 / 2))
})

# ---- layouts that lie ----

invalid <- function(layout) expect_error(values_read(layout), class = "rflow_error_layout_invalid")

test_that("a layout that does not fit the file is an error", {
  layout <- write_layout(data.frame(x = c(1, NA), s = c("a", NA)))
  invalid(utils::modifyList(layout, list(size = 10)))
  invalid(utils::modifyList(layout, list(path = "/nonexistent/file")))
  invalid(utils::modifyList(layout, list(path = dirname(layout$path))))
  for (bad in list(-1, 1e18, 1.5, "3", list(1), NA)) {
    wrong <- layout
    wrong$columns[[1]]$buffers[[2]][[1]] <- bad
    invalid(wrong)
    if (is.list(bad)) next
    wrong <- layout
    wrong$columns[[2]]$length <- bad
    invalid(wrong)
  }
})

columns_for_lies <- function() {
  x <- data.frame(i = c(1L, NA), s = c("a", "b"), f = factor(c("u", "v")))
  x$t <- as.POSIXct(1:2, origin = "1970-01-01", tz = "UTC")
  x$l <- list(1:2, NULL)
  x$n <- data.frame(p = c(TRUE, FALSE))
  x
}

# Paths to all numbers of a layout.
number_places <- function(x, place = integer()) {
  if (is.numeric(x)) return(list(place))
  if (!is.list(x)) return(list())
  do.call(c, lapply(seq_along(x), \(i) number_places(x[[i]], c(place, i))))
}

test_that("any number of a layout may be wrong without a crash", {
  value <- list(
    a = data.frame(x = c(1, NA), s = c("a", NA), f = factor(c("u", "v")), i = 1:2),
    b = list(1, "x", list(2L)), c = matrix(1:4, 2), d = 1i
  )
  path <- withr::local_tempfile()
  table <- over_the_wire(values_write(columns_for_lies(), tempfile())$layout)
  tree <- over_the_wire(values_write(value, path)$layout)
  withr::local_seed(7)
  for (layout in list(table, tree)) {
    places <- number_places(layout)
    expect_gt(length(places), 40)
    for (place in places) {
      for (wrong in list(0, 1, 7, 64, 1e6, 2^40, -1)) {
        lie <- layout
        lie[[place]] <- wrong
        found <- tryCatch(values_read(lie), error = identity, warning = identity)
        if (inherits(found, "error")) expect_s3_class(found, "rflow_error")
      }
    }
  }
})

test_that("any byte of the nodes may be wrong without a crash", {
  value <- list(a = 1:3, b = list("x", list(TRUE)), c = c(n = 1), d = factor("q"), e = matrix(1:4, 2))
  value$f <- data.frame(z = 1:2)
  path <- withr::local_tempfile()
  layout <- over_the_wire(values_write(value, path)$layout)
  bytes <- readBin(path, "raw", layout$size)
  withr::local_seed(8)
  for (i in 1:1500) {
    wrong <- bytes
    wrong[sample(length(bytes), 2)] <- as.raw(sample(0:255, 2))
    writeBin(wrong, path)
    found <- tryCatch(values_read(layout), error = identity, warning = identity)
    if (!inherits(found, "condition")) utils::object.size(found)
  }
  succeed()
})

test_that("metadata of a newer format, or none, are errors", {
  layout <- write_layout(1)
  layout$metadata$version <- 2
  expect_error(values_read(layout), "version 2", class = "rflow_error_artifact_version")
  layout$metadata$version <- NULL
  expect_error(values_read(layout), class = "rflow_error_artifact_corrupt")
  layout <- write_layout(1)
  layout$metadata$form <- "heap"
  expect_error(values_read(layout), class = "rflow_error_artifact_corrupt")
})

test_that("text that is not UTF-8 is damage", {
  text <- function(bytes) {
    buffers <- list(NULL, int64(c(0, 0), c(2, 0), c(length(bytes), 0)), as.raw(bytes))
    values_read(hand_made(list(type = "string"), list(format = "large_utf8", length = 2), buffers))$x
  }
  expect_identical(text(c(0xc3, 0xa9, 0x61)), c("\u00e9", "a"))
  expect_error(text(c(0xc3, 0x28, 0x61)), "not UTF-8", class = "rflow_error_artifact_corrupt")
  expect_error(text(c(0x61, 0xc3, 0xa9)), "not UTF-8", class = "rflow_error_artifact_corrupt")
})

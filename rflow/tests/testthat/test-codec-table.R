# Tables: columns of every kind, row names, classes, and pandas' index.

columns_of_every_kind <- function() {
  at <- as.POSIXct("2024-02-29 12:00:00", tz = "Europe/Berlin")
  x <- data.frame(
    i = c(1L, NA, 3L), d = c(NA, NaN, 1), s = c("a", NA, "\u00e9"), l = c(TRUE, NA, FALSE), f = factor(c("u", NA, "v")),
    o = factor(c("lo", "hi", "lo"), levels = c("lo", "hi"), ordered = TRUE),
    day = as.Date("2024-01-01") + 0:2, at = at + 0:2,
    took = as.difftime(c(1, NA, 3), units = "mins"), z = complex(real = 1:3, imaginary = c(NA, 0, 1))
  )
  x$list <- list(1:3, NULL, integer())
  x$bytes <- list(as.raw(1), NULL, raw(0))
  x$nested <- data.frame(p = 1:3, q = c("x", NA, "y"))
  x$asis <- I(list("a", NULL, c("b", "c")))
  x
}

test_that("a table of logical types is written as columns", {
  x <- columns_of_every_kind()
  expect_identical(write_layout(x)$metadata$form, "table")
  expect_round_trip(x)
  expect_round_trip(x[2, ])
  expect_round_trip(x[c(3, 1), ])
  expect_round_trip(x[0, ])
})

test_that("a table with any other column is written as a tree", {
  x <- data.frame(a = 1:3)
  x$m <- matrix(1:6, 3)
  x$mixed <- list(1, "a", NULL)
  x$label <- structure(1:3, label = "how many")
  x$named <- c(a = 1, b = 2, c = 3)
  x$table <- data.frame(u = 1:3, row.names = c("a", "b", "c"))
  expect_identical(write_layout(x)$metadata$form, "tree")
  expect_identical(write_layout(x)$metadata$kind, "table")
  expect_round_trip(x)
  expect_round_trip(x[1, ])
})

test_that("tables without rows or columns, and names that repeat, are empty or missing", {
  expect_round_trip(data.frame())
  expect_round_trip(data.frame(x = 1:3)[, 0])
  expect_round_trip(data.frame(x = integer(), y = character()))
  for (names in list(c("a", "a"), c("", "b"), c(NA, "b"))) {
    expect_round_trip(structure(list(1, 2), names = names, class = "data.frame", row.names = c(NA, -1L)))
  }
})

test_that("row names are kept, text and numbers", {
  expect_round_trip(mtcars)
  expect_round_trip(mtcars[0, ])
  expect_round_trip(airquality[c(5, 2), ])
  expect_identical(write_layout(mtcars)$metadata$index, list(count = 1L, kind = "columns", names = list(NULL)))
})

test_that("the first rows of a table are numbered as a new table's are", {
  x <- data.frame(a = 1:5)
  for (rows in 0:5) {
    part <- x[seq_len(rows), , drop = FALSE]
    expect_round_trip(part)
    expect_null(write_layout(part)$metadata$index)
  }
})

test_that("attributes of a table are kept", {
  x <- structure(data.frame(a = 1:2), note = list(source = "survey"))
  expect_round_trip(x)
  expect_identical(node_types(x)[1:2], c("attributes", "table"))
})

test_that("tibbles keep their class, nested tables and groups", {
  skip_if_not_installed("tibble")
  expect_round_trip(tibble::tibble(a = 1:2, b = list(1, "x")))
  expect_round_trip(tibble::tibble(a = 1:2, n = tibble::tibble(p = 1:2, q = c("a", "b"))))
  expect_round_trip(tibble::tibble())
  expect_round_trip(tibble::tibble(a = list()))
  groups <- tibble::tibble(x = c(1, 2))
  groups$.rows <- structure(list(1:2, 3L), ptype = integer(), class = c("vctrs_list_of", "vctrs_vctr", "list"))
  expect_round_trip(structure(
    tibble::tibble(x = c(1, 1, 2)),
    groups = structure(groups, .drop = TRUE), class = c("grouped_df", "tbl_df", "tbl", "data.frame")
  ))
})

test_that("a data.table keeps its class and key, and can be changed by reference", {
  skip_if_not_installed("data.table")
  x <- data.table::data.table(a = 3:1, b = letters[1:3])
  data.table::setkeyv(x, "a")
  found <- round_trip(x)
  expect_equal(found, x)
  expect_identical(data.table::key(found), "a")
  expect_no_warning(data.table::set(found, j = "c", value = 1))
  expect_named(found, c("a", "b", "c"))
})

# What Python writes, made by changing a layout that R wrote.
with_index <- function(x, index, levels) {
  layout <- write_layout(x, tempfile())
  layout$metadata$index <- index
  values_read(layout)
}

test_that("pandas' index becomes row names where R has a place for it", {
  found <- with_index(data.frame(a = 1:2, level = c("r", "s")), list(kind = "columns", count = 1L, names = list(NULL)))
  expect_identical(found, data.frame(a = 1:2, row.names = c("r", "s")))
  found <- with_index(data.frame(a = 1:2, level = c(10, 20)), list(kind = "columns", count = 1L, names = list("id")))
  expect_identical(row.names(found), c("10", "20"))
  expect_identical(table_index(found)$index$names, list("id"))
  found <- with_index(data.frame(a = 1:3), list(kind = "range", start = 5L, stop = 11L, step = 2L, name = NULL))
  expect_identical(attr(found, "row.names"), c(5L, 7L, 9L))
})

test_that("an index that R has no place for goes back as it came", {
  index <- list(count = 1L, kind = "columns", names = list(NULL))
  found <- with_index(data.frame(a = 1:2, level = c("r", "r")), index)
  expect_identical(found$a, 1:2)
  expect_identical(write_layout(found)$metadata$index, index)
  expect_identical(attr(round_trip(found), "pandas.index")$levels, list(c("r", "r")))
  expect_null(write_layout(found[1, , drop = FALSE])$metadata$index)
})

test_that("a data frame that was put together wrongly is kept as R's object", {
  short <- structure(list(a = 1:2, b = 1:3), class = "data.frame", row.names = 1:2)
  expect_true(identical(round_trip(short), short))
  expect_identical(write_layout(short)$metadata$kind, "native")
  gone <- structure(list(a = NULL, b = 1), class = "data.frame", row.names = 1L)
  expect_true(identical(round_trip(gone), gone))
  expect_true(identical(round_trip(list(x = short)), list(x = short)))
})

test_that("columns that are as long as their class says are beside what others read", {
  record <- structure(list(p = 3:4, q = c("x", NA)), class = c("rflow_record", "vctrs_rcrd", "vctrs_vctr"))
  table <- structure(list(a = 1:2, r = record), class = "data.frame", row.names = 1:2)
  expect_true(identical(round_trip(table), table))
  expect_identical(node_types(table), c("table", "vector", "object", "native", "vector"))
  longer <- structure(lapply(record, rep_len, 3), class = class(record))
  three <- structure(list(a = 1:3, r = longer), class = "data.frame", row.names = 1:3)
  expect_true(identical(round_trip(three), three))
  setClass("RflowMetres", contains = "numeric", representation(unit = "character"), where = globalenv())
  on.exit(removeClass("RflowMetres", where = globalenv()))
  metres <- structure(list(m = new("RflowMetres", c(1.5, 2), unit = "m")), class = "data.frame", row.names = 1:2)
  expect_true(identical(round_trip(metres), metres))
  expect_identical(node_types(metres), c("table", "object", "native", "vector"))
})

test_that("a one-row column stays a vector, and a column's names are an attribute", {
  hours <- data.frame(h = structure(1, units = "secs", class = c("hms", "difftime")))
  expect_round_trip(hours)
  expect_identical(node_types(hours)[1:3], c("table", "attributes", "vector"))
  named <- structure(list(a = c(x = 1)), class = "data.frame", row.names = 1L)
  expect_true(identical(round_trip(named), named))
  listed <- structure(list(a = list(x = 1, y = 2)), class = "data.frame", row.names = 1:2)
  expect_true(identical(round_trip(listed), listed))
  expect_identical(node_types(listed)[1:3], c("table", "attributes", "packed"))
})

test_that("a data.table can be changed by reference, with its keys, also inside of lists and columns", {
  skip_if_not_installed("data.table")
  made <- data.table::setindex(data.table::data.table(a = 3:1, b = letters[1:3], key = "a"), b)
  grown <- function(table) {
    expect_gt(data.table::truelength(table), length(table))
    data.table::set(table, j = "new", value = 1)
    expect_identical(table$new, rep(1, nrow(table)))
  }
  found <- round_trip(made)
  expect_identical(data.table::key(found), "a")
  expect_identical(data.table::indices(found), "b")
  grown(found)
  grown(round_trip(list(x = made))$x)
  grown(round_trip(data.table::data.table(i = 1:2, t = list(made, made)))$t[[2]])
  grown(round_trip(tibble::tibble(t = list(made)))$t[[1]])
})

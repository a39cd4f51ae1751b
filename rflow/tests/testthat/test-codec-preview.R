# The short text that stands for a value in lists.

test_that("kind, type and preview say what the value is", {
  described <- \(value) {
    written <- values_write(value, withr::local_tempfile())
    c(written$layout$metadata$kind, written$type, written$preview)
  }
  expect_identical(described(5L), c("scalar", "integer", "5"))
  expect_identical(described(NULL), c("scalar", "NULL", "NULL"))
  expect_identical(described(1:3), c("vector", "integer", "1, 2, 3"))
  expect_identical(described(c(a = 1)), c("vector", "numeric", "1"))
  expect_identical(described(list(1, 2)), c("list", "list", "list of 2"))
  expect_identical(described(list(a = 1)), c("dict", "list", "list of 1: a"))
  expect_identical(described(structure(list(a = 1), class = "mine"))[1:2], c("dict", "mine"))
  expect_identical(described(matrix(1:6, 2)), c("array", "matrix", "2 x 3"))
  expect_identical(described(data.frame(x = 1:2, y = 3)), c("table", "data.frame", "2 x 2: x, y"))
  expect_identical(described(quote(a))[1:2], c("native", "name"))
})

test_that("a preview is short, whatever the value", {
  expect_identical(value_preview(1:1000), "1, 2, 3, 4, 5, 6, ... (1000 values)")
  expect_identical(nchar(value_preview(strrep("x", 1000))), 200L)
  expect_identical(value_preview(NA_character_), "NA")
  # A text that stays a class of its own would become a list in JSON.
  expect_identical(value_preview(I("a")), "a")
  expect_identical(value_preview(as.raw(1:3)), "3 bytes")
  many <- as.list(stats::setNames(1:20, letters[1:20]))
  expect_identical(value_preview(many), "list of 20: a, b, c, d, e, f, g, h, ...")
  expect_identical(value_preview(structure(list(), class = "mine")), "<mine>")
  expect_identical(value_preview(sum), "<function>")
})

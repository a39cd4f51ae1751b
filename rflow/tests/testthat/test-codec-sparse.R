# Sparse matrices of the package Matrix.

skip_if_not_installed("Matrix")

triplets <- function(...) Matrix::sparseMatrix(i = c(1, 3, 2), j = c(1, 1, 4), dims = c(3, 5), ...)

test_that("every class of values, shape and storage comes back identical", {
  general <- triplets(x = c(1.5, NA, NaN))
  upper <- \(...) Matrix::sparseMatrix(i = c(1, 1, 2), j = c(1, 2, 3), dims = c(3, 3), ...)
  kinds <- list(
    general, triplets(x = c(TRUE, FALSE, NA)), triplets(),
    upper(x = 1:3, symmetric = TRUE), upper(x = c(TRUE, NA, TRUE), symmetric = TRUE), upper(symmetric = TRUE),
    Matrix::t(upper(x = 1:3, symmetric = TRUE)), upper(x = 1:3, triangular = TRUE),
    Matrix::t(upper(x = 1:3, triangular = TRUE)), upper(triangular = TRUE),
    upper(x = c(TRUE, NA, TRUE), triangular = TRUE), Matrix::sparseMatrix(integer(), integer(), x = numeric(), dims = c(0, 3)),
    methods::as(methods::new("dtTMatrix", i = 0L, j = 1L, x = 2, Dim = c(2L, 2L), diag = "U"), "CsparseMatrix")
  )
  classes <- character()
  for (kind in kinds) {
    for (storage in c("CsparseMatrix", "RsparseMatrix", "TsparseMatrix")) {
      value <- methods::as(kind, storage)
      expect_true(identical(round_trip(value), value), label = class(value))
      classes <- c(classes, class(value))
    }
  }
  expect_length(unique(classes), 27)
  expect_identical(write_layout(general)$metadata$kind, "array")
  expect_identical(node_types(general), c("sparse", "vector", "vector", "vector"))
  expect_identical(node_types(triplets()), c("sparse", "null", "vector", "vector"))
})

test_that("dimnames, large ones, repeated places and what Matrix keeps in it are there again", {
  expect_round_trip(triplets(x = 1:3, dimnames = list(c("a", "b", "c"), NULL)))
  expect_round_trip(triplets(x = 1:3, dimnames = list(rows = NULL, columns = letters[1:5])))
  expect_round_trip(methods::new("dgTMatrix", i = c(0L, 0L), j = c(1L, 1L), x = c(1, 2), Dim = c(1L, 2L)))
  expect_round_trip(list(m = triplets(x = 1:3), n = 1))
  set.seed(1)
  large <- Matrix::rsparsematrix(2000, 2000, 0.01)
  found <- round_trip(large)
  expect_identical(found, large)
  expect_identical(found %*% rep(1, 2000), large %*% rep(1, 2000))
  positive <- Matrix::sparseMatrix(1:2, 1:2, x = c(2, 3), symmetric = TRUE)
  Matrix::chol(positive)
  expect_length(positive@factors, 1)
  expect_true(identical(round_trip(positive), positive))
})

test_that("other classes of Matrix are kept as R's objects", {
  for (value in list(Matrix::Diagonal(3), Matrix::Matrix(matrix(c(1, 2, 3, 4) / 3, 2)), methods::as(3:1, "pMatrix"))) {
    expect_true(identical(round_trip(value), value))
    expect_identical(write_layout(value)$metadata$kind, "native")
  }
})

# A node as Python writes it.
python_sparse <- function(values, first, second, ...) {
  leaf <- \(x) if (!is.null(x)) new_leaf("vector", plain_logical(typeof(x)), x)
  attr <- list(class = list(python = "scipy.sparse.csc_array"), dim = list(3L, 2L), format = "csc")
  given <- list(...)
  attr[names(given)] <- given
  new_container("sparse", list(leaf(values), leaf(first), leaf(second)), attr)
}

test_that("whole numbers become doubles; places in any order, and repeated ones, are put in order and added up", {
  whole <- python_sparse(c(5L, 7L), c(2L, 0L), c(0L, 1L, 2L))
  expect_identical(round_trip(whole), Matrix::sparseMatrix(c(3, 1), c(1, 2), x = c(5, 7), dims = c(3, 2)))
  unsorted <- Matrix::sparseMatrix(c(3, 1, 2), c(1, 1, 2), x = c(5, 7, 9), dims = c(3, 2))
  expect_identical(round_trip(python_sparse(c(5, 7, 9), c(2L, 0L, 1L), c(0L, 2L, 3L))), unsorted)
  expect_identical(round_trip(python_sparse(c(5, 7, 9), c(0L, 0L, 1L), c(0L, 2L, 3L)))[1, 1], 12)
  rows <- round_trip(python_sparse(c(5, 7, 9), c(1L, 0L, 1L), c(0L, 2L, 2L, 3L), format = "csr"))
  expect_identical(class(rows)[1], "dgRMatrix")
  expect_identical(as.matrix(rows), matrix(c(7, 0, 0, 5, 0, 9), 3))
  places <- round_trip(python_sparse(c(TRUE, FALSE), c(2L, 0L), c(0L, 1L), format = "coo"))
  expect_identical(class(places)[1], "lgTMatrix")
})

test_that("complex numbers arrive dense, announced", {
  node <- python_sparse(c(1i, 2 + 1i, 1), c(2L, 2L, 1L), c(0L, 2L, 3L))
  expect_warning(found <- round_trip(node), "store the parts apart", class = "rflow_warning_sparse_as_dense")
  expect_identical(found, matrix(c(0i, 0, 2 + 2i, 0, 1, 0), 3))
  huge <- python_sparse(c(1i, 1i), c(1L, 0L), c(0L, 1L), format = "coo", dim = list(1e6, 1e6))
  expect_error(round_trip(huge), "too large", class = "rflow_error_artifact_unsupported")
})

test_that("what fits no matrix is an error and no crash", {
  corrupt <- \(...) expect_error(round_trip(python_sparse(...)), class = "rflow_error_artifact_corrupt")
  corrupt(c(1, 2), c(2L, 9L), c(0L, 1L, 2L))
  corrupt(c(1, 2), c(2L, -1L), c(0L, 1L, 2L))
  corrupt(c(1, 2), c(2L, NA), c(0L, 1L, 2L))
  corrupt(c(1, 2), c(2L, 0L), c(0L, 5L, 2L))
  corrupt(c(1, 2), c(2L, 0L), c(0L, 2L))
  corrupt(c(1, 2, 3), c(2L, 0L), c(0L, 1L, 2L))
  corrupt(c(1, 2), c(2L, 0L), c(0L, 7L), format = "coo")
  corrupt(c(1i, 2), c(2L, 0L), c(0L, 7L), format = "coo")
  corrupt(c("a", "b"), c(2L, 0L), c(0L, 1L, 2L))
  corrupt(c(1, 2), c(2L, 0L), c(0L, 1L, 2L), format = "bsr")
  corrupt(c(1, 2), c(2L, 0L), c(0L, 1L, 2L), dim = list(3L))
  corrupt(c(1, 2), c(2L, 0L), c(0L, 1L, 2L), part = list(symmetric = "U"))
  expect_error(
    round_trip(python_sparse(c(1, 2), c(2L, 0L), c(0L, 1L), format = "coo", dim = list(1e10, 2))),
    class = "rflow_error_artifact_unsupported"
  )
  skip_if_not_installed("bit64")
  wide <- new_leaf("vector", list(type = "int64"), bit64::as.integer64(c("9007199254740993", "1")))
  node <- python_sparse(c(1, 2), c(2L, 0L), c(0L, 1L, 2L))
  node$data[[1]] <- wide
  expect_error(round_trip(node), "2^53", fixed = TRUE, class = "rflow_error_integer_precision")
})

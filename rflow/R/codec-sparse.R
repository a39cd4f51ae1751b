# Sparse matrices of the package Matrix (shared_spec/artifact.md, section 4). Their classes are named for what they are:
# values d l n, then g (general) s (symmetric) t (triangular), then C R T for how the places are stored.

sparse_formats <- c(C = "csc", R = "csr", T = "coo")
# The slots of the places, in the order of the children.
sparse_slots <- list(csc = c("i", "p"), csr = c("j", "p"), coo = c("i", "j"))

is_sparse <- function(x) {
  class <- class(x)
  identical(attr(class, "package"), "Matrix") && grepl("^[dln][gst][CRT]Matrix$", class)
}

sparse_node <- function(x) {
  letters <- strsplit(class(x), "")[[1]]
  format <- sparse_formats[[letters[3]]]
  leaf <- \(slot) {
    data <- attr(x, slot)
    new_leaf("vector", plain_logical(typeof(data)), data)
  }
  places <- lapply(sparse_slots[[format]], leaf)
  dimnames <- attr(x, "Dimnames")
  named <- !all(vapply(dimnames, is.null, NA)) || !is.null(names(dimnames))
  names <- if (named) lapply(unname(dimnames), names_leaf)
  attr <- list(class = list(r = list(class(x)[1])), dim = as.list(attr(x, "Dim")), format = format)
  if (!is.null(names(dimnames))) attr$dimnames_names <- as.list(names(dimnames))
  attr$part <- sparse_part(x, letters[2])
  node <- new_container("sparse", c(list(if (letters[1] != "n") leaf("x")), places, names), attr)
  # What Matrix has computed of it and keeps for the next time.
  if (length(attr(x, "factors"))) attributes_node(node, list(factors = attr(x, "factors"))) else node
}

sparse_part <- function(x, letter) {
  half <- attr(x, "uplo")
  switch(letter, s = list(symmetric = half), t = list(triangular = half, unit = attr(x, "diag") == "U"))
}

# ---- reading ----

restore_sparse <- function(children, attr, place) {
  if (length(children) < 3) abort_corrupt("a sparse matrix has not its three parts")
  if (!requireNamespace("Matrix", quietly = TRUE)) {
    abort_rflow(
      "This value is a sparse matrix, and the package Matrix is not installed.", "package_missing",
      "Install it: install.packages(\"Matrix\")."
    )
  }
  dim <- sparse_dim(attr$dim)
  format <- attr$format
  if (!isTRUE(format %in% sparse_formats)) abort_corrupt("a sparse matrix has no known format")
  places <- lapply(children[2:3], sparse_whole)
  dimnames <- sparse_dimnames(children[-(1:3)], attr$dimnames_names)
  values <- sparse_values(children[[1]])
  if (is.complex(values)) return(sparse_dense(values, places, format, dim, dimnames, place))
  kind <- if (is.null(values)) "n" else if (is.logical(values)) "l" else "d"
  part <- attr$part
  shape <- if (!is.null(part$symmetric)) "s" else if (!is.null(part$triangular)) "t" else "g"
  slots <- c(
    if (!is.null(values)) list(x = values), stats::setNames(places, sparse_slots[[format]]),
    list(Dim = dim, Dimnames = dimnames), sparse_half(part)
  )
  class <- paste0(kind, shape, names(sparse_formats)[sparse_formats == format], "Matrix")
  sparse_new(class, slots, format)
}

sparse_half <- function(part) {
  half <- c(part$symmetric, part$triangular)
  if (is.null(half)) return(NULL)
  c(list(uplo = half), if (!is.null(part$triangular)) list(diag = if (isTRUE(part$unit)) "U" else "N"))
}

# An object of the class. Places in no order or repeated, which scipy allows, are put in order and added up.
sparse_new <- function(class, slots, format) {
  x <- sparse_object(class, slots)
  if (isTRUE(methods::validObject(x, test = TRUE))) return(x)
  if (format == "coo") abort_corrupt(methods::validObject(x, test = TRUE)[1])
  rows_columns <- sparse_expand(slots[sparse_slots[[format]]], format, slots$Dim)
  slots[sparse_slots[[format]]] <- NULL
  triplets <- sparse_object(sub(".Matrix$", "TMatrix", class), c(slots, stats::setNames(rows_columns, c("i", "j"))))
  methods::validObject(triplets)
  methods::as(triplets, if (format == "csc") "CsparseMatrix" else "RsparseMatrix")
}

sparse_object <- function(class, slots) {
  x <- methods::new(methods::getClass(class, where = asNamespace("Matrix")))
  for (name in names(slots)) methods::slot(x, name, check = FALSE) <- slots[[name]]
  x
}

# Rows and columns, counted from 0, of places in compressed form.
sparse_expand <- function(places, format, dim) {
  if (format == "coo") return(places)
  index <- places[[1]]
  pointers <- places[[2]]
  outer <- if (format == "csc") dim[2] else dim[1]
  counts <- diff(pointers)
  fits <- length(pointers) == outer + 1 && pointers[1] == 0L && all(counts >= 0L) && sum(counts) == length(index)
  if (!isTRUE(fits)) abort_corrupt("the pointers of a sparse matrix do not fit its places")
  other <- rep(seq_len(outer) - 1L, counts)
  if (format == "csc") list(index, other) else list(other, index)
}

sparse_dim <- function(dim) {
  dim <- unlist(dim)
  fits <- is.numeric(dim) && length(dim) == 2 && !anyNA(dim) && all(dim >= 0)
  if (!fits) abort_corrupt("a sparse matrix has not two dimensions")
  if (any(dim > .Machine$integer.max)) {
    abort_rflow(
      paste0("A sparse matrix of ", dim[1], " x ", dim[2], " is larger than R's can be."), "artifact_unsupported",
      "Store the rows, columns and values of its places as a table."
    )
  }
  as.integer(dim)
}

sparse_whole <- function(x) {
  whole <- is.numeric(x) && !is.object(x) && !anyNA(x) && all(x >= 0) && all(x <= .Machine$integer.max)
  if (!whole) abort_corrupt("the places of a sparse matrix are no whole numbers")
  as.integer(x)
}

sparse_values <- function(x) {
  if (inherits(x, "integer64")) {
    abort_rflow(
      "The sparse matrix holds integers beyond 2^53, which R's numbers cannot hold exactly.", "integer_precision",
      "Store them as double in the step that makes it, if they may be rounded."
    )
  }
  if (is.object(x) || !(is.null(x) || is.logical(x) || is.numeric(x) || is.complex(x))) {
    abort_corrupt("a sparse matrix holds no numbers")
  }
  if (is.integer(x)) as.double(x) else x
}

sparse_dimnames <- function(names, labels) {
  if (!length(names) %in% c(0, 2)) abort_corrupt("a sparse matrix has not names for both dimensions")
  dimnames <- if (length(names)) unname(names) else list(NULL, NULL)
  if (!is.null(labels)) names(dimnames) <- unlist(labels)
  dimnames
}

# Complex numbers, for which Matrix has no class.
sparse_dense <- function(values, places, format, dim, dimnames, place) {
  if (prod(dim) > .Machine$integer.max) {
    abort_rflow(
      "R has no sparse matrix of complex numbers, and this one is too large to be dense.", "artifact_unsupported",
      "Store its real and imaginary part as two sparse matrices in the step that makes it."
    )
  }
  cells <- sparse_expand(places, format, dim)
  if (any(lengths(cells) != length(values)) || any(cells[[1]] >= dim[1]) || any(cells[[2]] >= dim[2])) {
    abort_corrupt("the places of a sparse matrix do not fit it")
  }
  cell <- cells[[1]] + cells[[2]] * as.double(dim[1]) + 1
  found <- unique(cell)
  sums <- rowsum(cbind(Re(values), Im(values)), factor(match(cell, found), seq_along(found)), reorder = TRUE)
  x <- matrix(0i, dim[1], dim[2], dimnames = if (!all(vapply(dimnames, is.null, NA))) dimnames)
  x[found] <- complex(real = sums[, 1], imaginary = sums[, 2])
  note_value("sparse_as_dense", place, "complex128")
  x
}

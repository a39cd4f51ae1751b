# Tables (shared_spec/artifact.md, section 3).

# A data frame whose columns have as many values as it has rows. One that was put together wrongly is an object of R's.
is_table <- function(x) {
  if (!is.data.frame(x) || isS4(x) || length(names(x)) != length(x)) return(FALSE)
  rows <- .row_names_info(x, 2L)
  all(vapply(unclass(x), column_fits, NA, rows))
}

# A list with a class may be as long as its class says (POSIXlt, records of vctrs), whose methods may not be there.
column_fits <- function(column, rows) {
  if (is.data.frame(column)) return(.row_names_info(column, 2L) == rows)
  if (is.object(column) && (is.list(column) || isS4(column))) return(TRUE)
  NROW(column) == rows
}

# How the rows are named: list(index, levels). `index` NULL: rows are numbered.
table_index <- function(x) {
  pandas <- attr(x, "pandas.index", exact = TRUE)
  rows <- nrow(x)
  if (has_automatic_rows(x)) {
    # What R has no place for (several levels, repeated values) goes back as it came, if it still fits the rows.
    fits <- length(pandas$levels) && all(vapply(pandas$levels, NROW, 1) == rows)
    if (fits) return(list(index = pandas$index, levels = unname(pandas$levels)))
    return(NULL)
  }
  # The level's name, if the row names are the level that came from pandas.
  names <- if (is.null(pandas$levels)) pandas$index$names
  if (length(names) != 1) names <- list(NULL)
  list(index = list(count = 1L, kind = "columns", names = names), levels = list(attr(x, "row.names", exact = TRUE)))
}

table_class <- function(x) if (!identical(class(x), "data.frame")) list(class = list(r = as.list(class(x))))

# A table whose columns all have logical types, written as columns; NULL if it is none.
table_write <- function(x, path) {
  if (length(table_rest(x)) || anyNA(names(x))) return(NULL)
  plans <- lapply(unclass(x), column_plan)
  if (any(vapply(plans, is.null, NA))) return(NULL)
  index <- table_index(x)
  plans <- c(unname(plans), lapply(index$levels, column_plan))
  if (any(vapply(plans, is.null, NA))) return(NULL)
  names <- c(enc2utf8(names(x)), sprintf("__index_level_%d__", seq_along(index$levels) - 1L))
  logicals <- lapply(plans, \(plan) plan$logical)
  written <- .Call(rflow_table_write, lapply(plans, \(plan) plan$data), names, logicals, path)
  metadata <- c(
    list(version = 1L, kind = "table", form = "table", columns = logicals, rows = nrow(x)),
    if (!is.null(index)) list(index = index$index), table_class(x)
  )
  new_layout(path, written, nrow(x), metadata)
}

# A table inside of a tree: its columns may be anything.
table_node <- function(x) {
  index <- table_index(x)
  columns <- lapply(unclass(x), column_node, nrow(x))
  columns <- structure(columns[seq_along(columns)], names = names(x))
  attr <- c(list(rows = nrow(x)), if (!is.null(index)) list(index = index$index), table_class(x))
  new_container("table", c(columns, lapply(index$levels, column_node, nrow(x))), attr)
}

# A column as a node: a vector also when it has one row.
column_node <- function(x, rows) {
  if (inherits(x, "rflow_node")) return(x)
  plan <- if (!is.data.frame(x)) column_plan(x)
  if (!is.null(plan)) return(new_leaf("vector", plan$logical, plan$data))
  if (is_record(x)) return(object_node(x, readable_column(x, rows)))
  if (is.atomic(x) && !is.null(x)) return(vector_node(x, alone = FALSE))
  # A list with names would be a dict, and no column.
  if (is.list(x) && !is.object(x) && identical(names(attributes(x)), "names")) {
    return(attributes_node(unname(x), list(names = names(x))))
  }
  x
}

# Objects that are as long as their class says, not as the data in them: Python could not tell their rows.
is_record <- function(x) {
  if (isS4(x)) return(TRUE)
  is.list(x) && is.object(x) && !is.data.frame(x) &&
    (inherits(x, c("vctrs_rcrd", "POSIXlt")) || length(x) != length(unclass(x)))
}

# An object of R beside what other languages read in its place.
object_node <- function(x, readable) {
  new_container("object", list(native_node(x), readable), list(form = "record", whole = TRUE))
}

# What the rows of an object say: instants, records of plain fields, its data part, its text; else that they are not
# known.
readable_column <- function(x, rows) {
  fields <- if (is.list(x) && !isS4(x)) unclass(x)
  attributes(fields) <- list(names = names(fields))
  table <- structure(fields, class = "data.frame", row.names = .set_row_names(rows))
  candidates <- list(
    \() if (inherits(x, "POSIXlt")) vector_plan(stats::setNames(as.POSIXct(x), NULL)),
    \() if (length(fields) && is_table(table)) struct_plan(table),
    \() if (isS4(x) && methods::is(x, "vector")) vector_plan(as.vector(methods::slot(x, ".Data"))),
    \() vector_plan(as.character(format(x)))
  )
  for (candidate in candidates) {
    plan <- tryCatch(candidate(), error = \(cnd) NULL)
    if (!is.null(plan) && is.null(plan$rest) && NROW(plan$data) == rows) {
      return(new_leaf("vector", plan$logical, plan$data))
    }
  }
  new_leaf("vector", list(type = "bool"), rep(NA, rows))
}

# ---- reading ----

# A data frame from columns (index levels last) and what the metadata say.
table_restore <- function(columns, names, meta) {
  index <- meta$index
  count <- if (identical(index$kind, "columns")) index$count else 0L
  if (count > length(columns)) abort_corrupt("there are fewer columns than index levels")
  levels <- columns[length(columns) - rev(seq_len(count)) + 1L]
  keep <- seq_len(length(columns) - count)
  table <- columns[keep]
  unlike_text <- !is.null(meta$labels) || !is.null(meta$python$columns$kind)
  if (unlike_text && length(keep)) note_value("levels_as_text", "", "column labels")
  rows <- meta$rows
  if (is.numeric(rows) && length(rows) == 1 && isTRUE(rows >= 2^31)) {
    abort_rflow(
      paste0("This table has ", format(rows, scientific = FALSE), " rows; a data frame of R has at most 2147483647."),
      "artifact_unsupported",
      "Read some of its columns in Python and store them as vectors, which may be longer, or store parts of the table."
    )
  }
  whole <- is.numeric(rows) && length(rows) == 1 && isTRUE(rows >= 0 && rows < 2^31)
  if (!whole) abort_corrupt("the number of rows is wrong")
  rows <- as.integer(rows)
  if (!all(vapply(columns, column_fits, NA, rows))) abort_corrupt("columns differ in length from the number of rows")
  attributes(table) <- list(
    names = if (is.null(names)) character(length(table)) else names[keep],
    class = "data.frame", row.names = .set_row_names(rows)
  )
  table <- table_rows(table, index, levels, rows)
  table_reclass(table, meta$class$r)
}

# Row names from the index where R has a place for it; otherwise the index is kept as attribute `pandas.index`.
table_rows <- function(table, index, levels, rows) {
  if (is.null(index)) return(table)
  if (identical(index$kind, "range")) {
    values <- index$start + index$step * (seq_len(rows) - 1)
    automatic <- index$start == 0 && index$step == 1
    if (!automatic && all(abs(values) < 2^31)) attr(table, "row.names") <- as.integer(values)
    return(table)
  }
  names <- if (length(levels) == 1) row_names_of(levels[[1]])
  if (!is.null(names)) attr(table, "row.names") <- names
  if (is.null(names)) attr(table, "pandas.index") <- list(index = index, levels = levels)
  else if (!is.null(unlist(index$names))) attr(table, "pandas.index") <- list(index = index)
  table
}

# An index level as row names: text or whole numbers, none missing or repeated; else NULL.
row_names_of <- function(level) {
  if (is.object(level) || anyNA(level) || anyDuplicated(level) > 0) return(NULL)
  if (is.character(level)) return(level[seq_along(level)])
  whole <- is.numeric(level) && all(level == trunc(level)) && all(abs(level) < 2^31)
  if (whole) as.integer(level)
}

table_reclass <- function(table, class) {
  if (is.null(class)) return(table)
  attr(table, "class") <- unlist(class)
  with_own_pointer(table)
}

# data.table's own pointer, without which it copies the table at the first change by reference.
with_own_pointer <- function(x) {
  made <- inherits(x, "data.table") && requireNamespace("data.table", quietly = TRUE)
  if (made) data.table::setalloccol(x) else x
}

# Rows of a nested table that are missing as a whole: every column is NA there.
codec_missing_rows <- function(table, missing) {
  rows <- attr(table, "row.names", exact = TRUE)
  columns <- lapply(unclass(table), function(column) {
    if (is.data.frame(column)) return(codec_missing_rows(column, missing))
    if (is.list(column)) column[missing] <- list(NULL) else column[missing] <- NA
    column
  })
  attributes(columns) <- attributes(table)
  columns
}

# A table that stands for an array of records: its rows in R's order, the dimensions as an attribute.
table_array <- function(x, dim, order) {
  if (identical(order, "C") && length(dim) > 1) {
    x <- x[as.vector(aperm(array(seq_len(nrow(x)), rev(dim)))), , drop = FALSE]
    attr(x, "row.names") <- .set_row_names(nrow(x))
  }
  x
}

# A layout and its file -> R values (shared_spec/artifact.md). C makes the vectors; what needs R's own functions is
# here.

# The value of an artifact. `layout` is parsed JSON (section 5 of the specification). What R cannot hold exactly is
# announced by a warning of class rflow_warning_<code>. Errors: rflow_error_layout_invalid
# (buffers do not fit the file), rflow_error_artifact_corrupt (what lies in them makes no value),
# rflow_error_artifact_version, rflow_error_integer_precision, rflow_error_native_unreadable, and
# rflow_error_artifact_unsupported for text that R cannot hold.
values_read <- function(layout) {
  meta <- layout$metadata
  version <- if (is.list(meta)) meta$version
  if (!is.numeric(version) || length(version) != 1) abort_corrupt("the metadata name no version")
  if (version > 1) {
    abort_rflow(
      paste0("The artifact has format version ", version, ", and this rflow reads version 1."), "artifact_version",
      "Update rflow."
    )
  }
  read <- with_notes(tryCatch(layout_value(layout, meta), error = \(cnd) abort_damaged(cnd, layout$path)))
  for (note in c(as.list(read$value$notes), read$notes)) {
    note <- announcement(note)
    warn_rflow(note$message, note$code)
  }
  read$value$value
}

layout_value <- function(layout, meta) {
  found <- .Call(rflow_layout_read, layout)
  if (identical(meta$form, "tree")) return(found)
  names <- vapply(layout$columns, \(column) column$name, "")
  found$value <- table_restore(found$value, names, c(meta, if (is.null(meta$rows)) list(rows = layout$rows)))
  found
}

# Whatever R says of a value that cannot be put together (dimensions, levels, JSON that do not fit) means
# that the artifact is damaged. The file's name is the digest.
abort_damaged <- function(cnd, path) {
  if (!inherits(cnd, "rflow_error")) cnd <- tryCatch(abort_corrupt(conditionMessage(cnd)), rflow_error = identity)
  named <- is.character(path) && length(path) == 1 && !grepl(path, cnd$message, fixed = TRUE)
  if (named && cnd$code %in% c("artifact_corrupt", "layout_invalid")) cnd$message <- paste0(path, ": ", cnd$message)
  stop(cnd)
}

# ---- called by C ----

codec_has_integer64 <- function() requireNamespace("bit64", quietly = TRUE)

# A packed list of a class that [[ ]] must keep: dates, factors.
codec_unpack <- function(values) lapply(seq_along(values), \(i) values[i])

# The fields of a nested table's only row, where that is a scalar.
codec_record <- function(row) {
  row <- lapply(unclass(row), \(field) if (is.data.frame(field)) codec_record(field) else field)
  attributes(row) <- list(names = names(row))
  row
}

# A node that is not a plain leaf or list, from its type, its attributes' text (NA: none), the place that announcements
# name, and its children.
codec_restore <- function(type, about, children) {
  attr <- if (is.na(about[1])) list() else jsonlite::parse_json(about[1])
  switch(type,
    scalar = , vector = , packed = , list = , dict = restore_as_is(children, attr),
    named = restore_named(children, attr),
    array = restore_array(children, attr),
    table = table_restore(unname(children), names(children), attr),
    sparse = restore_sparse(unname(children), attr, about[2]),
    object = restore_object(unname(children), about[2]),
    attributes = restore_attributes(children),
    native = restore_native(children, attr),
    abort_corrupt(paste0("there is no node of type '", type, "'"))
  )
}

restore_as_is <- function(x, attr) {
  if (!is.null(attr$class$r)) class(x) <- unique(c(unlist(attr$class$r), oldClass(x)))
  x
}

# Names from one index level; several levels are joined by a point.
restore_named <- function(children, attr) {
  if (length(children) == 0) abort_corrupt("a named vector has no vector")
  x <- children[[1]]
  levels <- children[-1]
  if (!is.null(attr$range)) {
    range <- attr$range
    levels <- list(range$start + range$step * (seq_len(NROW(x)) - 1))
  }
  if (length(levels) == 0) return(x)
  if (!all(vapply(levels, NROW, 1) == NROW(x))) abort_corrupt("names and values differ in length")
  if (length(levels) > 1 || !is.character(levels[[1]])) note_value("levels_as_text", "", "index")
  texts <- lapply(levels, level_text)
  names <- if (length(texts) == 1) texts[[1]] else do.call(paste, c(texts, sep = "."))
  if (is.data.frame(x)) attr(x, "row.names") <- make.unique(ifelse(is.na(names), "NA", names)) else names(x) <- names
  x
}

level_text <- function(level) {
  if (is.data.frame(level)) return(do.call(paste, c(unname(as.list(level)), sep = ", ")))
  if (is.character(level)) return(level[seq_along(level)])
  text <- as.character(level)
  # 100000 and not 1e+05.
  if (is.numeric(level) && !is.object(level)) {
    whole <- which(abs(level) < 2^53 & level == trunc(level))
    text[whole] <- sprintf("%.0f", level[whole])
  }
  text
}

restore_array <- function(children, attr) {
  if (length(children) == 0) abort_corrupt("an array has no elements")
  x <- children[[1]]
  dim <- as.integer(unlist(attr$dim))
  fits <- !anyNA(dim) && prod(dim) == NROW(x)
  if (!fits) abort_corrupt("an array's dimensions do not fit its elements")
  # An array without dimensions is one value; a table has no others than its own.
  if (length(dim) == 0) return(x)
  if (is.data.frame(x)) return(table_array(x, dim, attr$order))
  if (identical(attr$order, "C") && length(dim) > 1) x <- transpose(x, dim) else dim(x) <- dim
  if (length(children) == 1) return(x)
  dimnames <- lapply(children[-1], \(names) if (!is.null(names)) level_text(names))
  if (!is.null(attr$dimnames_names)) names(dimnames) <- unlist(attr$dimnames_names)
  dimnames(x) <- dimnames
  x
}

# Elements in C order as an R array.
transpose <- function(x, dim) {
  kept <- attributes(x)
  x <- aperm(array(unclass(x), rev(dim)))
  attributes(x) <- c(kept, list(dim = dim))
  x
}

restore_attributes <- function(children) {
  if (length(children) != 2) abort_corrupt("attributes have not two children")
  x <- children[[1]]
  rest <- children[[2]]
  # dim before dimnames, class last: their setters look at the others.
  order <- unique(c(intersect(c("names", "dim", "dimnames"), names(rest)), setdiff(names(rest), "class"), "class"))
  for (name in intersect(order, names(rest))) attr(x, name) <- rest[[name]]
  with_own_pointer(x)
}

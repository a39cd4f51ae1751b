# A layout and its file -> R values (shared_spec/artifact.md). C makes the vectors; what needs R's own functions is here.

# The value of an artifact. `layout` is parsed JSON (section 5 of the specification). What R cannot hold exactly is
# announced by a warning of class rflow_warning_<code>. Errors: rflow_error_layout_invalid, rflow_error_artifact_version,
# rflow_error_integer_precision, and rflow_error_artifact_unsupported for text that R cannot hold.
values_read <- function(layout) {
  meta <- layout$metadata
  version <- meta$version
  if (!is.numeric(version) || length(version) != 1) abort_layout("the metadata name no version")
  if (version > 1) {
    abort_rflow(
      paste0("The artifact has format version ", version, ", and this rflow reads version 1."), "artifact_version",
      "Update rflow."
    )
  }
  found <- tryCatch(layout_value(layout, meta), error = abort_damaged)
  for (note in as.list(found$notes)) {
    note <- announcement(note)
    warn_rflow(note$message, note$code)
  }
  found$value
}

layout_value <- function(layout, meta) {
  found <- .Call(rflow_layout_read, layout)
  if (identical(meta$form, "tree")) return(found)
  names <- vapply(layout$columns, \(column) column$name, "")
  found$value <- table_restore(found$value, names, c(meta, if (is.null(meta$rows)) list(rows = layout$rows)))
  found
}

# Whatever R says of a value that cannot be put together (dimensions, levels, JSON that do not fit) comes from the layout.
abort_damaged <- function(cnd) {
  if (inherits(cnd, "rflow_error")) stop(cnd) else abort_layout(conditionMessage(cnd))
}

abort_layout <- function(what) abort_rflow(paste0("the layout is not valid: ", what), "layout_invalid")

# The text of an announcement, from its code, the column's name ("" if there is none) and the logical type.
announcement <- function(note) {
  what <- if (nzchar(note[2])) paste0("column '", note[2], "' (", note[3], ")") else paste0("the value (", note[3], ")")
  text <- switch(note[1],
    decimal_precision = "has more digits than R's numbers hold: convert it to text in Python if every digit counts",
    time_as_text = "arrives as text: R has no time of day; use a duration in Python for arithmetic",
    bigint_as_text = "arrives as text: its integers are larger than R's numbers; convert it in Python if it may be rounded",
    timestamp_precision = "is finer than can be kept: it is rounded; use round() if the last digits do not matter"
  )
  list(code = note[1], message = paste0(note[1], ": ", what, " ", text, "."))
}

# ---- called by C ----

codec_has_integer64 <- function() requireNamespace("bit64", quietly = TRUE)

# Levels of a category that are not text: text that keeps them apart.
codec_levels <- function(levels) {
  text <- as.character(levels)
  if (is.double(levels) && !is.object(levels) && anyDuplicated(text)) text <- format(levels, digits = 17, trim = TRUE)
  if (anyDuplicated(text)) make.unique(text) else text
}

# What a logical type's key `r` says beyond the storage.
codec_finish <- function(x, r) {
  tzone <- unlist(r$tzone)
  class <- unlist(r$class)
  if (inherits(x, "POSIXct") && !is.null(tzone)) attr(x, "tzone") <- tzone
  if (length(class) == 0) return(x)
  if (class[1] == "AsIs") {
    x <- codec_finish(x, list(class = class[-1], tzone = tzone, units = r$units))
    class(x) <- unique(c("AsIs", oldClass(x)))
    return(x)
  }
  restore_class(x, class, tzone, r$units)
}

restore_class <- function(x, class, tzone = NULL, units = NULL) {
  if (identical(class, "POSIXlt")) {
    x <- as.POSIXlt(x, tz = if (is.null(tzone)) "" else tzone[[1]])
    attr(x, "tzone") <- tzone
    return(x)
  }
  attr(x, "class") <- class
  if (!is.null(tzone) && inherits(x, "POSIXct")) attr(x, "tzone") <- tzone
  if (!is.null(units)) attr(x, "units") <- units
  x
}

# A packed list of a class that [[ ]] must keep: dates, factors.
codec_unpack <- function(values) lapply(seq_along(values), \(i) values[i])

# A node that is not a plain leaf or list, from its type, its attributes' text (NA: none) and its children.
codec_restore <- function(type, attr, children) {
  attr <- if (is.na(attr)) list() else jsonlite::parse_json(attr)
  switch(type,
    scalar = , vector = , packed = , list = , dict = restore_as_is(children, attr),
    named = restore_named(children, attr),
    array = restore_array(children, attr),
    table = table_restore(unname(children), names(children), attr),
    attributes = restore_attributes(children),
    native = restore_native(children, attr),
    abort_layout(paste0("there is no node of type '", type, "'"))
  )
}

restore_as_is <- function(x, attr) {
  if (!is.null(attr$class$r)) class(x) <- unique(c(unlist(attr$class$r), oldClass(x)))
  x
}

# Names from one index level; several levels are joined by a point.
restore_named <- function(children, attr) {
  if (length(children) == 0) abort_layout("a named vector has no vector")
  x <- children[[1]]
  levels <- children[-1]
  if (!is.null(attr$range)) {
    range <- attr$range
    levels <- list(range$start + range$step * (seq_along(x) - 1))
  }
  if (length(levels) == 0) return(x)
  if (!all(lengths(levels) == length(x))) abort_layout("names and values differ in length")
  names(x) <- if (length(levels) == 1) level_text(levels[[1]]) else do.call(paste, c(lapply(levels, level_text), sep = "."))
  x
}

level_text <- function(level) {
  if (is.character(level)) level[seq_along(level)] else as.character(level)
}

restore_array <- function(children, attr) {
  if (length(children) == 0) abort_layout("an array has no elements")
  x <- children[[1]]
  dim <- as.integer(unlist(attr$dim))
  if (length(dim) == 0 || anyNA(dim) || prod(dim) != length(x)) abort_layout("an array's dimensions do not fit its elements")
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
  if (length(children) != 2) abort_layout("attributes have not two children")
  x <- children[[1]]
  rest <- children[[2]]
  # dim before dimnames, class last: their setters look at the others.
  order <- unique(c(intersect(c("names", "dim", "dimnames"), names(rest)), setdiff(names(rest), "class"), "class"))
  for (name in intersect(order, names(rest))) attr(x, name) <- rest[[name]]
  with_own_pointer(x)
}

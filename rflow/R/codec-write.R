# R values -> a scratch file of column buffers and its layout (shared_spec/artifact.md, sections 4 and 5).
#
# C (src/exchange-walk.c) walks plain vectors and lists; for everything else it asks codec_describe().

# Write `value` to the scratch file at `path`. Returns list(layout, type, preview, warnings): the layout with the
# artifact's metadata, the value's class, a short text for people, and announcements of what could not be kept exactly.
# Errors: rflow_error_artifact_unsupported for values that no file can hold.
values_write <- function(value, path) {
  written <- with_notes(value_layout(value, path))
  layout <- written$value
  notes <- c(layout$notes, written$notes)
  layout$notes <- NULL
  list(
    layout = layout, type = class(value)[[1]], preview = value_preview(value),
    warnings = vapply(notes, \(note) announcement(note)$message, "", USE.NAMES = FALSE)
  )
}

# Text that is not valid in its encoding has no place outside of R: what holds it is kept as R's own object then.
value_layout <- function(value, path) {
  native <- function(cnd) write_layout(with_native_text(value), path)
  whole <- function(cnd) write_layout(native_node(value), path)
  tryCatch(
    tryCatch(write_layout(value, path), rflow_error_text_encoding = native), rflow_error_text_encoding = whole,
    rflow_pointer = \(cnd) refuse(value)
  )
}

write_layout <- function(value, path) {
  layout <- if (is_table(value)) table_write(value, path)
  if (is.null(layout)) tree_write(value, path) else layout
}

tree_write <- function(value, path) {
  written <- .Call(rflow_value_write, value, path)
  metadata <- list(version = 1L, kind = tree_kind(written$root), form = "tree", pools = written$pools)
  new_layout(path, written, 1L, metadata)
}

# What the value is, from the type of its root node (or of the value below `attributes`).
tree_kind <- function(root) {
  switch(root,
    null = , scalar = "scalar", vector = , named = "vector", packed = , list = "list", dict = , map = "dict",
    sparse = "array",
    root
  )
}

# The node of a value that is not a plain vector or list; `place` is what announcements name.
codec_describe <- function(x, place = "") {
  if (inherits(x, "rflow_native_proxy")) return(proxy_node(x))
  if (is_table(x)) return(frame_node(x))
  if (isS4(x) && is_sparse(x)) return(sparse_node(x))
  if (isS4(x) || is_handle(x) || is.data.frame(x)) return(native_node(x, place))
  if (typeof(x) == "list") return(list_node(x, place))
  if (is.atomic(x)) vector_node(x) else native_node(x, place)
}

frame_node <- function(x) {
  rest <- table_rest(x)
  if (length(rest)) attributes_node(table_node(x), rest) else table_node(x)
}

# A list with a class or other attributes: its content, if that is data; a model or object otherwise.
list_node <- function(x, place) {
  if (inherits(x, "POSIXlt")) {
    plan <- broken_down_plan(x)
    if (!is.null(plan)) return(new_leaf(if (length(x) == 1) "scalar" else "vector", plan$logical, plan$data))
    instants <- tryCatch(as.POSIXct(x), error = \(cnd) NULL)
    if (!is.null(instants)) return(object_node(x, instants))
  }
  if (is.object(x) && !.Call(rflow_is_data, x)) return(native_node(x, place))
  rest <- attributes(x)
  content <- x
  attributes(content) <- NULL
  if (!is.null(rest$names) && !all(is.na(rest$names))) {
    names(content) <- rest$names
    rest$names <- NULL
  }
  if (identical(rest, list(class = "AsIs")) && is.null(names(content))) {
    return(new_container("list", content, list(class = list(r = list("AsIs")))))
  }
  if (is.null(rest$dim)) return(attributes_node(content, rest))
  outer <- rest[setdiff(names(rest), c("dim", "dimnames"))]
  value <- array_node(new_container("list", content), rest)
  if (length(outer)) attributes_node(value, outer) else value
}

# `alone` FALSE: a column, which is a vector whatever its length, and whose names are an attribute.
vector_node <- function(x, alone = TRUE) {
  class <- attr(x, "class", exact = TRUE)
  if (identical(class[1], "AsIs")) return(as_is_node(x, class))
  plan <- vector_plan(x)
  rest <- plan$rest
  if (is.null(rest)) return(leaf_node(plan, alone))
  if (!is.null(rest$class) && inherits(x, c("factor", "Date", "POSIXct", "difftime"))) {
    return(derived_node(x, rest, alone))
  }
  inner <- if (!is.null(rest$dim)) c("dim", "dimnames") else if (alone) "names"
  if (is.raw(x) && any(inner %in% names(rest))) plan <- raw_plan(x)
  # From the outside in: attributes, then dimensions or names, then the vector itself.
  outer <- rest[setdiff(names(rest), inner)]
  value <- if (!is.null(rest$dim)) {
    array_node(plan_leaf("vector", plan), rest)
  } else if (alone && !is.null(rest$names)) {
    named_node(plan)
  } else {
    leaf_node(plan, alone)
  }
  if (length(outer)) attributes_node(value, outer) else value
}

# I(x): a vector also if it has length one.
as_is_node <- function(x, class) {
  oldClass(x) <- without_as_is(class)
  plan <- vector_plan(x)
  if (!is.null(plan$rest)) return(attributes_node(x, list(class = class)))
  plan_leaf("vector", plan, list(class = list(r = list("AsIs"))))
}

# A vector whose class builds on a known one (hms on difftime): the known one, then the attributes it lacks.
derived_node <- function(x, rest, alone) {
  known <- list(factor = c("ordered", "factor"), factor = "factor", Date = "Date",
    POSIXct = c("POSIXct", "POSIXt"), difftime = "difftime")
  class <- attr(x, "class", exact = TRUE)
  for (base in known) {
    if (!all(base %in% class) || identical(base, class)) next
    value <- x
    keep <- c("names", "dim", "dimnames", "levels", "tzone", "units")
    attributes(value) <- attributes(x)[intersect(names(attributes(x)), keep)]
    oldClass(value) <- base
    # A malformed one is not of that class: then it is a plain vector with attributes.
    if ("class" %in% names(vector_plan(value)$rest)) next
    other <- rest[setdiff(names(rest), c(keep, "class"))]
    return(attributes_node(vector_node(value, alone), c(other, list(class = class))))
  }
  plain <- x
  attributes(plain) <- NULL
  attributes_node(vector_node(plain, alone), attributes(x))
}

plan_leaf <- function(type, plan, attr = NULL) new_leaf(type, plan$logical, plan$data, attr)

leaf_node <- function(plan, alone = TRUE) {
  scalar <- is.raw(plan$data) || (alone && length(plan$data) == 1 && plan$logical$type != "category")
  plan_leaf(if (scalar) "scalar" else "vector", plan)
}

named_node <- function(plan) {
  names <- new_leaf("vector", list(type = "string"), plan$rest$names)
  new_container("named", list(plan_leaf("vector", plan), names), list(names = list(NULL)))
}

# `elements` is a node: a vector, or a list of any objects.
array_node <- function(elements, attributes) {
  dimnames <- attributes$dimnames
  levels <- lapply(dimnames, names_leaf)
  labels <- names(dimnames)
  attr <- list(dim = as.list(attributes$dim), order = "F")
  if (!is.null(labels)) attr$dimnames_names <- as.list(labels)
  new_container("array", c(list(elements), unname(levels)), attr)
}

# ---- text that is not valid in its encoding ----

# The value with everything that holds such text as native nodes, announced.
with_native_text <- function(x, place = "") {
  if (holds_invalid_text(x)) {
    note_value("text_as_native", place, class(x)[[1]])
    return(native_node(x, place))
  }
  if (!is.list(x) || (is.object(x) && !.Call(rflow_is_data, x))) return(x)
  names <- if (is.null(names(x))) rep("", length(x)) else names(x)
  items <- .mapply(
    \(item, name) with_native_text(item, if (is.na(name) || !nzchar(name)) place else name),
    list(unclass(x), names), NULL
  )
  attributes(items) <- attributes(x)
  items
}

# Text in the value itself or its attributes; the elements of a list are looked at by themselves.
holds_invalid_text <- function(x) {
  if (is.character(x) && any(is_invalid_text(x))) return(TRUE)
  inside <- \(part) is.list(part) && any(rapply(part, \(text) any(is_invalid_text(text)), "character"))
  any(vapply(attributes(x), \(part) inside(part) || holds_invalid_text(part), NA))
}

is_invalid_text <- function(x) {
  bytes <- Encoding(x) == "bytes"
  bytes[bytes] <- vapply(x[bytes], \(text) any(charToRaw(text) > 127), NA)
  bytes | !(validUTF8(x) | Encoding(x) == "latin1")
}

# R values -> a scratch file of column buffers and its layout (shared_spec/artifact.md, sections 4 and 5).
#
# C (src/exchange-walk.c) walks plain vectors and lists; for everything else it asks codec_describe().

# Write `value` to the scratch file at `path`. Returns list(layout, type, preview, warnings): the layout with the
# artifact's metadata, the value's class, a short text for people, and announcements of what could not be kept exactly.
# Errors: rflow_error_artifact_unsupported for values that no file can hold.
values_write <- function(value, path) {
  layout <- if (is.data.frame(value)) table_write(value, path)
  if (is.null(layout)) layout <- tree_write(value, path)
  notes <- layout$notes
  layout$notes <- NULL
  list(
    layout = layout, type = class(value)[[1]], preview = value_preview(value),
    warnings = vapply(notes, \(note) announcement(note)$message, "", USE.NAMES = FALSE)
  )
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
    root
  )
}

# The node of a value that is not a plain vector or list.
codec_describe <- function(x) {
  if (inherits(x, "rflow_native_proxy")) return(proxy_node(x))
  if (is.data.frame(x)) return(frame_node(x))
  if (isS4(x) || inherits(x, "connection")) return(native_node(x))
  if (typeof(x) == "list") return(list_node(x))
  if (is.atomic(x)) vector_node(x) else native_node(x)
}

frame_node <- function(x) {
  rest <- table_rest(x)
  if (length(rest)) attributes_node(table_node(x), rest) else table_node(x)
}

# A list with a class or other attributes: its content, if that is data; a model or object otherwise.
list_node <- function(x) {
  if (inherits(x, "POSIXlt")) {
    plan <- broken_down_plan(x)
    if (!is.null(plan)) return(new_leaf(if (length(x) == 1) "scalar" else "vector", plan$logical, plan$data))
  }
  if (is.object(x) && !.Call(rflow_is_data, x)) return(native_node(x))
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
  attributes_node(content, rest)
}

vector_node <- function(x) {
  class <- attr(x, "class", exact = TRUE)
  if (identical(class[1], "AsIs")) return(as_is_node(x, class))
  plan <- vector_plan(x)
  rest <- plan$rest
  if (is.null(rest)) return(leaf_node(plan))
  if (!is.null(rest$class) && inherits(x, c("factor", "Date", "POSIXct", "difftime"))) return(derived_node(x, rest))
  if (is.raw(x)) return(attributes_node(leaf_node(plan), rest))
  # From the outside in: attributes, then dimensions or names, then the vector itself.
  outer <- rest[setdiff(names(rest), if (is.null(rest$dim)) "names" else c("dim", "dimnames"))]
  value <- if (!is.null(rest$dim)) array_node(plan) else if (!is.null(rest$names)) named_node(plan) else leaf_node(plan)
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
derived_node <- function(x, rest) {
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
    return(attributes_node(value, c(rest[setdiff(names(rest), c(keep, "class"))], list(class = class))))
  }
  plain <- x
  attributes(plain) <- NULL
  attributes_node(plain, attributes(x))
}

plan_leaf <- function(type, plan, attr = NULL) new_leaf(type, plan$logical, plan$data, attr)

leaf_node <- function(plan) {
  scalar <- is.raw(plan$data) || (length(plan$data) == 1 && plan$logical$type != "category")
  plan_leaf(if (scalar) "scalar" else "vector", plan)
}

named_node <- function(plan) {
  names <- new_leaf("vector", list(type = "string"), plan$rest$names)
  new_container("named", list(plan_leaf("vector", plan), names), list(names = list(NULL)))
}

array_node <- function(plan) {
  dimnames <- plan$rest$dimnames
  levels <- lapply(dimnames, \(names) if (!is.null(names)) new_leaf("vector", list(type = "string"), names))
  labels <- names(dimnames)
  attr <- list(dim = as.list(plan$rest$dim), order = "F")
  if (!is.null(labels)) attr$dimnames_names <- as.list(labels)
  new_container("array", c(list(plan_leaf("vector", plan)), unname(levels)), attr)
}

# Parts that the codec files share: nodes and layouts (shared_spec/artifact.md, sections 4 and 5), and what is said of
# them.

# attr is a list that becomes canonical JSON.
new_leaf <- function(type, logical, data, attr = NULL) new_node(type, attr, logical, data)

# Children are values or nodes; their names are the nodes' names.
new_container <- function(type, children, attr = NULL) new_node(type, attr, NULL, children)

new_node <- function(type, attr, logical, data) {
  structure(
    list(type = type, attr = if (!is.null(attr)) unclass(.Call(rflow_json, attr)), logical = logical, data = data),
    class = "rflow_node"
  )
}

# The value, and R attributes that have no other place.
attributes_node <- function(value, rest) new_container("attributes", list(value, rest))

new_layout <- function(path, written, rows, metadata) {
  list(
    version = 1L, path = path, size = written$size, rows = rows, metadata = metadata, columns = written$columns,
    notes = as.list(written$notes)
  )
}

abort_corrupt <- function(what) {
  abort_rflow(
    paste0("this artifact is damaged: ", what), "artifact_corrupt", "Make it again by running the step that wrote it."
  )
}

# The text of an announcement, from its code, the column's name ("" if there is none) and the logical type.
announcement <- function(note) {
  what <- if (nzchar(note[2])) paste0("column '", note[2], "' (", note[3], ")") else paste0("the value (", note[3], ")")
  text <- switch(note[1],
    decimal_precision = "has more digits than R's numbers hold: convert it to text in Python if every digit counts",
    time_as_text = "arrives as text: R has no time of day; use a duration in Python for arithmetic",
    bigint_as_text = "arrives as text: R's numbers are too small for it; convert it in Python if it may be rounded",
    timestamp_precision = "is finer than can be kept: it is rounded; use round() if the last digits do not matter"
  )
  list(code = note[1], message = paste0(note[1], ": ", what, " ", text, "."))
}

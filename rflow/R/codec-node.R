# Parts that the codec files share: nodes and layouts (shared_spec/artifact.md, sections 4 and 5), and what is said of
# them.

# attr is a list that becomes canonical JSON.
new_leaf <- function(type, logical, data, attr = NULL) new_node(type, attr, logical, data)

# Children are values or nodes; their names are the nodes' names.
new_container <- function(type, children, attr = NULL) new_node(type, attr, NULL, children)

# Names of a dimension, or NULL.
names_leaf <- function(names) if (!is.null(names)) new_leaf("vector", list(type = "string"), names)

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


# Write lines to a flow file in a folder of its own; returns its path.
write_flow_file <- function(..., name = "flow.R", frame = parent.frame()) {
  folder <- withr::local_tempdir(.local_envir = frame)
  path <- file.path(normalizePath(folder), name)
  writeLines(c(...), path)
  path
}

# The flow `name` of a file with these lines, as its parsed graph.
graph_of_lines <- function(..., name = "TestFlow", frame = parent.frame()) {
  path <- write_flow_file(..., frame = frame)
  withr::defer(the$flows <- list())
  load_definitions(path)
  jsonlite::fromJSON(graph_json(find_flow(name)), simplifyVector = FALSE)
}

lines_of <- function(items) unlist(lapply(items, \(x) x$line))

# Messages without the place in the test's own file, for snapshots.
without_places <- function(lines) sub("^( *)/.*[.]R:[0-9]+: ", "\\1", lines)

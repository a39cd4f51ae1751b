# Values on their way through a scratch file and back.

# A layout as the other side would send it: as JSON text.
over_the_wire <- function(layout) jsonlite::parse_json(.Call(rflow_json, layout))

write_layout <- function(value, path = withr::local_tempfile(.local_envir = parent.frame())) {
  over_the_wire(values_write(value, path)$layout)
}

round_trip <- function(value) {
  path <- tempfile()
  on.exit(unlink(path))
  values_read(write_layout(value, path))
}

expect_round_trip <- function(value) {
  label <- paste(deparse(substitute(value), nlines = 1), collapse = "")
  found <- round_trip(value)
  expect(identical(found, value), paste0(label, " came back as:\n", paste(capture.output(str(found)), collapse = "\n")))
  invisible(found)
}

# The logical type that a vector is written with.
logical_of <- function(value) vector_plan(value)$logical

# The types of a value's nodes, in order, read from its layout without the reader under test.
node_types <- function(value) {
  layout <- write_layout(value)
  types <- layout$columns[[1]]$children[[1]]$children[[2]]
  bytes <- readBin(layout$path, "raw", layout$size)
  part <- \(buffer) bytes[buffer[[1]] + seq_len(buffer[[2]])]
  offsets <- readBin(part(types$buffers[[2]]), "integer", 2 * (types$length + 1), size = 4)[c(TRUE, FALSE)]
  substring(rawToChar(part(types$buffers[[3]])), head(offsets, -1) + 1, offsets[-1])
}

# Artifacts of the client, and `data`, which reads them by name. What is printed comes from the metadata: no value is
# opened for it.

new_artifact <- function(row, owner) new_client("artifact", row = row, owner = owner)

named_artifacts <- function(rows, owner) {
  by_name(lapply(rows, new_artifact, owner), vapply(rows, \(row) row$name, ""))
}

#' @exportS3Method
client_properties.rflow_client_artifact <- function(x) {
  row <- \(name) \(x) field(x, "row")[[name]]
  list(
    name = row("name"),
    pathspec = \(x) paste(field(x, "owner"), field(x, "row")$name, sep = "/"),
    kind = row("kind"),
    class = row("type"),
    size = row("size"),
    preview = row("preview"),
    digest = row("digest"),
    value = \(x) artifact_value(field(x, "row")),
    data = \(x) artifact_value(field(x, "row"))
  )
}

#' @exportS3Method
client_details.rflow_client_artifact <- function(x) {
  c(artifact_line(field(x, "row")), paste("preview:", field(x, "row")$preview))
}

# Read an artifact's value from the store.
artifact_value <- function(row) values_read(bridge_ask("layout", digest = row$digest))

artifact_line <- function(row) {
  paste0(row$kind, if (length(row$type) && nzchar(row$type)) paste0(" <", row$type, ">"), ", ", size_text(row$size))
}

size_text <- function(bytes) format(structure(bytes, class = "object_size"), units = "auto", standard = "SI")

# Artifacts by name, read when they are asked for. `owner` is the pathspec of the run or task.
new_data <- function(rows, owner) {
  structure(list(rows = by_name(rows, vapply(rows, \(row) row$name, "")), owner = owner), class = "rflow_data")
}

data_rows <- function(x) .subset2(x, "rows")

# One artifact of the data, unread.
data_artifact <- function(x, name) {
  rows <- data_rows(x)
  check_text(name, "the artifact's name")
  if (!is.null(rows[[name]])) return(new_artifact(rows[[name]], .subset2(x, "owner")))
  near <- nearest_name(name, names(rows))
  abort_rflow(
    paste0(.subset2(x, "owner"), " has no artifact `", name, "`."), "not_found",
    if (is.null(near)) paste("It has:", paste(names(rows), collapse = ", ")) else paste0("Did you mean `", near, "`?")
  )
}

#' @export
`$.rflow_data` <- function(x, name) data_artifact(x, name)$value

#' @export
`[[.rflow_data` <- function(x, i) data_artifact(x, i)$value

#' @export
`$<-.rflow_data` <- function(x, name, value) abort_rflow("Artifacts cannot be changed.", "read_only")

#' @export
`[[<-.rflow_data` <- function(x, i, value) abort_rflow("Artifacts cannot be changed.", "read_only")

#' @export
names.rflow_data <- function(x) names(data_rows(x))

#' @export
length.rflow_data <- function(x) length(data_rows(x))

#' @export
as.list.rflow_data <- function(x, ...) lapply(data_rows(x), artifact_value)

#' @importFrom utils .DollarNames
#' @export
.DollarNames.rflow_data <- function(x, pattern = "") grep(pattern, names(x), value = TRUE)

#' @importFrom utils str
#' @export
str.rflow_data <- function(object, ...) print(object)

#' @export
print.rflow_data <- function(x, ...) {
  cli::cat_line(cli::style_bold("data"), " of ", .subset2(x, "owner"))
  for (row in data_rows(x)) cli::cat_line("  ", format(row$name), "  ", artifact_line(row), "  ", row$preview)
  invisible(x)
}

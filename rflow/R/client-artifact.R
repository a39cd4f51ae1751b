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
    sha = row("digest"),
    scalar = row("scalar"),
    inherited = row("inherited"),
    path_components = \(x) path_parts(x),
    parent = \(x) artifact_task(x),
    tags = \(x) artifact_task(x)$tags,
    is_in_namespace = \(x) tags_in_namespace(x$tags),
    lineage = \(x) lineage(x),
    path = \(x) bridge_ask("path", digest = field(x, "row")$digest),
    columns = \(x) \(...) artifact_columns(field(x, "row"), c(...)),
    value = \(x) artifact_value(field(x, "row"), field(x, "owner")),
    data = \(x) artifact_value(field(x, "row"), field(x, "owner"))
  )
}

#' @exportS3Method
client_details.rflow_client_artifact <- function(x) {
  c(artifact_line(field(x, "row")), paste("preview:", field(x, "row")$preview))
}

# Read an artifact's value from the store. `owner` is the pathspec of the run or task that has it.
artifact_value <- function(row, owner) {
  run <- paste(utils::head(strsplit(owner, "/", fixed = TRUE)[[1]], 2), collapse = "/")
  origin <- paste0(if (isTRUE(row$inherited)) "passed on by ", "step ", row$step, " of run ", run)
  pathspec <- paste(owner, row$name, sep = "/")
  with_origin(values_read(bridge_ask("layout", digest = row$digest, pathspec = pathspec)), origin)
}

# Some columns of a table, without reading the others.
artifact_columns <- function(row, columns) {
  check_columns(columns)
  layout <- bridge_ask("layout", digest = row$digest, columns = as.list(columns))
  chosen_columns(values_read(layout), columns)
}

check_columns <- function(columns) {
  if (is.character(columns) && !anyNA(columns)) return(invisible())
  abort_rflow(paste0("$columns() takes names of columns, not ", describe_value(columns), "."), "definition")
}

# What was read, with these columns alone. Where the columns are buffers of their own, no other has been read; a table
# with columns of any objects has been read as a whole.
chosen_columns <- function(table, columns) {
  if (!is.data.frame(table)) {
    abort_rflow(
      paste0("this artifact is ", describe_value(table), ", which has no columns"), "not_a_table",
      "Only of tables some columns can be read; read the value as a whole."
    )
  }
  if (identical(unique(names(table)), unique(columns))) return(table)
  missing <- setdiff(columns, names(table))
  if (length(missing)) {
    near <- nearest_name(missing[1], names(table))
    known <- paste("Its columns are:", paste(names(table), collapse = ", "))
    hint <- if (is.null(near)) known else paste0("Did you mean `", near, "`?")
    abort_rflow(paste0("this table has no column `", missing[1], "`"), "column_missing", hint)
  }
  if (!inherits(table, "data.table")) return(table[columns])
  # This package is not one for which data.table's own `[` works.
  with_own_pointer(structure(unclass(table)[columns], class = class(table), row.names = attr(table, "row.names")))
}

# The task that has the artifact.
artifact_task <- function(x) {
  place <- as.list(path_parts(x)[1:2])
  row <- field(x, "row")
  run <- new_client("run", row = bridge_ask("run", flow = place[[1]], run = place[[2]]))
  rows <- bridge_ask("tasks", flow = place[[1]], run = place[[2]], step = row$step)
  new_client("task", run = run, row = Find(\(other) identical(other$task, row$task), rows))
}

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
as.list.rflow_data <- function(x, ...) lapply(data_rows(x), artifact_value, .subset2(x, "owner"))

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

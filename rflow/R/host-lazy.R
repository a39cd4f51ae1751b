# `lazy(self)`: the artifacts of a step without their values.

#' Artifacts without their values
#'
#' `self$big` is the value, read as a whole. `lazy(self)$big` is the stored artifact: it can be described, and of a table some
#' columns can be read without the others.
#'
#' @param owner The step's `self`, or one of a join's `inputs`.
#' @returns An object whose elements, by name, are artifacts with the properties `name`, `kind`, `class`, `size` (bytes),
#'   `digest`, `preview`, `path` (the local Arrow file, checked), `value` (the same as `data`) and `columns`, a function of
#'   column names that gives a table of these columns, of the class that the artifact has.
#' @section Errors: `rflow_error_artifact_missing` for a name that is not stored, `rflow_error_column_missing` for a column
#'   that is not there, `rflow_error_not_a_table` for `columns` of a value that is no table.
#' @examples
#' work <- function(self) {
#'   some <- lazy(self)$big$columns(c("a", "b"))
#'   cat("of", lazy(self)$big$size, "bytes only two columns were read:", names(some), "\n")
#' }
#' @export
lazy <- function(owner) {
  if (inherits(owner, "rflow_self")) {
    task <- self_task(owner)
    return(new_lazy(task, NULL, setdiff(task_names(task), task$assigned)))
  }
  if (inherits(owner, "rflow_input")) {
    return(new_lazy(.subset2(owner, ".task"), .subset2(owner, ".number"), .subset2(owner, ".names")))
  }
  what <- paste0("lazy() needs the step's `self` or one of its inputs, not ", describe_value(owner), ".")
  abort_rflow(what, "definition")
}

new_lazy <- function(task, input, names) structure(list(task = task, input = input, names = names), class = "rflow_lazy")

#' @export
`$.rflow_lazy` <- function(x, name) new_stored(unclass(x), name)

#' @export
`[[.rflow_lazy` <- function(x, i, ...) {
  check_text(i, "lazy(...)[[...]]: the name")
  new_stored(unclass(x), i)
}

#' @export
names.rflow_lazy <- function(x) sort(.subset2(x, "names"))

#' @export
length.rflow_lazy <- function(x) length(.subset2(x, "names"))

#' @export
as.list.rflow_lazy <- function(x, ...) by_name(lapply(names(x), \(name) new_stored(unclass(x), name)), names(x))

#' @export
.DollarNames.rflow_lazy <- function(x, pattern = "") grep(pattern, names(x), value = TRUE)

#' @export
print.rflow_lazy <- function(x, ...) {
  cat("<lazy>", named_line("artifacts", names(x)), sep = "\n")
  invisible(x)
}

new_stored <- function(lazy, name) {
  task <- lazy$task
  if (is.null(lazy$input) && name %in% task$assigned) {
    abort_rflow(
      paste0("`", name, "` was set in this step and is stored when it ends."), "artifact_missing",
      paste0("Use self$", name, ".")
    )
  }
  if (!name %in% lazy$names) abort_missing(name, sort(lazy$names), task$run$step)
  new_client("stored", task = task, input = lazy$input, name = name)
}

#' @exportS3Method
client_properties.rflow_client_stored <- function(x) {
  told <- \(name) \(x) stored_ask(x)[[name]]
  value <- \(x) stored_value(x)
  list(
    name = \(x) field(x, "name"), kind = told("kind"), class = told("type"), size = told("size"), digest = told("digest"),
    preview = told("preview"), path = \(x) stored_ask(x, path = TRUE)$path, value = value, data = value,
    columns = \(x) \(...) stored_columns(x, c(...)),
    pathspec = \(x) field(x, "name")
  )
}

#' @exportS3Method
client_details.rflow_client_stored <- function(x) {
  row <- stored_ask(x)
  c(artifact_line(row), paste("preview:", row$preview))
}

stored_ask <- function(x, path = FALSE) {
  request <- list(op = "describe", name = field(x, "name"), input = field(x, "input"), path = path)
  wire_ask(field(x, "task")$fd, request)$artifact
}

# The same value that `self` or the input gives, loaded once.
stored_value <- function(x) {
  task <- field(x, "task")
  if (is.null(field(x, "input"))) return(task_get(task, field(x, "name")))
  input_get(new_input(task, field(x, "input") + 1L), field(x, "name"))
}

stored_columns <- function(x, columns) {
  check_columns(columns)
  name <- field(x, "name")
  request <- list(op = "load", name = name, input = field(x, "input"), columns = as.list(columns))
  what <- paste0("artifact `", name, "`")
  value <- task_read(field(x, "task"), request, what)
  tryCatch(chosen_columns(value, columns), rflow_error = \(cnd) abort_value(what, cnd))
}

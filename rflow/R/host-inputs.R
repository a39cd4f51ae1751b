# `inputs` of a join: a list with one object for each input task, whose artifacts are loaded when they are used.

# Inputs of a branch are named by their steps. Inputs of a foreach all come from one step and have no names.
new_inputs <- function(task) {
  inputs <- lapply(seq_along(task$run$inputs), \(i) new_input(task, i))
  steps <- vapply(task$run$inputs, \(entry) entry$step, "")
  if (length(steps) > 1 && !anyDuplicated(steps)) names(inputs) <- steps
  structure(inputs, class = "rflow_inputs")
}

new_input <- function(task, i) {
  entry <- task$run$inputs[[i]]
  data <- list(.task = task, .number = i - 1L, .step = entry$step, .names = as.character(unlist(entry$names)))
  structure(list2env(data, parent = emptyenv()), class = "rflow_input")
}

input_get <- function(input, name) {
  if (name == "name") return(.subset2(input, ".step"))
  names <- .subset2(input, ".names")
  if (!name %in% names) abort_missing(name, names, .subset2(input, ".step"))
  task <- .subset2(input, ".task")
  number <- .subset2(input, ".number")
  key <- loaded_key(name, number)
  if (exists(key, envir = task$loaded, inherits = FALSE)) return(get(key, envir = task$loaded)$value)
  task_load(task, name, number)
}

#' @export
`$.rflow_input` <- function(x, name) input_get(x, name)

#' @export
`[[.rflow_input` <- function(x, i, ...) {
  check_text(i, "an input's [[...]]: the name")
  input_get(x, i)
}

#' @export
`$<-.rflow_input` <- function(x, name, value) {
  abort_rflow(
    paste0("`", name, "` cannot be set on an input: the step it comes from has ended."), "artifact_read_only",
    paste0("Set it on self: self$", name, " <- ...")
  )
}

#' @export
`[[<-.rflow_input` <- function(x, i, value) `$<-.rflow_input`(x, i, value)

#' @export
names.rflow_input <- function(x) sort(.subset2(x, ".names"))

#' @export
length.rflow_input <- function(x) length(names(x))

#' @export
as.list.rflow_input <- function(x, ...) {
  names <- names(x)
  values <- lapply(names, \(name) input_get(x, name))
  names(values) <- names
  values
}

#' @export
print.rflow_input <- function(x, ...) {
  cat(paste0("<input from step ", .subset2(x, ".step"), ">"), named_line("artifacts", names(x)), sep = "\n")
  invisible(x)
}

# Without partial matching, and with an error in place of NULL.
#' @export
`$.rflow_inputs` <- function(x, name) {
  if (!name %in% names(x)) abort_input(name, names(x))
  .subset2(x, name)
}

#' @export
`[[.rflow_inputs` <- function(x, i, ...) {
  if (is.character(i) && length(i) == 1) return(`$.rflow_inputs`(x, i))
  if (!is.numeric(i) || length(i) != 1 || is.na(i) || i < 1 || i > length(x)) {
    what <- paste0("There are ", length(x), " inputs, numbered from 1; none is ", describe_value(i), ".")
    abort_rflow(what, "input_missing")
  }
  .subset2(x, i)
}

#' @export
`[.rflow_inputs` <- function(x, i) structure(unclass(x)[i], class = "rflow_inputs")

#' @export
print.rflow_inputs <- function(x, ...) {
  cat(paste0("<", length(x), " inputs>"), sep = "\n")
  for (input in unclass(x)) cat("  from step", .subset2(input, ".step"), "\n")
  invisible(x)
}

abort_input <- function(name, names) {
  if (is.null(names)) {
    abort_rflow(
      paste0("The inputs of a foreach have no names, so there is no `", name, "`."), "input_missing",
      "Use inputs[[1]], or gather_inputs(inputs, \"x\") for a value of each."
    )
  }
  near <- nearest_name(name, names)
  known <- paste0("They are: ", paste(names, collapse = ", "), ".")
  hint <- if (is.null(near)) known else paste0("Did you mean `", near, "`?")
  abort_rflow(paste0("No input comes from a step `", name, "`."), "input_missing", hint)
}

#' One artifact of all inputs
#'
#' @param inputs The `inputs` of a join.
#' @param input Name of an artifact (text) that every input has.
#' @returns A list with the artifact's value in each input, in the order of the inputs; named by their steps after a
#'   branch.
#' @section Errors: `rflow_error_artifact_missing` when an input has no such artifact.
#' @examples
#' join <- function(self, inputs) {
#'   self$total <- sum(unlist(gather_inputs(inputs, "result")))
#' }
#' @export
gather_inputs <- function(inputs, input) {
  check_inputs(inputs, "gather_inputs()")
  check_text(input, "gather_inputs(): `input`")
  lapply(unclass(inputs), \(x) input_get(x, input))
}

#' Take over the artifacts that the inputs of a join agree on
#'
#' Artifacts that are the same in all inputs that have them become artifacts of this step, without being read.
#' Artifacts that are already set on `self`, and parameters, are left alone.
#'
#' @param flow The step's `self`.
#' @param inputs The `inputs` of the join.
#' @param exclude Names (character vector or list) of artifacts to leave out.
#' @param include Names of the only artifacts to take over. Not together with `exclude`.
#' @returns The names that were taken over, invisibly.
#' @section Errors: `rflow_error_merge_conflict` when an artifact differs between the inputs,
#'   `rflow_error_merge_missing` when an input lacks one of `include`. Nothing is taken over then.
#' @examples
#' join <- function(self, inputs) {
#'   self$best <- max(unlist(gather_inputs(inputs, "score")))
#'   merge_artifacts(self, inputs, exclude = "score")
#' }
#' @export
merge_artifacts <- function(flow, inputs, exclude = NULL, include = NULL) {
  check_self(flow, "merge_artifacts()")
  check_inputs(inputs, "merge_artifacts()")
  task <- self_task(flow)
  answer <- wire_ask(task$fd, list(
    op = "merge", include = as.list(as.character(unlist(include))), exclude = as.list(as.character(unlist(exclude))),
    set = as.list(task$assigned)
  ))
  merged <- as.character(unlist(answer$names))
  task$known <- union(task$known, merged)
  task$removed <- setdiff(task$removed, merged)
  invisible(merged)
}

check_inputs <- function(x, what) {
  if (inherits(x, "rflow_inputs")) return(invisible())
  abort_rflow(paste0(what, " needs the `inputs` of a join, not ", describe_value(x), "."), "definition")
}

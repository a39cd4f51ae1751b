# `self`: the artifacts of a step as the user sees them. `self$x` reads, `self$x <- v` sets.
# The object is an environment that holds the task under one hidden name; `$` never looks there.

new_self <- function(task) structure(list2env(list(.task = task), parent = emptyenv()), class = "rflow_self")

# A `self` that a model or function took along into an artifact has no task any more (codec-native.R).
self_task <- function(self) {
  task <- .subset2(self, ".task")
  if (!is.null(task)) return(task)
  abort_rflow(
    "This `self` belongs to a step that has ended.", "artifact_missing",
    "Give the function what it needs of the step as arguments, or copy it into variables before."
  )
}

self_get <- function(self, name) {
  task <- self_task(self)
  switch(name,
    # The flow's name, where it has no value of this name.
    name = if ("name" %in% task_names(task)) task_get(task, name) else task$run$flow,
    index = foreach_index(task),
    input = foreach_input(task),
    inputs = if (isTRUE(task$run$join)) new_inputs(task) else task_get(task, name),
    task_get(task, name)
  )
}

foreach_index <- function(task) {
  index <- task$run$current$parallel$node_index
  if (is.null(index)) index <- task$run$foreach$index
  if (is.null(index)) NULL else as.integer(index)
}

# The item of the innermost foreach, loaded at the first use; in a gang the number of the task; NULL outside.
foreach_input <- function(task) {
  if (!is.null(task$run$current$parallel)) return(foreach_index(task))
  if (!isTRUE(task$run$foreach$has_input)) return(NULL)
  if (!exists("item", envir = task, inherits = FALSE)) {
    task$item <- task_read(task, list(op = "load_item"), "`input`")
  }
  task$item
}

#' @export
`$.rflow_self` <- function(x, name) self_get(x, name)

#' @export
`[[.rflow_self` <- function(x, i, ...) {
  check_text(i, "self[[...]]: the name")
  self_get(x, i)
}

#' @export
`$<-.rflow_self` <- function(x, name, value) {
  task_set(self_task(x), name, value)
  invisible(x)
}

#' @export
`[[<-.rflow_self` <- function(x, i, value) {
  check_text(i, "self[[...]]: the name")
  task_set(self_task(x), i, value)
  invisible(x)
}

#' @export
names.rflow_self <- function(x) task_names(self_task(x))

#' @export
length.rflow_self <- function(x) length(names(x))

#' @export
as.list.rflow_self <- function(x, ...) {
  names <- names(x)
  values <- lapply(names, \(name) self_get(x, name))
  names(values) <- names
  values
}

#' @export
print.rflow_self <- function(x, ...) {
  task <- self_task(x)
  foreach <- task$run$foreach
  lines <- c(
    paste0("<self of step ", task$run$step, ">"), named_line("artifacts", setdiff(names(x), task$read_only)),
    named_line("set here", task$assigned), named_line("read-only", task$read_only),
    if (!is.null(foreach$count)) paste0("  foreach:   item ", foreach$index, " of ", foreach$count, " (from 0)")
  )
  cat(lines, sep = "\n")
  invisible(x)
}

named_line <- function(label, names) {
  if (length(names)) paste0("  ", formatC(paste0(label, ":"), width = -11), paste(names, collapse = ", "))
}

#' The open foreach splits of a task
#'
#' @param self The step's `self`.
#' @returns A list with one entry for each foreach around the task, from the outside in: a list of `step` (the step that
#'   split), `variable` (the artifact it split over), `index` (counted from 0), `count` and `input` (the item). A gang counts
#'   too, with the number of the task as `index` and `input`; its `variable` and `count` are `NULL`. Empty outside of both.
#' @examples
#' work <- function(self) {
#'   for (level in foreach_stack(self)) cat(level$variable, level$index, "of", level$count, "\n")
#' }
#' @export
foreach_stack <- function(self) {
  check_self(self, "foreach_stack()")
  task <- self_task(self)
  stack <- task$run$foreach$stack
  lapply(seq_along(stack), \(number) {
    level <- stack[[number]]
    index <- as.integer(level$index)
    if (is.null(level$count)) return(list(step = level$step, variable = NULL, index = index, count = NULL, input = index))
    list(
      step = level$step, variable = level$variable, index = index, count = as.integer(level$count),
      input = task_read(task, list(op = "load_item", frame = number - 1L), paste("foreach item of level", number))
    )
  })
}

#' Take artifacts off a step
#'
#' The artifacts do not go on to the steps that follow.
#'
#' @param self The step's `self`.
#' @param ... Names of artifacts (text).
#' @returns `self`, invisibly.
#' @section Errors: `rflow_error_artifact_missing` for a name that `self` does not have,
#'   `rflow_error_artifact_read_only` for a parameter or constant.
#' @examples
#' tidy <- function(self) remove_artifacts(self, "raw_lines")
#' @export
remove_artifacts <- function(self, ...) {
  check_self(self, "remove_artifacts()")
  for (name in c(...)) {
    check_text(name, "remove_artifacts(): a name")
    task_remove(self_task(self), name)
  }
  invisible(self)
}

check_self <- function(x, what) {
  if (inherits(x, "rflow_self")) return(invisible())
  abort_rflow(paste0(what, " needs the step's `self` first, not ", describe_value(x), "."), "definition")
}

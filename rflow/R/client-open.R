# Runs, steps, tasks and artifacts by their names, as Metaflow's R package opens them.

#' Open a run, step, task or artifact by its name
#'
#' The same objects that [flow_client()] leads to.
#'
#' @param run The run's name, `"MyFlow/1764000000000000"`, or one row of [runs()].
#' @param step,task,artifact The name of a step (`"MyFlow/17.../fit"`), a task (`"MyFlow/17.../fit/3"`, or one row of
#'   [tasks()]), an artifact (`"MyFlow/17.../fit/3/model"`, or one row of [artifacts()]).
#' @param attempt The number of a try, from 0, whose state, logs and artifacts are wanted instead of the last one's.
#' @returns An object of class `rflow_client_run`, `rflow_client_step`, `rflow_client_task` or `rflow_client_artifact`.
#' @section Errors: `rflow_error_not_found`, `rflow_error_pathspec_invalid`, `rflow_error_namespace_mismatch`.
#' @examples
#' if (interactive()) {
#'   run_client("MyFlow/1764000000000000")$data$x
#'   task_client(tasks(where = "status = 'failed'", limit = 1))$stderr
#' }
#' @export
run_client <- function(run) {
  place <- named_place(run, c("flow", "run"), "run_client()")
  new_run(bridge_ask("run", flow = place[1], run = place[2]))
}

#' @rdname run_client
#' @export
step_client <- function(step) {
  place <- named_place(step, c("flow", "run", "step"), "step_client()")
  client_step(run_client(paste(place[1:2], collapse = "/")), place[3])
}

#' @rdname run_client
#' @export
task_client <- function(task, attempt = NULL) {
  place <- named_place(task, c("flow", "run", "step", "task"), "task_client()")
  found <- step_client(paste(place[1:3], collapse = "/"))[[place[4]]]
  if (is.null(attempt)) found else found$attempt(attempt)
}

#' @rdname run_client
#' @export
artifact_client <- function(artifact) {
  place <- named_place(artifact, c("flow", "run", "step", "task", "name"), "artifact_client()")
  task_client(paste(place[1:4], collapse = "/"))[[place[5]]]
}

# The parts of a name, or of a row with columns of these names.
named_place <- function(x, columns, what) {
  if (is.data.frame(x) && all(columns %in% names(x))) {
    if (nrow(x) == 1) return(vapply(columns, \(column) as.character(x[[column]]), "", USE.NAMES = FALSE))
    abort_rflow(paste0(what, " takes one row, not ", nrow(x), "."), "pathspec_invalid", "Choose one, as in found[1, ].")
  }
  check_text(x, paste0(what, ": the name"))
  parts <- strsplit(x, "/", fixed = TRUE)[[1]]
  if (length(parts) == length(columns) && all(nzchar(parts))) return(parts)
  abort_rflow(
    paste0(what, ": \"", x, "\" is not of the form \"", paste(columns, collapse = "/"), "\"."), "pathspec_invalid"
  )
}

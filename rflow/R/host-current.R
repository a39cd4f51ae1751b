#' Who this task is
#'
#' In a step, `current()` tells which flow, run and task is running: `current("run_id")`. Outside of a run only
#' `is_running_flow` is known, and it is `FALSE`.
#'
#' @param value One of `"is_running_flow"`, `"flow_name"`, `"run_id"`, `"step_name"`, `"task_id"`, `"retry_count"`,
#'   `"origin_run_id"`, `"pathspec"`, `"namespace"`, `"username"`, `"tags"`, `"parameter_names"`, `"iteration"` (how
#'   often the innermost loop was gone through before), `"is_parallel"`, `"parallel"` (in a gang, a list of `main_ip`,
#'   `num_nodes`, `node_index`, from 0, and `control_task_id`); or `NULL`, the default, for all of these. Beyond them
#'   `"run"` and `"task"` are the running task's run and itself as [flow_client()] shows them, `"graph"` is `run$graph`.
#' @returns The value, or a named list of all values. Values that do not apply are `NULL`.
#' @section Errors: `rflow_error_current_unknown` for another name.
#' @examples
#' current("is_running_flow")
#' @export
current <- function(value = NULL) {
  values <- the$current
  if (is.null(values)) values <- list(is_running_flow = FALSE)
  if (is.null(value)) return(values)
  check_text(value, "current(): `value`")
  if (value %in% names(current_objects) && isTRUE(values$is_running_flow)) return(current_objects[[value]](values))
  names <- c(current_names, names(current_objects))
  if (!value %in% names) {
    near <- nearest_name(value, names)
    known <- paste("It knows:", paste(names, collapse = ", "))
    hint <- if (is.null(near)) known else paste0("Did you mean `", near, "`?")
    abort_rflow(paste0("current() knows no `", value, "`."), "current_unknown", hint, call = sys.call())
  }
  values[[value]]
}

current_names <- c(
  "is_running_flow", "flow_name", "run_id", "step_name", "task_id", "retry_count", "origin_run_id", "pathspec",
  "namespace", "username", "tags", "parameter_names",
  "iteration", "is_parallel", "parallel",
  "project_name", "branch_name", "project_flow_name", "is_user_branch", "is_production", "status"
)

# Looked up when they are asked for: a task starts Python only then.
current_objects <- list(
  run = \(values) run_client(paste(values$flow_name, values$run_id, sep = "/")),
  task = \(values) task_client(values$pathspec),
  graph = \(values) current_objects$run(values)$graph,
  graph_info = \(values) current_objects$run(values)$graph
)

# The `current` part of a run message: lists of texts become character vectors, objects stay named lists.
current_values <- function(message) {
  lapply(message, \(x) if (is.list(x) && is.null(names(x))) as.character(unlist(x)) else x)
}

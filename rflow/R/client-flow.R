#' Results of a flow
#'
#' `flow_client()` gives access to the runs of a flow, written in R or in Python. Nothing is read before it is asked
#' for. The store is the folder `.pyflow` of the working directory, or of the nearest folder above it that has one.
#'
#' * A flow has `name`, `pathspec`, `latest_run`, `latest_successful_run`, `runs` and `run(id)`.
#' * A run has `id`, `pathspec`, `status`, `successful`, `finished`, `created_at`, `finished_at`, `username`, `tags` (`user_tags`,
#'   `system_tags`), `add_tag(...)`, `remove_tag(...)`, `replace_tag(remove, add)`, `origin` (the run that it resumes), `steps`,
#'   `step(name)`, `tasks`, `end_task`, `parameters`, `data`, `artifacts`, `exception`, `code`, `info` (host, versions, command), `graph` and
#'   `spin` (run, step and task that it repeats).
#' * A run's code has `digest`, `files` (sizes by name), `flow_file`, `git` (commit, branch, dirty), `file(name)` (a text),
#'   `diff(other)` (what has changed since: in run `other`, or by default in the flow's folder) and `extract(folder)`.
#' * A step has `name`, `pathspec`, `tasks`, `task` (the first one), `parent_steps`, `child_steps`, `environment_info`, `created_at`,
#'   `finished_at` and `run`.
#' * A task has `id`, `pathspec`, `status`, `successful`, `finished`, `created_at`, `finished_at`, `index` (from 0, in a
#'   foreach), `iteration`, `attempts` (a data frame of its tries), `current_attempt` (from 0), `attempt(number)` (the task as of a
#'   try), `parent_tasks`, `child_tasks`, `origin_pathspec` (the task that did the work, if it was taken over from a resumed run),
#'   `warnings`, `data`, `artifacts`, `stdout`, `stderr`, `log` (a data frame of lines of both streams, with `time`, `stream`, `text`),
#'   `loglines(stream)`, `stdout_size`, `stderr_size`, `exception`, `metadata_dict` (how it was carried out), `environment_info`,
#'   `runtime_name`, `code`, `step` and `run`.
#' * An artifact has `name`, `pathspec`, `kind`, `class`, `size` (in bytes), `preview`, `digest`, `scalar` (the value of a number, short
#'   text or logical, unopened), `inherited`, `lineage` (see [lineage()]) and `value` (also as `data`).
#' * All have `parent`, `path_components`, `tags` and `is_in_namespace` (see [get_namespace()]).
#'
#' `x[["id"]]` is a part: a flow's run, a run's step, a step's task, a task's artifact. `data` holds the artifacts
#' (those of the last step, for a run) and reads one when it is named: `run$data$genre_stats`. Times are `POSIXct`, `NA`
#' for what has not ended. `latest_run`, `latest_successful_run`, `origin`, `origin_pathspec` and
#' `exception` are `NULL` where there is none.
#'
#' Values of R come back as they were, tables and vectors of Python as R's own types. An object that only Python can
#' open (a fitted model, say) comes as a proxy that shows its class, size and a preview.
#'
#' @param flow The flow's name (text).
#' @returns `flow_client()`: the flow, an object of class `rflow_client_flow`. `list_flows()`: names of all flows in the
#'   store (character).
#' @section Errors: `rflow_error_not_found` when there is no such flow, run, step, task, artifact or property,
#'   `rflow_error_artifact_corrupt` when a stored value is damaged, `rflow_error_python_missing` when there is no
#'   Python.
#' @examples
#' if (interactive()) {
#'   list_flows()
#'   run <- flow_client("GenreStatsFlow")$latest_successful_run
#'   run$data$genre_stats
#'   run[["start"]]$task$stdout
#' }
#' @usage flow_client(flow)
#' @export
flow_client <- structure(
  class = "rflow_constructor",
  function(flow) {
    check_text(flow, "flow_client(): `flow`")
    bridge_ask("runs", flow = flow, limit = 1L) # an error if there is no such flow
    new_client("flow", flow = flow)
  }
)

# Metaflow's R package writes flow_client$new("MyFlow").
#' @export
`$.rflow_constructor` <- function(x, name) {
  if (name == "new") return(unclass(x))
  abort_rflow(paste0("There is no `", name, "`."), "not_found", "Call flow_client(\"MyFlow\").")
}

#' @export
print.rflow_constructor <- function(x, ...) {
  print(unclass(x))
  invisible(x)
}

#' @rdname flow_client
#' @export
list_flows <- function() as.character(unlist(bridge_ask("flows")))

#' @exportS3Method
client_properties.rflow_client_flow <- function(x) {
  list(
    name = \(x) field(x, "flow"),
    pathspec = \(x) field(x, "flow"),
    runs = \(x) flow_runs(x),
    latest_run = \(x) first_or_null(flow_runs(x, limit = 1L)),
    latest_successful_run = \(x) first_or_null(flow_runs(x, limit = 1L, status = "success")),
    run = \(x) \(id) flow_run(x, id),
    part = \(x) \(id) flow_run(x, id)
  )
}

# Runs, newest first, by id; those of a status, and at most `limit`, if given.
flow_runs <- function(x, limit = NULL, status = NULL) {
  rows <- bridge_ask("runs", flow = field(x, "flow"), limit = limit, status = status)
  by_name(lapply(rows, new_run), vapply(rows, \(row) row$run, ""))
}

flow_run <- function(x, id) {
  new_run(bridge_ask("run", flow = field(x, "flow"), run = client_id(id, "flow_client()$run(): the run's id")))
}

first_or_null <- function(items) if (length(items)) items[[1]] else NULL

#' @exportS3Method
client_details.rflow_client_flow <- function(x) paste("latest run:", x$latest_run$id)

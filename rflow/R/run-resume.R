#' Resume a run
#'
#' Goes on where an earlier run of the flow ended: failed, interrupted, killed or successful, by whomever. What that run
#' finished is taken over, and the first step that failed or is missing and all after it are run, with the code as it is
#' now. With `step` everything before it is taken over; it (in a foreach all its tasks) and what follows run again.
#' Parameters, included files, configurations and constants are those of the earlier run. On the command line it is
#' `Rscript flow.R resume [STEP] [--origin-run-id ID]`.
#'
#' @inheritParams run
#' @param step Name of the step to run again (text), or `NULL` for what has not finished.
#' @param origin_run_id Id of the run to resume, or `NULL` for the latest run or resume of the flow.
#' @param ... Options of the command `resume`, by name, as of [run()]: `max_workers = 4`, `tag = c("a", "b")`. Parameters
#'   of the flow cannot be given.
#' @returns The new run, as [flow_client()] gives it, invisibly. Its `origin` is the id of the resumed run, and
#'   `origin_pathspec` of a task says which task did the work.
#' @section Errors: `rflow_error_run_failed`, as for [run()], when the run cannot be resumed with the flow as it is now,
#'   or a step failed. `rflow_error_python_missing` and `rflow_error_definition` as for [run()].
#' @examples
#' hello <- flow("HelloFlow") |>
#'   step("start", \(self) self$greeting <- "hello", next_step = "end") |>
#'   step("end", \(self) print(self$greeting))
#' if (interactive()) {
#'   run(hello)
#'   resume(hello, "end")$origin
#' }
#' @export
resume <- function(flow, step = NULL, origin_run_id = NULL, ...) {
  if (missing(flow)) flow <- NULL
  options <- check_run(flow, "resume()", as.list(substitute(list(...)))[-1], list(...))
  command <- resume_command("resume()", step, origin_run_id)
  if (the$defining) return(register_flow(flow))
  invisible(run_in_session(configure_resume(flow, options, command), options, command))
}

# The flow with the configurations of the run that it resumes.
configure_resume <- function(flow, options, command) {
  namespace <- option_text("namespace", options[["namespace"]], NULL)
  if (length(flow$configs)) reconfigure(flow, words = c(command, namespace)) else flow
}

# The words of the command; `what` is the function that got the arguments.
resume_command <- function(what, step, origin_run_id) {
  if (!is.null(step)) check_text(step, paste0(what, ": `step`"))
  if (!is.null(origin_run_id)) origin_run_id <- client_id(origin_run_id, paste0(what, ": `origin_run_id`"))
  c("resume", step, option_text("origin-run-id", origin_run_id, NULL))
}

#' Run a flow
#'
#' At the end of a flow's file, `run()` makes the file a command: `Rscript flow.R run --alpha 0.5`, `Rscript flow.R
#' check`, `Rscript flow.R --help`. It is the same program, with the same options, output and exit codes, as for a flow
#' written in Python. Called in a session, a notebook or a document, `run()` runs the flow as a process of its own,
#' shows what it prints as it comes, and returns the run. An interrupt ends the run in order. [run_background()] does not
#' wait.
#'
#' @param flow A flow, made by [flow()].
#' @param ... Parameters of the flow and options of the command `run`, by name: `alpha = 0.5`, `max_workers = 4`,
#'   `tag = c("a", "b")`, `quiet = TRUE`. `TRUE` is given to an option that takes no value. `config = list(settings =
#'   "other.json")` names files of configurations, `config_value = list(settings = list(alpha = 1))` gives values (see
#'   [config()]). In a file they stand for options that the command line leaves out.
#' @returns In a session: the run, as [flow_client()] gives it, invisibly. In a script it does not return: the process
#'   ends with the flow's exit code.
#' @section Errors: `rflow_error_run_failed` when the flow is not valid or a step failed. Where a run had begun, the
#'   condition has the fields `run`, `pathspec`, `step`, `task` and `exit_code`, and its message says which step failed and
#'   why. One of class `rflow_error_usage`, too, is about an argument that the flow or the command does not take.
#'   `rflow_error_python_missing` when there is no Python, `rflow_error_definition` when an argument is of a wrong type.
#' @examples
#' hello <- flow("HelloFlow") |>
#'   parameter("name", default = "you") |>
#'   step("start", \(self) self$greeting <- paste("hello", self$name), next_step = "end") |>
#'   step("end", \(self) print(self$greeting))
#' if (interactive()) {
#'   result <- run(hello, name = "Ann")
#'   result$data$greeting
#' }
#' @export
run <- function(flow, ...) {
  if (missing(flow)) flow <- NULL
  options <- check_run(flow, "run()", as.list(substitute(list(...)))[-1], list(...))
  if (the$defining) return(register_flow(flow))
  configured <- configure_run(flow, options)
  flow <- configured$flow
  options <- configured$options
  if (!called_from_script()) return(invisible(run_in_session(flow, options)))
  # The script is the file to load, also when it sources another one that defines the flow.
  flow$file <- main_script()
  check_given_configs(flow)
  hand_over(flow, script_arguments(commandArgs(TRUE), run_options(flow, options)))
}

# The flow with the configurations that are among the options, and the other options.
configure_run <- function(flow, options) {
  given <- config_options(flow, options)
  if (length(given)) flow <- reconfigure(flow, list(files = given[["config"]], values = given[["config_value"]]))
  list(flow = flow, options = options[setdiff(names(options), names(given))])
}

# The arguments in `...` of run() and its like (`what`), as written (`dots`) and as values; returns the values.
check_run <- function(flow, what, dots, options) {
  check_flow(flow, what)
  check_dots(dots, what)
  check_all_named(options, what)
  options
}

#' Check or show a flow
#'
#' `check()` looks for every mistake in a flow's structure without running anything; `show()` prints its steps and
#' parameters.
#'
#' @param flow A flow, made by [flow()].
#' @returns `check()`: `TRUE`, invisibly. `show()`: the flow, invisibly.
#' @section Errors: `rflow_error_run_failed` after the problems of the flow have been printed.
#' @examples
#' hello <- flow("HelloFlow") |> step("start", next_step = "end") |> step("end")
#' if (interactive()) {
#'   check(hello)
#'   show(hello)
#' }
#' @export
check <- function(flow) {
  if (missing(flow)) flow <- NULL
  check_flow(flow, "check()")
  run_command(flow, "check")
  invisible(TRUE)
}

# show() stays the generic of the package methods, so that a user's own show methods go on working.
methods::setOldClass("rflow_flow")

#' @rdname check
#' @param object A flow, made by [flow()].
#' @importFrom methods show
#' @aliases show
#' @exportMethod show
methods::setMethod("show", "rflow_flow", function(object) {
  run_command(object, "show")
  invisible(object)
})

# Replace this R process by Python, so that signals, exit codes, terminal and speed are Python's. Does not return.
hand_over <- function(flow, args) {
  descriptor <- .Call(rflow_fd_keep_text, graph_json(flow))
  share_environment()
  prog <- paste("Rscript", sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)[1]))
  .Call(rflow_process_replace, python_command(args, descriptor, prog), descriptor)
}

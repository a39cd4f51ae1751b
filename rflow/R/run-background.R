#' Run a flow while the session goes on
#'
#' `run_background()` and `resume_background()` begin what [run()] and [resume()] do, and come back as soon as the run
#' has begun. The run goes on beside the session, also when that ends. A run that fails is no error here.
#'
#' What they return has these properties and functions:
#'
#' * `id` and `pathspec` of the run, and `run`, as [flow_client()] gives it,
#' * `status`: `running`, `successful`, `failed`, or `timeout` for one that `wait()` has ended,
#' * `exit_code` of the command, `NULL` while it runs, and `output`, the lines that it has printed so far,
#' * `wait(timeout = Inf, show = FALSE)` waits for the end; `show = TRUE` prints the output meanwhile, and after `timeout`
#'   seconds the run is ended,
#' * `stop()` ends the run: its tasks are ended, and it is recorded as interrupted.
#'
#' @inheritParams run
#' @inheritParams resume
#' @param ... Parameters of the flow and options of the command, by name, as of [run()] and [resume()].
#' @returns A run that goes on, an object of class `rflow_client_executing`.
#' @section Errors: `rflow_error_run_failed` when no run could begin; its message says why.
#' @examples
#' hello <- flow("HelloFlow") |>
#'   parameter("name", default = "you") |>
#'   step("start", \(self) self$greeting <- paste("hello", self$name), next_step = "end") |>
#'   step("end", \(self) print(self$greeting))
#' if (interactive()) {
#'   executing <- run_background(hello, name = "Ann")
#'   executing$status
#'   executing$wait(show = TRUE)
#'   executing$run$data$greeting
#' }
#' @export
run_background <- function(flow, ...) {
  if (missing(flow)) flow <- NULL
  options <- check_run(flow, "run_background()", as.list(substitute(list(...)))[-1], list(...))
  if (the$defining) return(register_flow(flow))
  configured <- configure_run(flow, options)
  begin_in_background(configured$flow, configured$options, "run")
}

#' @rdname run_background
#' @export
resume_background <- function(flow, step = NULL, origin_run_id = NULL, ...) {
  if (missing(flow)) flow <- NULL
  options <- check_run(flow, "resume_background()", as.list(substitute(list(...)))[-1], list(...))
  if (the$defining) return(register_flow(flow))
  command <- resume_command("resume_background()", step, origin_run_id)
  begin_in_background(configure_resume(flow, options, command), options, command)
}

begin_in_background <- function(flow, options, command) {
  child <- child_start(flow, run_words(flow, options, command))
  begun <- FALSE
  on.exit(if (!begun) child_end(child))
  child_wait(child, done = child_has_begun)
  begun <- child_has_begun(child)
  if (!begun) abort_run_failed(child)
  new_client("executing", child = child)
}

#' @exportS3Method
client_properties.rflow_client_executing <- function(x) {
  child <- field(x, "child")
  list(
    id = \(x) child_run(child),
    pathspec = \(x) paste(child$flow, child_run(child), sep = "/"),
    status = \(x) executing_status(child),
    exit_code = \(x) child_code(child),
    output = \(x) child_output(child),
    run = \(x) child_client(child),
    wait = \(x) \(timeout = Inf, show = FALSE) executing_wait(x, child, timeout, show),
    stop = \(x) \() {
      child_end(child)
      invisible(x)
    }
  )
}

executing_status <- function(child) {
  if (isTRUE(child$timed_out)) return("timeout")
  code <- child_code(child)
  if (is.null(code)) "running" else if (code %in% 0L) "successful" else "failed"
}

executing_wait <- function(x, child, timeout, show) {
  if (!is.numeric(timeout) || !isTRUE(timeout >= 0)) abort_argument("wait(): `timeout`", "a number of seconds", timeout)
  check_flag(show, "wait(): `show`")
  shown <- \(child) show
  child_wait(child, show = shown, seconds = timeout)
  if (is.null(child_code(child))) {
    child$timed_out <- TRUE
    child_end(child, show = shown)
  }
  invisible(x)
}

#' @exportS3Method
client_details.rflow_client_executing <- function(x) x$status

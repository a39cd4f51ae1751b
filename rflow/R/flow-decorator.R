#' Decorators of a step
#'
#' A decorator changes how a step is run. Give any number of them to [step()].
#'
#' * `retry()` runs a failed task again.
#' * `catch()` lets the flow go on after a task that failed in all its attempts; the error is kept in artifact `var`.
#' * `timeout()` stops a task that takes longer than the sum of its arguments.
#' * `parallel()` marks the step of a gang: tasks that run at the same time, started with `num_parallel` by the step before.
#'   `current("parallel")` tells each of them who the others are. If one fails the others are stopped, and with `retry()`
#'   all of them are tried again.
#' * `environment_variables()` sets environment variables of the step's process.
#' * `decorator()` names any decorator as text, as Metaflow's R package does.
#'
#' @param times How often to try again (whole number, 0 to 4).
#' @param minutes_between_retries Minutes to wait before each new attempt (number).
#' @returns A decorator, an object of class `rflow_decorator`, to be given to [step()].
#' @section Errors: `rflow_error_definition` when an argument is of another type; the checker reports values out of
#'   range and unknown decorators with the step's line.
#' @examples
#' flow("CarefulFlow") |>
#'   step("start", \(self) self$x <- 1, retry(times = 2), timeout(minutes = 5), next_step = "end") |>
#'   step("end", \(self) print(Sys.getenv("MODE")), environment_variables(MODE = "test"))
#' @name decorators
NULL

#' @rdname decorators
#' @export
retry <- function(times = 3, minutes_between_retries = 2) {
  check_number(times, "retry(): `times`")
  check_number(minutes_between_retries, "retry(): `minutes_between_retries`")
  new_decorator("retry", list(times = times, minutes_between_retries = minutes_between_retries), sys.call())
}

#' @rdname decorators
#' @param var Name of the artifact that holds the error, `NULL` for none (text).
#' @param print_exception Whether the error is shown (logical).
#' @export
catch <- function(var = NULL, print_exception = TRUE) {
  check_text(var, "catch(): `var`", optional = TRUE)
  check_flag(print_exception, "catch(): `print_exception`")
  new_decorator("catch", list(var = var, print_exception = print_exception), sys.call())
}

#' @rdname decorators
#' @param seconds,minutes,hours How long the task may take (numbers).
#' @export
timeout <- function(seconds = 0, minutes = 0, hours = 0) {
  check_number(seconds, "timeout(): `seconds`")
  check_number(minutes, "timeout(): `minutes`")
  check_number(hours, "timeout(): `hours`")
  new_decorator("timeout", list(seconds = seconds, minutes = minutes, hours = hours), sys.call())
}

#' @rdname decorators
#' @export
parallel <- function() new_decorator("parallel", as_object(list()), sys.call())

#' @rdname decorators
#' @param ... For `environment_variables()`: named values (texts, numbers or logicals of length one). For `decorator()`:
#'   the decorator's arguments, by name.
#' @export
environment_variables <- function(...) {
  check_dots(as.list(substitute(list(...)))[-1], "environment_variables()")
  values <- list(...)
  check_all_named(values, "environment_variables()")
  for (name in names(values)) {
    if (inherits(values[[name]], "rflow_config_expr")) next
    if (!is.atomic(values[[name]]) || length(values[[name]]) != 1 || is.na(values[[name]])) {
      abort_argument(paste0("environment_variables(): `", name, "`"), "a single value", values[[name]])
    }
  }
  new_decorator("environment", list(vars = as_object(lapply(values, environment_text))), sys.call())
}

environment_text <- function(value) if (inherits(value, "rflow_config_expr")) value else as.character(value)

#' @rdname decorators
#' @param name The decorator's name (text).
#' @export
decorator <- function(name, ...) {
  check_text(name, "decorator(): `name`")
  what <- paste0("decorator(\"", name, "\")")
  check_dots(as.list(substitute(list(...)))[-1], what)
  args <- list(...)
  check_all_named(args, what)
  new_decorator(name, as_object(args), sys.call())
}

new_decorator <- function(name, args, call) {
  structure(class = "rflow_decorator", list(name = name, args = args, call = call))
}

check_all_named <- function(values, what) {
  if (length(values) == 0 || (!is.null(names(values)) && all(nzchar(names(values))))) return(invisible())
  abort_rflow(paste0(what, ": every argument needs a name."), "definition", "Write name = value.")
}

# A list that becomes a JSON object also when it is empty.
as_object <- function(x) {
  if (length(x) == 0) structure(list(), names = character()) else x
}

#' @export
print.rflow_decorator <- function(x, ...) {
  shown <- vapply(x$args, \(value) paste(deparse(value), collapse = " "), "")
  cli::cat_line("decorator ", x$name, "(", paste(names(shown), shown, sep = " = ", collapse = ", "), ")")
  invisible(x)
}

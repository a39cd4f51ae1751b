#' Begin a flow
#'
#' A flow is a named graph of steps. `flow()` makes an empty one; [step()], [parameter()], [include_file()] and
#' [constant()] add to it, [run()] runs it. `metaflow()` is the same function under the name that Metaflow's R package
#' gives it.
#'
#' @param name The flow's name (text): a letter, then letters, digits and `_`.
#' @param ... Decorators of the flow: [project()], [exit_hook()].
#' @param doc What the flow does (text).
#' @param start,end Names of the first and the last step (text).
#' @returns A flow, an object of class `rflow_flow`.
#' @section Errors: `rflow_error_definition` when an argument is not of the type above. The flow's structure is
#'   checked as a whole by [check()] and [run()].
#' @examples
#' flow("HelloFlow", doc = "Greets") |>
#'   step("start", \(self) self$greeting <- "hello", next_step = "end") |>
#'   step("end", \(self) print(self$greeting))
#' @export
flow <- function(name, ..., doc = "", start = "start", end = "end") {
  if (missing(name)) abort_rflow("flow() needs a name.", "definition", "For example: flow(\"MyFlow\")")
  check_text(name, "flow(): `name`")
  what <- paste0("flow(\"", name, "\")")
  check_dots(as.list(substitute(list(...)))[-1], what)
  decorators <- list(...)
  for (item in decorators) if (!is_flow_decorator(item)) abort_flow_dots(what, decorators)
  check_text(doc, paste0(what, ": `doc`"), empty = TRUE)
  check_text(start, paste0(what, ": `start`"))
  check_text(end, paste0(what, ": `end`"))
  decorators <- place_decorators(unname(decorators), place_of_call(sys.call()))
  new_flow(name, doc, start, end, current_file(), decorators)
}

#' @rdname flow
#' @param cls The flow's name, as Metaflow's R package calls it.
#' @export
metaflow <- function(cls, ...) flow(cls, ...)

is_flow_decorator <- function(x) inherits(x, "rflow_decorator") && x$name %in% flow_decorators

abort_flow_dots <- function(what, dots) {
  place <- which(!vapply(dots, is_flow_decorator, NA))[1]
  extra <- dots[[place]]
  if (inherits(extra, "rflow_decorator")) {
    abort_rflow(
      paste0(what, ": ", extra$name, "() is not a decorator of flows."), "decorator_unknown",
      "Give it to the steps that need it, as an argument of step()."
    )
  }
  label <- names(dots)[place]
  shown <- if (length(label) && nzchar(label)) paste0("the argument `", label, "`") else describe_value(extra)
  abort_rflow(
    paste0(what, " does not take ", shown, "."), "definition", "It takes decorators of flows, such as project(), and the arguments name, doc, start, end."
  )
}

# steps, parameters and constants are unnamed lists in the order written; names may repeat, the checker reports it.
new_flow <- function(name, doc, start, end, file, decorators = list()) {
  structure(
    class = "rflow_flow",
    list(
      name = name, doc = doc, start = start, end = end, file = file,
      steps = list(), parameters = list(), constants = list(), decorators = decorators, configs = list()
    )
  )
}

#' @export
print.rflow_flow <- function(x, ...) {
  cli::cat_line(cli::style_bold(x$name), if (nzchar(x$doc)) paste0(": ", x$doc))
  for (item in x$parameters) cli::cat_line("  --", item$name, if (nzchar(item$help)) paste0("  ", item$help))
  for (item in x$steps) cli::cat_line("  ", item$name, step_summary(item))
  invisible(x)
}

step_summary <- function(step) paste0(if (step$join) " (join)", transition_summary(step$transition))

#' Begin a flow
#'
#' A flow is a named graph of steps. `flow()` makes an empty one; [step()], [parameter()], [include_file()] and
#' [constant()] add to it, [run()] runs it. `metaflow()` is the same function under the name that Metaflow's R package
#' gives it.
#'
#' @param name The flow's name (text): a letter, then letters, digits and `_`.
#' @param ... Must be empty.
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
  if (...length() > 0) abort_flow_dots(what, list(...))
  check_text(doc, paste0(what, ": `doc`"), empty = TRUE)
  check_text(start, paste0(what, ": `start`"))
  check_text(end, paste0(what, ": `end`"))
  new_flow(name, doc, start, end, current_file())
}

#' @rdname flow
#' @param cls The flow's name, as Metaflow's R package calls it.
#' @export
metaflow <- function(cls, ...) flow(cls, ...)

abort_flow_dots <- function(what, dots) {
  extra <- dots[[1]]
  if (inherits(extra, "rflow_decorator")) {
    abort_rflow(
      paste0(what, ": ", extra$name, "() is not a decorator of flows."), "decorator_unknown",
      "Give it to the steps that need it, as an argument of step()."
    )
  }
  label <- names(dots)[1]
  shown <- if (length(label) && nzchar(label)) paste0("the argument `", label, "`") else describe_value(extra)
  abort_rflow(
    paste0(what, " does not take ", shown, "."), "definition", "Its arguments are: name, doc, start, end."
  )
}

# steps, parameters and constants are unnamed lists in the order written; names may repeat, the checker reports it.
new_flow <- function(name, doc, start, end, file) {
  structure(
    class = "rflow_flow",
    list(
      name = name, doc = doc, start = start, end = end, file = file,
      steps = list(), parameters = list(), constants = list()
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

# Where a step leads, in the words of the printed flow.
step_summary <- function(step) {
  targets <- paste(step$next_step, collapse = ", ")
  paste0(
    if (step$join) " (join)",
    if (length(step$next_step)) paste0(" ", cli::symbol$arrow_right, " ", targets),
    if (!is.null(step$foreach)) paste0(" for each of ", step$foreach)
  )
}

#' Look at a flow and change it
#'
#' Flows are values: a function that takes a flow and returns it is a way to reuse parts of flows, or to change what others
#' have defined. These functions tell what is in a flow and give back a changed one.
#'
#' @param flow A flow, made by [flow()].
#' @param step Name of a step (text).
#' @returns `step_names()`, `parameter_names()`, `config_names()`: names in the order in which they were added.
#'   `step_decorators()`: a named list of the step's decorators. `has_decorator()`: `TRUE` or `FALSE`. All others: the
#'   changed flow.
#' @section Errors: `rflow_error_step_unknown` when there is no such step, `rflow_error_parameter_unknown`,
#'   `rflow_error_decorator_duplicate` with `duplicates = "error"`, `rflow_error_definition` for other mistakes.
#' @examples
#' sturdy <- function(flow) {
#'   for (step in step_names(flow)) flow <- add_decorator(flow, step, retry(times = 2))
#'   flow
#' }
#' flow("SturdyFlow") |>
#'   step("start", \(self) self$x <- 1, next_step = "end") |>
#'   step("end", \(self) print(self$x)) |>
#'   sturdy()
#' @name mutate_flow
NULL

#' @rdname mutate_flow
#' @export
step_names <- function(flow) {
  check_flow(flow, "step_names()")
  vapply(flow$steps, \(x) x$name, "")
}

#' @rdname mutate_flow
#' @export
parameter_names <- function(flow) {
  check_flow(flow, "parameter_names()")
  vapply(flow$parameters, \(x) x$name, "")
}

#' @rdname mutate_flow
#' @export
config_names <- function(flow) {
  check_flow(flow, "config_names()")
  vapply(flow$configs, \(x) x$name, "")
}

#' @rdname mutate_flow
#' @export
step_decorators <- function(flow, step) {
  found <- flow$steps[[step_place(flow, step, "step_decorators()")]]$decorators
  names(found) <- vapply(found, \(x) x$name, "")
  found
}

#' @rdname mutate_flow
#' @param name Name of a decorator or parameter (text).
#' @export
has_decorator <- function(flow, step, name) {
  check_text(name, "has_decorator(): `name`")
  name %in% names(step_decorators(flow, step))
}

#' @rdname mutate_flow
#' @param decorator A decorator, such as [retry()] or a [step_wrapper()].
#' @param duplicates What becomes of one of that name that the step has: it stays (`"ignore"`), the new one takes its place
#'   (`"override"`), or it is an error (`"error"`).
#' @export
add_decorator <- function(flow, step, decorator, duplicates = c("ignore", "error", "override")) {
  place <- step_place(flow, step, "add_decorator()")
  duplicates <- match.arg(duplicates)
  if (!inherits(decorator, "rflow_decorator")) {
    abort_argument("add_decorator(): `decorator`", "a decorator such as retry()", decorator)
  }
  decorator <- name_wrappers(list(decorator), list(substitute(decorator)))[[1]]
  if (has_decorator(flow, step, decorator$name)) {
    if (duplicates == "ignore") return(flow)
    if (duplicates == "error") {
      abort_rflow(paste0("step `", step, "` has the decorator `", decorator$name, "` already."), "decorator_duplicate",
        "Give duplicates = \"ignore\" or \"override\".")
    }
    flow <- remove_decorator(flow, step, decorator$name)
  }
  decorator <- configured_decorator(decorator, flow, step)
  flow$steps[[place]]$decorators <- c(list(decorator), flow$steps[[place]]$decorators)
  flow
}

#' @rdname mutate_flow
#' @export
remove_decorator <- function(flow, step, name) {
  place <- step_place(flow, step, "remove_decorator()")
  check_text(name, "remove_decorator(): `name`")
  flow$steps[[place]]$decorators <- Filter(\(x) x$name != name, flow$steps[[place]]$decorators)
  flow
}

#' @rdname mutate_flow
#' @export
remove_parameter <- function(flow, name) {
  check_flow(flow, "remove_parameter()")
  check_text(name, "remove_parameter(): `name`")
  if (!name %in% parameter_names(flow)) {
    near <- nearest_name(name, parameter_names(flow))
    abort_rflow(paste0("The flow `", flow$name, "` has no parameter `", name, "`."), "parameter_unknown",
      if (!is.null(near)) paste0("Did you mean `", near, "`?"))
  }
  flow$parameters <- Filter(\(x) x$name != name, flow$parameters)
  flow
}

#' @rdname mutate_flow
#' @param part Another flow, whose steps, parameters, constants and configurations are added.
#' @param prefix Text before the names of its steps.
#' @param next_step The step that follows its last step (text), or several for a branch; none if that one stays the
#'   last.
#' @export
add_flow <- function(flow, part, prefix = "", next_step = NULL) {
  check_flow(flow, "add_flow()")
  check_flow(part, "add_flow(): `part`")
  check_text(prefix, "add_flow(): `prefix`", empty = TRUE)
  steps <- lapply(part$steps, \(step) {
    step$name <- paste0(prefix, step$name)
    step$transition <- rename_targets(step$transition, prefix)
    if (step$transition$kind == "end") step$transition <- new_transition("add_flow(): ", next_step)
    step
  })
  flow$steps <- c(flow$steps, steps)
  for (kind in c("parameters", "constants", "configs")) {
    known <- vapply(flow[[kind]], \(x) x$name, "")
    flow[[kind]] <- c(flow[[kind]], Filter(\(x) !x$name %in% known, part[[kind]]))
  }
  flow
}

rename_targets <- function(transition, prefix) {
  transition$targets <- I(paste0(rep(prefix, length(transition$targets)), unclass(transition$targets)))
  if (!is.null(transition$cases)) transition$cases <- lapply(transition$cases, \(x) paste0(prefix, x))
  transition
}

step_place <- function(flow, step, what) {
  check_flow(flow, what)
  check_text(step, paste0(what, ": `step`"))
  place <- match(step, step_names(flow))
  if (!is.na(place)) return(place)
  near <- nearest_name(step, step_names(flow))
  known <- paste0("It has: ", paste(step_names(flow), collapse = ", "), ".")
  abort_rflow(paste0("The flow `", flow$name, "` has no step `", step, "`."), "step_unknown",
    if (is.null(near)) known else paste0("Did you mean `", near, "`?"))
}

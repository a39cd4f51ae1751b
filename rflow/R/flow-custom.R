#' A decorator of your own
#'
#' `step_wrapper()` makes a decorator of a function that wraps the step's function. Give it to [step()] like [retry()]. The
#' function that it returns runs in the step's place: before and after it calls `fn` it may do anything; if it does not
#' call `fn`, the step is left out; if it calls another function, that one takes the step's place; what it catches
#' does not fail the step.
#'
#' A decorator with arguments is an ordinary function that returns a `step_wrapper()`.
#'
#' @param wrap A function of `fn`, the step's function, and (if it takes two) `step_name`. It returns the function to run,
#'   which takes `self`, and `inputs` in a join: `function(self, ...)`.
#' @param name How the decorator is called in messages (text). By default the name of the flow file's function that
#'   calls `step_wrapper()`, or of the variable that is given to [step()].
#' @returns A decorator, an object of class `rflow_wrapper`, to be given to [step()] or [add_decorator()].
#' @section Errors: `rflow_error_definition` when `wrap` is no function of one or two arguments. When the step runs:
#'   `rflow_error_decorator_invalid` if it returns no function.
#' @examples
#' timed <- function(digits = 1) step_wrapper(\(fn, step_name) function(self, ...) {
#'   began <- Sys.time()
#'   fn(self, ...)
#'   self$seconds <- round(as.numeric(Sys.time() - began, units = "secs"), digits)
#' })
#' flow("TimedFlow") |>
#'   step("start", \(self) Sys.sleep(0.1), timed(digits = 3), next_step = "end") |>
#'   step("end", \(self) print(self$seconds))
#' @export
step_wrapper <- function(wrap, name = NULL) {
  call <- sys.call()
  check_text(name, "step_wrapper(): `name`", optional = TRUE)
  if (is.null(name)) name <- calling_function(sys.nframe() - 1)
  if (!is.function(wrap)) abort_argument("step_wrapper(): `wrap`", "a function", wrap)
  count <- length(formals(wrap))
  if (!count %in% 1:2 && !"..." %in% names(formals(wrap))) {
    abort_rflow(
      paste0("step_wrapper(): `wrap` takes ", count, " arguments."), "definition",
      "Write function(fn, step_name) function(self, ...) { fn(self, ...) }"
    )
  }
  item <- list(name = if (is.null(name)) "wrapper" else name, args = as_object(list()), call = call, wrap = wrap)
  structure(class = c("rflow_wrapper", "rflow_decorator"), c(item, list(named = !is.null(name))))
}

# The name of the user's function that runs in frame `number`, NULL if there is none.
calling_function <- function(number) {
  if (number < 1) return(NULL)
  home <- environment(sys.function(number))
  head <- sys.call(number)[[1]]
  if (!is.symbol(head) || is.null(home) || isNamespace(home)) NULL else as.character(head)
}

# A decorator that was kept in a variable has its name: step("a", f, timed).
name_wrappers <- function(values, written) {
  for (i in seq_along(values)) {
    nameless <- inherits(values[[i]], "rflow_wrapper") && !values[[i]]$named
    if (nameless && is.symbol(written[[i]])) values[[i]]$name <- as.character(written[[i]])
  }
  values
}

# The function that runs in place of `fn`, within the R decorators that the task names (the outermost first).
wrap_function <- function(fn, run) {
  own <- step_wrappers(run$flow, run$step)
  wrappers <- list()
  for (item in run$wrappers) {
    place <- match(item$name, vapply(own, \(x) x$name, ""))
    wrappers <- c(wrappers, list(if (is.na(place)) find_wrapper(item) else own[[place]]))
    if (!is.na(place)) own <- own[-place]
  }
  for (wrapper in rev(wrappers)) fn <- wrap_once(wrapper, fn, run$step)
  fn
}

wrap_once <- function(wrapper, fn, step) {
  arguments <- list(fn, step)[seq_len(min(2, length(formals(wrapper$wrap))))]
  wrapped <- do.call(wrapper$wrap, arguments)
  if (is.function(wrapped)) return(wrapped)
  abort_rflow(
    paste0("The decorator `", wrapper$name, "` returned ", describe_value(wrapped), " for step `", step, "`."),
    "decorator_invalid", "It must return a function: function(self, ...) { fn(self, ...) }"
  )
}

step_wrappers <- function(flow_name, step_name) {
  flow <- the$flows[[flow_name]]
  found <- Filter(\(x) x$name == step_name, flow$steps)
  if (length(found)) Filter(\(x) inherits(x, "rflow_wrapper"), found[[1]]$decorators) else list()
}

# A decorator of another file, given for a run by --with module.name: a step_wrapper(), or a function that returns one.
find_wrapper <- function(item) {
  name <- sub("^.*\\.", "", item$name)
  found <- get0(name, host_module(item$file), inherits = FALSE)
  if (is.function(found)) found <- do.call(found, item$args)
  if (inherits(found, "rflow_wrapper")) return(found)
  abort_rflow(
    paste0("The file ", item$file, " has no decorator `", name, "`."), "decorator_missing",
    "Define it there as a step_wrapper(), or as a function that returns one."
  )
}

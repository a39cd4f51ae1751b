#' Add a step to a flow
#'
#' A step is a function that runs in a process of its own. What it leaves on `self` (`self$x <- 1`) is kept, and is
#' there in the steps that follow. The step's name, its function and its decorators are given in any order; all other
#' arguments by name.
#'
#' @param flow A flow, made by [flow()].
#' @param ... The step's name (text), its function, and decorators such as [retry()]. The function takes `self`, or
#'   `self` and `inputs` in a join. In its place may stand [py_function()] or [r_function()]. A step may have no
#'   function.
#' @param step,r_function The step's name and function, where they are given by name.
#' @param next_step The step that follows (text), or several for a branch; none (`NULL`) for the last step. For a switch,
#'   a list with a step for each value of `condition`: `list(small = "a", large = "b")`.
#' @param foreach Name of an artifact (text): `next_step` runs once for each of its items.
#' @param num_parallel How many tasks of `next_step` run at the same time, as a gang (a whole number, or the name of the
#'   artifact that holds it). That step has the decorator [parallel()] and is followed by a join.
#' @param condition Name of an artifact (text) whose value, a text, number or logical, chooses one of the cases of
#'   `next_step`. A case may be the step itself or an earlier one: the flow goes round until another case is chosen.
#' @param join `TRUE` if the step takes `inputs`. By default, `TRUE` if its function does.
#' @param start,end `TRUE` if the step is the first or the last one of the flow whatever its name (`"start"`, `"end"`).
#' @returns The flow with the step added.
#' @section Errors: `rflow_error_definition` when an argument is missing, empty, unknown or of another type. The message
#'   names step and argument.
#' @examples
#' flow("SquaresFlow") |>
#'   step("start", \(self) self$numbers <- 1:3, next_step = "square", foreach = "numbers") |>
#'   step("square", \(self) self$result <- self$input^2, retry(times = 1), next_step = "join") |>
#'   step("join", \(self, inputs) self$total <- sum(unlist(gather_inputs(inputs, "result"))), next_step = "end") |>
#'   step("end", \(self) print(self$total))
#' @export
step <- function(flow, ..., step = NULL, r_function = NULL, next_step = NULL, foreach = NULL, num_parallel = NULL,
                 condition = NULL, join = NULL, start = FALSE, end = FALSE) {
  if (missing(flow)) flow <- NULL
  call <- sys.call()
  written <- as.list(substitute(list(...)))[-1]
  # The flow is evaluated first: in a pipe it is the steps before this one, which have places of their own.
  force(flow)
  with_place(call, {
    check_first_is_flow(flow)
    check_dots(written, step_label(c(list(step), written)))
    given <- sort_step_arguments(name_wrappers(list(...), written), step, r_function)
    check_step(given, join)
    transition <- new_transition(paste0("step `", given$name, "`: "), next_step, foreach, num_parallel, condition)
    flow <- mark_step(mark_step(flow, "start", given$name, start), "end", given$name, end)
  })
  place <- place_of_call(call, used_places(flow$steps))
  item <- list(
    name = given$name, fn = given$fn, transition = transition,
    join = step_joins(given$fn, join), decorators = step_decorator_items(given, place, flow),
    file = place$file, line = place$line
  )
  flow$steps <- c(flow$steps, list(item))
  flow
}

# The step's decorators, each with its line, and what config_expr() stands for in its arguments.
step_decorator_items <- function(given, place, flow) {
  lapply(place_decorators(given$decorators, place), configured_decorator, flow = flow, step = given$name)
}

# A decorator with its arguments evaluated; they stay there as they were `written`, for other configurations.
configured_decorator <- function(item, flow, step) {
  if (is.null(item$written)) item$written <- item$args
  item$args <- config_evaluate(item$written, flow, paste0("step `", step, "`: "))
  item
}

check_first_is_flow <- function(flow) {
  if (inherits(flow, "lm")) {
    abort_rflow("step() here adds a step to a flow.", "definition", "To choose a model's terms, write stats::step().")
  }
  check_flow(flow, "step()")
}

# How messages name the step: by the first text among its arguments.
step_label <- function(arguments) {
  name <- Find(\(x) is.character(x) && length(x) == 1, arguments)
  if (is.null(name)) "step()" else paste0("step `", name, "`")
}

# What `...` holds, told apart by type: name, fn and decorators.
sort_step_arguments <- function(dots, step, r_function) {
  what <- step_label(c(list(step), dots))
  check_known_names(dots, what)
  is_decorator <- vapply(dots, inherits, NA, "rflow_decorator")
  is_function <- vapply(dots, \(x) is.function(x) || inherits(x, "rflow_function"), NA)
  is_name <- vapply(dots, is.character, NA)
  check_decorator_called(dots[is_function], what)
  other <- which(!is_decorator & !is_function & !is_name)
  if (length(other)) {
    abort_rflow(paste0(what, ": argument ", other[1], " is ", describe_value(dots[[other[1]]]), "."), "definition",
      "Expected are the step's name, its function and decorators such as retry().")
  }
  list(
    name = one_of(c(list(step), dots[is_name]), what, "name", "Other arguments are given by name, as next_step = ..."),
    fn = one_of(c(list(r_function), dots[is_function]), what, "function", "A step has one function."),
    decorators = unname(dots[is_decorator])
  )
}

one_of <- function(values, what, noun, hint) {
  values <- Filter(Negate(is.null), values)
  if (length(values) > 1) {
    shown <- vapply(values, describe_value, "")
    abort_rflow(paste0(what, " has more than one ", noun, ": ", paste(shown, collapse = ", "), "."), "definition", hint)
  }
  if (length(values)) values[[1]] else NULL
}

check_known_names <- function(dots, what) {
  unknown <- setdiff(names(dots), "")
  if (length(unknown) == 0) return(invisible())
  known <- c("step", "r_function", "next_step", "foreach", "num_parallel", "condition", "join", "start", "end")
  near <- nearest_name(unknown[1], known)
  abort_rflow(
    paste0(what, ": there is no argument `", unknown[1], "`."), "definition",
    if (is.null(near)) paste("Arguments are:", paste(known, collapse = ", ")) else paste0("Did you mean `", near, "`?")
  )
}

# step("a", f, retry) instead of retry() would otherwise take the decorator for the step's function.
check_decorator_called <- function(functions, what) {
  for (name in c("retry", "catch", "timeout", "environment_variables", "parallel", "resources", "secrets", "decorator")) {
    if (any(vapply(functions, identical, NA, get(name)))) {
      abort_rflow(paste0(what, ": ", name, " is a decorator."), "definition", paste0("Call it: ", name, "()"))
    }
  }
}

check_step <- function(given, join) {
  if (is.null(given$name)) {
    abort_rflow("step() needs the step's name.", "definition", "For example: step(\"start\", f, next_step = \"end\")")
  }
  check_text(given$name, "step(): the step's name")
  what <- paste0("step `", given$name, "`: ")
  if (!is.null(given$fn) && !is.function(given$fn) && !inherits(given$fn, "rflow_function")) {
    abort_argument(paste0(what, "`r_function`"), "a function", given$fn)
  }
  if (!is.null(join)) check_flag(join, paste0(what, "`join`"))
  check_arity(given$fn, isTRUE(join), what)
}

# A function that cannot take its arguments would fail only when the step runs.
check_arity <- function(fn, join, what) {
  if (!is.function(fn) || is.primitive(fn) || "..." %in% names(formals(fn))) return(invisible())
  needed <- if (join) c("self", "inputs") else "self"
  if (length(formals(fn)) < length(needed)) {
    abort_rflow(
      paste0(what, "its function cannot take ", paste(needed, collapse = " and "), "."), "definition",
      paste0("Write function(", paste(needed, collapse = ", "), ") ...")
    )
  }
}

# Whether a step takes inputs: as said, or by its function's arguments.
step_joins <- function(fn, join) {
  if (!is.null(join)) return(join)
  if (!is.function(fn) || is.primitive(fn)) return(FALSE)
  arguments <- as.list(formals(fn))
  length(arguments) >= 2 && names(arguments)[2] != "..." && identical(arguments[[2]], quote(expr = ))
}

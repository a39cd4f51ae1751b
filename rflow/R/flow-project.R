#' Decorators of a flow
#'
#' Given to [flow()], they say something of the flow as a whole.
#'
#' * `project()` makes the flow part of a project, so that users, branches and production do not get into each other's way.
#'   A run belongs to the branch `user.NAME`, with `branch` (or `--branch B`) to `test.B`, with `production` (or
#'   `--production`) to `prod` or `prod.B`. [current()] tells `project_name`, `branch_name`, `project_flow_name`,
#'   `is_user_branch` and `is_production`; the run has the system tags `project:NAME` and `project_branch:BRANCH`.
#' * `exit_hook()` names functions that are called after the run: those of `on_success` if it succeeded, those of
#'   `on_error` if it failed. Each runs in a process of its own, and is given the run, as [flow_client()] gives it, if it
#'   takes an argument. A hook that fails is told, but does not change how the run ended.
#'
#' @param name The project's name (text): lowercase letters, digits and `_`.
#' @param branch A branch (text): letters, digits, `_`, `-` and `.`.
#' @param production Whether the flow is in production (logical).
#' @returns A decorator, an object of class `rflow_decorator`, to be given to [flow()].
#' @section Errors: `rflow_error_definition` when an argument is of another type.
#' @examples
#' report <- function(run) cat("done:", run$id, "\n")
#' flow("ScoreFlow", project("fraud"), exit_hook(on_success = report)) |>
#'   step("start", \(self) print(current("branch_name")), next_step = "end") |>
#'   step("end")
#' @export
project <- function(name, branch = NULL, production = FALSE) {
  check_text(name, "project(): `name`")
  check_text(branch, "project(): `branch`", optional = TRUE)
  check_flag(production, "project(): `production`")
  new_decorator("project", list(name = name, branch = branch, production = production), sys.call())
}

#' @rdname project
#' @param on_success,on_error A function of the flow's file, its name (text), or several of them (`c("a", "b")`,
#'   `list(a, b)`).
#' @param options Named list, kept with the flow.
#' @export
exit_hook <- function(on_success = NULL, on_error = NULL, options = list()) {
  args <- list(
    on_success = hook_names(substitute(on_success), on_success, "on_success"),
    on_error = hook_names(substitute(on_error), on_error, "on_error"),
    options = as_object(options)
  )
  new_decorator("exit_hook", args, sys.call())
}

# Hooks by name, because they are looked up in the flow's file when the run is over. `written` is the argument's code.
hook_names <- function(written, value, argument) {
  if (is.null(value)) return(list())
  if (is.character(value)) return(as.list(value))
  several <- is.call(written) && as.character(written[[1]])[1] %in% c("list", "c")
  items <- if (several) as.list(written)[-1] else list(written)
  lapply(unname(items), function(item) {
    if (is.symbol(item)) return(as.character(item))
    if (is.character(item)) return(item)
    abort_rflow(
      paste0("exit_hook(): `", argument, "` has a function without a name."), "definition",
      "A hook runs in a process of its own, where it is found by name: define it at the top of the file."
    )
  })
}

flow_decorators <- c("project", "exit_hook")

# The process of one exit hook. Its last argument is the request, as JSON.
run_exit_hook <- function() {
  request <- jsonlite::fromJSON(utils::tail(commandArgs(TRUE), 1), simplifyVector = FALSE)
  error <- host_guard({
    use_copies(request$code)
    fn <- host_function(request$file, request$`function`, request$current$flow_name, NULL)
    the$current <- current_values(request$current)
    run <- if (length(formals(args(fn)))) flow_client(request$current$flow_name)$run(request$current$run_id)
    call_user(fn, request$`function`, if (is.null(run)) list() else list(run = run))
  })
  if (is.null(error)) return(invisible())
  cat(error$traceback, "\n", sep = "", file = stderr())
  quit("no", 1)
}

#' What a step needs from where it runs
#'
#' Decorators for [step()]. `resources()` says what a task of the step takes: on this machine tasks run side by side only as
#' far as they fit, and a task that could never fit is refused before the run. `secrets()` puts secrets into the
#' environment of the step's process (`Sys.getenv("TOKEN")`) just before its function runs, and masks them in everything
#' that the step prints.
#'
#' @param cpu Cores (number; 1 unless said).
#' @param gpu Devices (number).
#' @param disk,memory,shared_memory Megabytes (numbers; `memory` is 4096 unless said).
#' @returns A decorator, an object of class `rflow_decorator`, to be given to [step()].
#' @section Errors: `rflow_error_definition` when an argument is of another type. Before the run: `resources_too_large`,
#'   `secret_source_unknown`. In the step: `secret_missing`, `secret_override`.
#' @examples
#' flow("NeedsFlow") |>
#'   step("start", \(self) self$x <- sum(runif(1e6)), resources(cpu = 2, memory = 2000), next_step = "end") |>
#'   step("end", \(self) print(nchar(Sys.getenv("TOKEN"))), secrets(list(type = "env", names = "TOKEN")))
#' @export
resources <- function(cpu = NULL, gpu = NULL, disk = NULL, memory = NULL, shared_memory = NULL) {
  given <- list(cpu = cpu, gpu = gpu, disk = disk, memory = memory, shared_memory = shared_memory)
  given <- Filter(Negate(is.null), given)
  for (name in names(given)) check_number(given[[name]], paste0("resources(): `", name, "`"))
  new_decorator("resources", as_object(given), sys.call())
}

#' @rdname resources
#' @param ... For `secrets()`: sources. Each is a list with a `type`: `list(type = "inline", options = list(env_vars =
#'   list(TOKEN = "...")))` or `list(type = "env", names = c("TOKEN", "USER"))`; or a text `"TYPE.ID"`, such as
#'   `"env.TOKEN"`.
#' @param sources All sources as one list, in place of `...`.
#' @param role An identity with which secrets are read, for sources that know such (text).
#' @param allow_override Whether a secret may replace a variable that has another value (logical).
#' @export
secrets <- function(..., sources = list(), role = NULL, allow_override = FALSE) {
  check_dots(as.list(substitute(list(...)))[-1], "secrets()")
  check_text(role, "secrets(): `role`", optional = TRUE)
  check_flag(allow_override, "secrets(): `allow_override`")
  all <- c(list(...), if (is_source(sources)) list(sources) else as.list(sources))
  args <- list(sources = unname(lapply(all, secret_source)), role = role, allow_override = allow_override)
  new_decorator("secrets", args, sys.call())
}

is_source <- function(x) is.list(x) && !is.null(x$type)

# A source as it stands in the graph: `names` is a list also where there is one name.
secret_source <- function(source, what = "secrets()") {
  if (is.character(source) && length(source) == 1) return(source)
  if (!is_source(source)) {
    abort_rflow(
      paste0(what, ": a source must be a list with a `type`, or a text, not ", describe_value(source), "."),
      "definition", "For example: list(type = \"env\", names = \"TOKEN\")"
    )
  }
  if (!is.null(source$names)) source$names <- as.list(as.character(source$names))
  source
}

#' Secrets outside of `secrets()`
#'
#' `get_secret()` gives the variables of one source. They do not go into the environment, and what is printed is masked
#' only in a step whose [secrets()] have the same values.
#'
#' @param source A source, as [secrets()] takes it.
#' @param role An identity with which secrets are read, for sources that know such (text).
#' @returns A named list of texts.
#' @section Errors: `rflow_error_secret_missing`, `rflow_error_secret_invalid`, `rflow_error_secret_source_unknown`.
#' @examples
#' if (interactive()) get_secret(list(type = "env", names = "HOME"))$HOME
#' @export
get_secret <- function(source, role = NULL) {
  source <- secret_source(source, "get_secret()")
  check_text(role, "get_secret(): `role`", optional = TRUE)
  if (is.null(the$task)) return(bridge_ask("secret", source = source, role = role)$values)
  wire_ask(the$task$fd, list(op = "secret", source = source, role = role))$values
}

#' Configurations of a flow
#'
#' `config()` adds a configuration: a file or a value that is read before anything else of the flow. What is in it may be
#' used where the flow is defined (`config_value()`, `config_expr()`), and in every step as `self$name`.
#' On the command line stand `--config NAME PATH` or `--config-value NAME JSON`, before the command.
#'
#' In a session, [run()] takes them as `config` and `config_value`, and evaluates every `config_expr()` of the flow again.
#'
#' Only `config_expr()` can be used in a pipe that begins with [flow()]; `config_value()` needs a flow that has a name.
#'
#' @param flow A flow, made by [flow()].
#' @param name The configuration's name (text).
#' @param default Path of the file if none is given (text). A relative one is looked for in the working directory, then
#'   beside the flow's file.
#' @param default_value The value if none is given: a named list, or a text to be parsed. Not together with `default`.
#'   Both may be functions without arguments.
#' @param parser What makes a value of the text: a function of the text, or one of `"yaml"`, `"requirements"`,
#'   `"pyproject"` and `"conda"`. By default the text is JSON.
#' @param required Whether a value must be given (logical). Without value and default a configuration is `NULL`.
#' @param help What the configuration means (text).
#' @returns `config()`: the flow with the configuration added. `config_value()`: the value; a list of it says which names it
#'   has when another is asked for. `config_expr()`: an expression that is evaluated when it is given to a parameter or a
#'   decorator of a flow; in it the flow's configurations are variables.
#' @section Errors: `rflow_error_config_missing` when the file does not exist, `rflow_error_config_invalid` when it cannot be
#'   parsed, `rflow_error_config_required`, `rflow_error_config_unknown` for another name, `rflow_error_config_expr` when an
#'   expression cannot be evaluated.
#' @examples
#' training <- flow("TrainingFlow") |>
#'   config("settings", default_value = list(alpha = 0.5, retries = 2L)) |>
#'   parameter("alpha", default = config_expr(settings$alpha)) |>
#'   step("start", \(self) self$x <- self$settings$alpha, retry(times = config_expr(settings$retries)), next_step = "end") |>
#'   step("end", \(self) print(self$x))
#' config_value(training, "settings")$alpha
#' @export
config <- function(flow, name, default = NULL, default_value = NULL, parser = NULL, required = FALSE, help = NULL) {
  if (missing(flow)) flow <- NULL
  if (missing(name)) name <- NULL
  call <- sys.call()
  force(flow)
  with_place(call, {
    check_flow(flow, "config()")
    check_text(name, "config(): the configuration's name")
    what <- paste0("config `", name, "`: ")
    if (!is.function(default)) check_text(default, paste0(what, "`default`"), optional = TRUE)
    if (!is.function(parser)) check_text(parser, paste0(what, "`parser`"), optional = TRUE)
    check_flag(required, paste0(what, "`required`"))
    check_text(help, paste0(what, "`help`"), optional = TRUE, empty = TRUE)
    if (!is.null(default) && !is.null(default_value)) {
      abort_rflow(paste0(what, "it has a `default` and a `default_value`."), "definition", "Give one of them.")
    }
  })
  place <- place_of_call(call, used_places(flow$configs))
  item <- list(
    name = name, default = called(default), default_value = called(default_value), parser = parser, required = required,
    help = paste0(help, ""), file = place$file, line = place$line
  )
  item["value"] <- list(config_read(item, flow))
  flow$configs <- c(flow$configs, list(item))
  flow
}

#' @rdname config
#' @export
config_value <- function(flow, name) {
  check_flow(flow, "config_value()")
  check_text(name, "config_value(): `name`")
  values <- config_scope(flow)
  if (name %in% names(values)) return(values[[name]])
  near <- nearest_name(name, names(values))
  known <- if (length(values)) paste0("It has: ", paste(names(values), collapse = ", "), ".") else "It has none."
  abort_rflow(
    paste0("The flow `", flow$name, "` has no config `", name, "`."), "config_unknown",
    if (is.null(near)) known else paste0("Did you mean `", near, "`?")
  )
}

#' @rdname config
#' @param expr An expression in which the configurations are variables, such as `settings$alpha`.
#' @export
config_expr <- function(expr) {
  structure(class = "rflow_config_expr", list(expr = substitute(expr), envir = parent.frame()))
}

called <- function(default) if (is.function(default)) default() else default

# The flow with configurations that were given later, as list(files, values), or are those of the run that the command
# `words` resumes. They are read again, and with them every config_expr() is evaluated.
reconfigure <- function(flow, given = list(), words = character()) {
  before <- list(given = the$given, words = the$words)
  on.exit(list2env(before, the))
  list2env(list(given = given, words = words), the)
  configs <- flow$configs
  flow$configs <- list()
  for (item in configs) {
    item["value"] <- list(config_read(item, flow))
    flow$configs <- c(flow$configs, list(item))
  }
  check_given_configs(flow)
  flow$parameters <- lapply(flow$parameters, configured_parameter, flow = flow)
  flow$steps <- lapply(flow$steps, \(step) {
    step$decorators <- lapply(step$decorators, configured_decorator, flow = flow, step = step$name)
    step
  })
  flow
}

# The values of the flow's configurations, by name.
config_scope <- function(flow) {
  values <- lapply(flow$configs, \(x) as_config(x$value))
  names(values) <- vapply(flow$configs, \(x) x$name, "")
  values
}

# `value` with every config_expr() in it evaluated for the flow. `what` begins the message of an error.
config_evaluate <- function(value, flow, what) {
  if (inherits(value, "rflow_config_expr")) {
    if (the$unread) return(NULL)
    fail <- function(error) {
      text <- paste(deparse(value$expr), collapse = " ")
      abort_rflow(
        paste0(what, "config_expr(", text, ") cannot be evaluated: ", conditionMessage(error)), "config_expr",
        paste0("The flow's configs are: ", paste(names(config_scope(flow)), collapse = ", "), ".")
      )
    }
    return(tryCatch(eval(value$expr, config_scope(flow), value$envir), error = fail))
  }
  if (!is.list(value) || is.object(value)) return(value)
  found <- lapply(value, config_evaluate, flow = flow, what = what)
  attributes(found) <- attributes(value)
  found
}

# Lists as configurations: a name that is not there is an error, and lists of single values of one type are vectors.
as_config <- function(value) {
  if (!is.list(value)) return(value)
  value <- unclass(value)
  if (is.null(names(value)) && length(value) > 0) {
    types <- unique(vapply(value, \(x) if (is.atomic(x) && length(x) == 1) typeof(x) else "", ""))
    if (all(types %in% c("integer", "double")) || length(types) == 1 && nzchar(types)) return(unlist(value))
  }
  found <- lapply(value, as_config)
  if (is.null(names(value)) && length(value) > 0) found else structure(class = "rflow_config", found)
}

#' @export
`$.rflow_config` <- function(x, name) config_get(x, name)

#' @export
`[[.rflow_config` <- function(x, i, ...) if (is.character(i) && length(i) == 1) config_get(x, i) else unclass(x)[[i]]

config_get <- function(x, name) {
  values <- unclass(x)
  if (name %in% names(values)) return(values[[name]])
  near <- nearest_name(name, names(values))
  known <- paste0("It has: ", paste(names(values), collapse = ", "), ".")
  abort_rflow(
    paste0("The configuration has no `", name, "`."), "config_key",
    if (is.null(near)) known else paste0("Did you mean `", near, "`?")
  )
}

config_refuse <- function(x, ...) {
  abort_rflow("A configuration cannot be changed.", "artifact_read_only", "as.list() gives a copy that can.")
}

#' @export
`$<-.rflow_config` <- function(x, name, value) config_refuse(x)

#' @export
`[[<-.rflow_config` <- function(x, i, value) config_refuse(x)

#' @export
as.list.rflow_config <- function(x, ...) rapply_config(x)

rapply_config <- function(x) if (is.list(x)) lapply(unclass(x), rapply_config) else x

#' @export
print.rflow_config <- function(x, ...) {
  utils::str(rapply_config(x), give.attr = FALSE, no.list = TRUE)
  invisible(x)
}

#' @export
print.rflow_config_expr <- function(x, ...) {
  cli::cat_line("config_expr(", paste(deparse(x$expr), collapse = " "), ")")
  invisible(x)
}

# For the graph.
config_list <- function(item) {
  default <- if (is.null(item$default_value)) item$default else item$default_value
  parser <- if (is.function(item$parser)) "function" else item$parser
  found <- list(name = item$name, kind = if (is.null(item$default_value)) "file" else "value")
  found["value"] <- list(config_json(item$value))
  if (!is.null(default)) found$default <- config_json(default)
  found["parser"] <- list(parser)
  c(found, list(plain = FALSE, required = item$required, help = item$help, line = item$line))
}

config_json <- function(value) json_value(rapply_config(value))

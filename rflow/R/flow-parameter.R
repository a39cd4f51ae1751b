#' Parameters, files and constants of a flow
#'
#' `parameter()` adds a value that may be given when the flow is run (`--alpha 0.5`), `include_file()` a file whose
#' content is read when the run starts, `constant()` values that are fixed in the flow. In every step they are there as
#' `self$alpha`, and cannot be changed.
#'
#' @param flow A flow, made by [flow()].
#' @param parameter,name The parameter's name (text).
#' @param required Whether a run needs a value (logical).
#' @param help What the parameter means, shown by `--help` (text).
#' @param separator For lists: the text that separates the values on the command line (text).
#' @param default The value if none is given. A function without arguments is called when the run starts.
#' @param type One of `"str"`, `"int"`, `"float"`, `"bool"` and `"json"`, or the name of R's type (`"character"`,
#'   `"integer"`, `"double"`, `"logical"`, `"list"`). By default the type of `default`; text if there is none.
#' @param is_flag Whether it is a logical that is `FALSE` unless given (logical).
#' @param choices The only values it may have: a vector.
#' @param ignore_case Whether texts of `choices` may be written in any case (logical); the value is the choice.
#' @param multiple Whether the option may be repeated (`--x 1 --x 2`); the value is then a list (logical).
#' @returns The flow with the parameter, file or constants added.
#' @section Errors: `rflow_error_definition` when an argument is of another type; the message names the parameter.
#' @examples
#' flow("ParametersFlow") |>
#'   parameter("alpha", default = 0.5, help = "learning rate") |>
#'   parameter("genres", default = c("Action", "Drama"), separator = ",") |>
#'   parameter("today", default = \() format(Sys.Date())) |>
#'   include_file("notes", default = "notes.txt") |>
#'   constant(version = "1.0")
#' @export
parameter <- function(flow, parameter, required = FALSE, help = NULL, separator = NULL, default = NULL, type = NULL,
                      is_flag = FALSE, choices = NULL, ignore_case = FALSE, multiple = FALSE) {
  if (missing(flow)) flow <- NULL
  if (missing(parameter)) parameter <- NULL
  call <- sys.call()
  force(flow)
  with_place(call, {
    check_flow(flow, "parameter()")
    check_text(parameter, "parameter(): the parameter's name")
    what <- paste0("parameter `", parameter, "`: ")
    check_flag(required, paste0(what, "`required`"))
    check_text(help, paste0(what, "`help`"), optional = TRUE, empty = TRUE)
    check_text(separator, paste0(what, "`separator`"), optional = TRUE)
    check_flag(is_flag, paste0(what, "`is_flag`"))
    check_flag(ignore_case, paste0(what, "`ignore_case`"))
    check_flag(multiple, paste0(what, "`multiple`"))
    if (!is.null(choices) && (!is.vector(choices) && !is.factor(choices) || length(choices) == 0)) {
      abort_argument(paste0(what, "`choices`"), "a vector of values", choices)
    }
    type <- if (is_flag) "bool" else check_type(type, what)
  })
  if (is_flag && is.null(default)) default <- FALSE
  add_parameter(flow, call, list(
    name = parameter, kind = "value", type = type, default = default, required = required, separator = separator,
    choices = choices, ignore_case = ignore_case, multiple = multiple, is_flag = is_flag, help = paste0(help, "")
  ))
}

#' @rdname parameter
#' @param is_text Whether the file is text, else its bytes are kept as a raw vector (logical).
#' @param encoding Encoding of a text (text).
#' @param parser What makes the value of the text: `"yaml"`, `"requirements"`, `"pyproject"` or `"conda"` (text).
#' @export
include_file <- function(flow, name, default = NULL, required = FALSE, is_text = TRUE, encoding = "utf-8",
                         help = NULL, parser = NULL) {
  if (missing(flow)) flow <- NULL
  if (missing(name)) name <- NULL
  call <- sys.call()
  force(flow)
  with_place(call, {
    check_flow(flow, "include_file()")
    check_text(name, "include_file(): the parameter's name")
    what <- paste0("include_file `", name, "`: ")
    if (!is.function(default)) check_text(default, paste0(what, "`default`"), optional = TRUE)
    check_flag(required, paste0(what, "`required`"))
    check_flag(is_text, paste0(what, "`is_text`"))
    check_text(encoding, paste0(what, "`encoding`"))
    check_text(parser, paste0(what, "`parser`"), optional = TRUE)
    check_text(help, paste0(what, "`help`"), optional = TRUE, empty = TRUE)
  })
  add_parameter(flow, call, list(
    name = name, kind = "file", type = if (is_text) "text" else "bytes", default = default, required = required,
    encoding = if (is_text) encoding, parser = parser, help = paste0(help, "")
  ))
}

#' @rdname parameter
#' @param ... For `constant()`: named values of any kind that an artifact may have.
#' @export
constant <- function(flow, ...) {
  if (missing(flow)) flow <- NULL
  check_flow(flow, "constant()")
  check_dots(as.list(substitute(list(...)))[-1], "constant()")
  values <- list(...)
  check_all_named(values, "constant()")
  items <- lapply(seq_along(values), \(i) list(name = names(values)[i], value = values[[i]]))
  flow$constants <- c(flow$constants, items)
  flow
}

add_parameter <- function(flow, call, item) {
  place <- place_of_call(call, used_places(flow$parameters))
  item <- c(item, list(file = place$file, line = place$line, written = list(default = item$default)))
  flow$parameters <- c(flow$parameters, list(configured_parameter(item, flow)))
  flow
}

# A parameter with its default evaluated; it stays there as it was `written`, for other configurations.
configured_parameter <- function(item, flow) {
  default <- config_evaluate(item$written$default, flow, paste0("parameter `", item$name, "`: "))
  item["default"] <- list(rapply_config(default))
  item
}

parameter_types <- c(
  str = "str", int = "int", float = "float", bool = "bool", json = "json",
  character = "str", integer = "int", double = "float", numeric = "float", logical = "bool", list = "json"
)

check_type <- function(type, what) {
  if (is.null(type)) return(NULL)
  check_text(type, paste0(what, "`type`"))
  known <- parameter_types[type]
  if (!is.na(known)) return(unname(known))
  near <- nearest_name(type, names(parameter_types))
  abort_rflow(
    paste0(what, "there is no type \"", type, "\"."), "definition",
    if (is.null(near)) "Types are: str, int, float, bool, json." else paste0("Did you mean \"", near, "\"?")
  )
}

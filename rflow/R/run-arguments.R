# run()'s arguments as a command line.

# What the command line says, with the options that run() names in the file before its own, so that its own win.
script_arguments <- function(given, options) {
  command <- command_place(given)
  if (is.na(command) || !given[command] %in% c("run", "resume")) return(given)
  args <- if (given[command] == "run") options$args else options$others
  c(options$general, given[seq_len(command)], args, given[-seq_len(command)])
}

# run()'s named arguments as text: `general` come before the command, `args` after it; `others` are those of `args` that
# are no parameters of the flow.
run_options <- function(flow, options) {
  parameters <- parameters_by_name(flow$parameters)
  text <- \(name) option_text(name, options[[name]], parameters[[option_key(name)]])
  general <- intersect(setdiff(names(options), names(parameters)), "quiet")
  args <- setdiff(names(options), general)
  list(
    general = unlist(lapply(general, text)),
    args = unlist(lapply(args, text)),
    others = unlist(lapply(args[!option_key(args) %in% names(parameters)], text))
  )
}

# Those of run()'s options that are configurations: `config` and `config_value`, unless a parameter is called so.
config_options <- function(flow, options) {
  known <- setdiff(c("config", "config_value"), names(parameters_by_name(flow$parameters)))
  given <- lapply(options[intersect(names(options), known)], as.list)
  for (name in names(given)) {
    if (!all(nzchar(names(given[[name]]))) || is.null(names(given[[name]]))) {
      abort_argument(paste0("run(): `", name, "`"), "a list with the names of configurations", options[[name]])
    }
  }
  files <- given[["config"]]
  for (name in names(files)) check_text(files[[name]], paste0("run(): the file of config `", name, "`"))
  given
}

option_key <- function(name) gsub("-", "_", name, fixed = TRUE)

parameters_by_name <- function(parameters) {
  names(parameters) <- vapply(parameters, \(x) option_key(x$name), "")
  parameters
}

# One option as arguments: parameters take a value, `TRUE` of another option stands alone, several values repeat it.
option_text <- function(name, value, parameter) {
  if (is.null(value)) return(NULL)
  flag <- paste0("--", name)
  if (is.null(parameter)) {
    if (!is.atomic(value)) abort_argument(paste0("run(): `", name, "`"), "a text, number or logical", value)
    if (isTRUE(value)) return(flag)
    if (identical(value, FALSE)) return(NULL)
    return(paste0(flag, "=", plain_text(value)))
  }
  if (!isTRUE(parameter$multiple)) return(paste0(flag, "=", parameter_text(value, parameter)))
  vapply(as.list(value), \(item) paste0(flag, "=", parameter_text(item, parameter)), "", USE.NAMES = FALSE)
}

parameter_text <- function(value, parameter) {
  what <- paste0("run(): `", parameter$name, "`")
  if (is.list(value) || identical(parameter$type, "json") && !is.character(value)) {
    return(as.character(jsonlite::toJSON(json_value(value), auto_unbox = TRUE, null = "null", digits = NA)))
  }
  if (!is.atomic(value) || anyNA(value)) abort_argument(what, "a value without NA", value)
  if (!is.null(parameter$separator)) return(paste(plain_text(value), collapse = parameter$separator))
  if (length(value) != 1) abort_argument(what, "a single value", value)
  plain_text(value)
}

# Values as they are typed: numbers without R's shortenings.
plain_text <- function(value) {
  if (!is.numeric(value) || is.object(value)) return(as.character(value))
  format(value, digits = 15, scientific = FALSE, trim = TRUE)
}

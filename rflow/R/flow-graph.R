# A flow as graph JSON (shared_spec/graph.md).

# The graph as JSON text. Defaults that are functions are evaluated here.
graph_json <- function(flow) {
  as.character(jsonlite::toJSON(
    graph_list(flow), auto_unbox = TRUE, null = "null", na = "null", digits = NA, json_verbatim = TRUE
  ))
}

graph_list <- function(flow) {
  ends <- flow_ends(flow)
  list(
    format = "pyflow-graph", version = 1L, name = flow$name, language = "r", file = flow$file, doc = flow$doc,
    start = ends$start, end = ends$end,
    configs = lapply(flow$configs, config_list),
    parameters = lapply(flow$parameters, parameter_list),
    constants = I(vapply(flow$constants, \(x) x$name, "")),
    decorators = lapply(flow$decorators, decorator_list),
    steps = lapply(flow$steps, step_list, flow = flow)
  )
}

step_list <- function(step, flow) {
  other <- inherits(step$fn, "rflow_function")
  list(
    name = step$name, language = if (other) step$fn$language else "r",
    "function" = if (other) step$fn[c("file", "name")] else list(file = flow$file, name = NULL),
    join = step$join, transition = step$transition,
    decorators = lapply(step$decorators, decorator_list),
    doc = "", file = step$file, line = step$line
  )
}

# A name with a dot is that of a decorator in a Python module.
decorator_list <- function(item) {
  found <- list(name = item$name, args = lapply(item$args, json_value), line = item$line)
  if (inherits(item, "rflow_wrapper")) return(c(found, list(custom = TRUE, language = "r", file = NULL)))
  if (grepl(".", item$name, fixed = TRUE)) found <- c(found, list(custom = TRUE, language = "python", file = NULL))
  found
}

parameter_list <- function(item) {
  value <- parameter_default(item)
  type <- if (is.null(item$type)) default_type(if (is.null(value)) item$choices else value) else item$type
  found <- list(name = item$name, kind = item$kind, type = type, required = item$required, help = item$help)
  if (!is.null(value)) found$default <- default_value(value, type, item)
  if (!is.null(item$separator)) found$separator <- item$separator
  if (!is.null(item$encoding)) found$encoding <- item$encoding
  if (!is.null(item$parser)) found$parser <- item$parser
  if (!is.null(item$choices)) found$choices <- choice_values(item$choices, type)
  if (isTRUE(item$ignore_case)) found$ignore_case <- TRUE
  if (isTRUE(item$multiple)) found$multiple <- TRUE
  if (isTRUE(item$is_flag)) found$is_flag <- TRUE
  c(found, list(line = item$line))
}

# The default, called if it is a function.
parameter_default <- function(item) {
  if (!is.function(item$default)) return(item$default)
  tryCatch(item$default(), error = function(error) {
    abort_rflow(
      paste0(item_label(item), "its default is a function that failed: ", conditionMessage(error)), "definition"
    )
  })
}

# How messages name a parameter: where it was written, and its name.
item_label <- function(item) {
  place <- if (!is.null(item$line)) paste0(item$file, ":", item$line, ": ")
  paste0(place, "parameter `", item$name, "`: ")
}

default_type <- function(value) {
  if (is.null(value) || is.object(value)) return("str")
  switch(typeof(value), logical = "bool", integer = "int", double = "float", list = "json", "str")
}

# The default as JSON of the parameter's type. A value of another type goes as it is, for the checker to report.
default_value <- function(value, type, item) {
  if (type == "json" || is.list(value)) return(json_value(value))
  if (is.object(value)) value <- as.character(value)
  if (type == "int" && is.double(value)) value <- whole_numbers(value)
  if (isTRUE(item$multiple)) return(I(value))
  # A text with separators in it is a list as the command line has it, and is split there.
  if (!is.null(item$separator)) return(if (holds_separator(value, item$separator)) value else I(value))
  if (length(value) != 1) {
    abort_rflow(
      paste0(item_label(item), "its default has ", length(value), " values."), "definition",
      "Give a `separator` for a list of values, or type = \"json\"."
    )
  }
  value
}

# Choices as a JSON array of the parameter's type.
choice_values <- function(choices, type) {
  if (is.list(choices)) return(lapply(unname(choices), json_value))
  if (is.object(choices)) choices <- as.character(choices)
  I(unname(if (type == "int" && is.double(choices)) whole_numbers(choices) else choices))
}

holds_separator <- function(value, separator) {
  is.character(value) && length(value) == 1 && grepl(separator, value, fixed = TRUE)
}

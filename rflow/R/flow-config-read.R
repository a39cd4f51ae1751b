# Where the value of a configuration comes from. In a task it is the value that the run has, whatever files say now.

config_read <- function(item, flow) {
  known <- the$configs
  if (is.null(known)) return(config_given(item, flow))
  if (item$name %in% names(known)) known[[item$name]] else NULL
}

# What the command line, the environment and then the default say.
config_given <- function(item, flow) {
  given <- given_configs()
  name <- item$name
  origin <- origin_configs(flow$name)
  if (name %in% names(origin)) return(origin[[name]])
  if (name %in% names(given$files) && name %in% names(given$values)) {
    config_abort(TRUE, "config_default", paste0("config '", name, "' is given as a file and as a value"),
      "Give one of --config and --config-value.")
  }
  if (name %in% names(given$values)) {
    return(config_parse(item, given$values[[name]], paste("--config-value", name), usage = TRUE))
  }
  if (name %in% names(given$files)) return(config_file(item, given$files[[name]], getwd(), usage = TRUE))
  if (!is.null(item$default_value)) return(config_parse(item, item$default_value, "its default_value", usage = FALSE))
  folders <- c(getwd(), if (!is.null(flow$file)) dirname(flow$file))
  if (!is.null(item$default)) return(config_file(item, item$default, folders, usage = FALSE))
  if (item$required) {
    config_abort(TRUE, "config_required", paste0(item_place(item), "the config '", name, "' is required"),
      paste0("Give it before the command: --config ", name, " PATH, or --config-value ", name, " JSON."))
  }
  NULL
}

config_file <- function(item, path, folders, usage) {
  candidates <- unique(vapply(folders, \(folder) absolute_path(path, folder), ""))
  found <- candidates[file.exists(candidates) & !dir.exists(candidates)]
  if (length(found) == 0) {
    return(config_abort(usage, "config_missing",
      paste0(item_place(item), "the file of config '", item$name, "' does not exist: ", path),
      paste0("Looked for ", paste(candidates, collapse = " and "), ". Another one is given by --config ", item$name, " PATH.")))
  }
  lines <- readLines(found[1], warn = FALSE, encoding = "UTF-8")
  config_parse(item, paste(lines, collapse = "\n"), found[1], usage)
}

# A text as what the parser, or else JSON, makes of it; anything else is the value. It comes back as JSON has it, so that
# it is here what it will be in steps.
config_parse <- function(item, content, source, usage) {
  is_text <- is.character(content) && length(content) == 1 && is.null(names(content))
  fail <- function(error) {
    form <- if (is.null(item$parser)) "valid JSON" else "what its parser reads"
    config_abort(usage, "config_invalid",
      paste0(item_place(item), "config '", item$name, "' is not ", form, ": ", source, " (", conditionMessage(error), ")"),
      "Correct it, or give the config another parser.")
  }
  tryCatch(config_plain(if (is_text) config_parser(item$parser)(content) else content), error = fail)
}

config_parser <- function(parser) {
  if (is.function(parser)) return(parser)
  if (is.null(parser)) return(\(text) jsonlite::parse_json(text, simplifyVector = FALSE))
  \(text) python_json(c("-m", "pyflow.cli.configs", "parse", parser), input = text)
}

config_plain <- function(value) {
  text <- jsonlite::toJSON(config_json(value), auto_unbox = TRUE, null = "null", na = "null", digits = NA)
  jsonlite::parse_json(text, simplifyVector = FALSE)
}

# A script ends as a Python flow does: its message on standard error, and exit code 2 for a mistake in the command line.
# NULL where the flow is not to be run.
config_abort <- function(usage, code, message, hint) {
  if (!called_from_script() || the$defining) abort_rflow(message, code, hint)
  if (is_about_the_past()) {
    the$unread <- TRUE
    return(NULL)
  }
  writeLines(c(paste0(if (usage) "UsageError: " else "DefinitionError: ", message), hint), stderr())
  quit(save = "no", status = if (usage) 2L else 1L)
}

# Whether the command only shows what is stored, or explains itself: then the flow need not be as it would run.
is_about_the_past <- function() {
  if (is.null(main_script()) || the$defining) return(FALSE)
  words <- commandArgs(TRUE)
  any(c("--help", "-h") %in% words) || isTRUE(words[command_place(words)] %in% c("dump", "logs", "code", "version"))
}

item_place <- function(item) if (is.null(item$line)) "" else paste0(item$file, ":", item$line, ": ")

# Names with the paths and values that the command line, run() and the environment give. Of two the first wins.
given_configs <- function() {
  typed <- typed_configs(if (is.null(main_script())) character() else commandArgs(TRUE))
  outside <- list(files = environment_configs("PYFLOW_FLOW_CONFIG"), values = environment_configs("PYFLOW_FLOW_CONFIG_VALUE"))
  prefer_configs(prefer_configs(typed, the$given), outside)
}

prefer_configs <- function(first, second) {
  names <- c(names(first$files), names(first$values))
  rest <- lapply(second, \(x) x[setdiff(names(x), names)])
  list(files = c(first$files, rest$files), values = c(first$values, rest$values))
}

typed_configs <- function(words) {
  found <- list(files = list(), values = list())
  place <- 1
  last <- command_place(words)
  if (is.na(last)) last <- length(words) + 1
  while (place < last) {
    kind <- c("--config" = "files", "--config-value" = "values", "--config_value" = "values")[words[place]]
    if (!is.na(kind) && place + 2 < last) {
      found[[kind]][[words[place + 1]]] <- words[place + 2]
      place <- place + 2
    }
    place <- place + 1
  }
  found
}

# Where the command stands: the first word that is no option and no value of one.
command_place <- function(words) {
  values <- c("--config" = 2, "--config-value" = 2, "--with" = 1, "--branch" = 1)
  place <- 1
  while (place <= length(words) && startsWith(words[place], "-")) {
    more <- values[gsub("_", "-", words[place], fixed = TRUE)]
    place <- place + 1 + if (is.na(more)) 0 else more
  }
  if (place <= length(words)) unname(place) else NA
}

environment_configs <- function(variable) {
  text <- Sys.getenv(variable)
  if (!nzchar(text)) return(list())
  found <- tryCatch(jsonlite::parse_json(text, simplifyVector = FALSE), error = \(e) NULL)
  if (is.list(found) && !is.null(names(found))) return(found)
  config_abort(TRUE, "usage", paste0("the environment variable ", variable, " is no JSON object: ", text),
    "It has an entry for each config, as in {\"config\": \"other.json\"}.")
}

# A flow that is resumed has the configurations of its origin.
origin_configs <- function(flow) {
  words <- if (length(the$words)) the$words else if (!is.null(main_script()) && !the$defining) commandArgs(TRUE)
  begin <- match("resume", words)
  if (is.na(begin)) return(list())
  words <- words[seq(begin, length(words))]
  if (!identical(the$origins$of, words)) {
    the$origins <- list(of = words, values = python_json(c("-m", "pyflow.cli.configs", "origin", flow, words)))
  }
  the$origins$values
}

# Names that are given but that the flow does not have. Called when all of the flow is known.
check_given_configs <- function(flow) {
  given <- given_configs()
  known <- vapply(flow$configs, \(x) x$name, "")
  for (name in c(names(given$files), names(given$values))) {
    if (name %in% known) next
    near <- nearest_name(name, known)
    hint <- if (length(known)) paste0("It has: ", paste(known, collapse = ", "), ".") else "It has none."
    config_abort(TRUE, "config_unknown", paste0("the flow has no config '", name, "'"),
      if (is.null(near)) hint else paste0("Did you mean '", near, "'?"))
  }
}

# What a Python command prints as JSON; its own message is the error.
python_json <- function(args, input = NULL) {
  errors <- tempfile()
  on.exit(unlink(errors))
  words <- vapply(args, shQuote, "")
  output <- suppressWarnings(system2(find_python(), words, stdout = TRUE, stderr = errors, input = input))
  if (!is.null(attr(output, "status"))) stop(paste(readLines(errors, warn = FALSE), collapse = "\n"))
  jsonlite::parse_json(paste(output, collapse = "\n"), simplifyVector = FALSE)
}

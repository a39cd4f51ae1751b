# Where in a file a call was written. Rscript keeps no source references, and in a pipe R knows only the line of the
# whole expression; so the flow's file is parsed once more and the call looked up in it.

#' The file whose code is running
#'
#' Where the flow's files are, for data that lies beside them: `dirname(this_file())`. It is the same in a script, in a
#' sourced file and in a step, though a run loads its own copy of the code.
#'
#' @returns The absolute path (text): at the top of a file this file, in a step the file of the step's function. `NULL` in
#'   a session without a file.
#' @examples
#' here <- if (is.null(this_file())) getwd() else dirname(this_file())
#' @export
this_file <- function() {
  file <- current_file()
  if (is.null(file)) the$step_file else file
}

# The file whose code is running, absolute, or NULL in a session without one.
current_file <- function() {
  if (!is.null(the$file)) return(the$file)
  file <- sourced_file()
  if (is.null(file)) file <- main_script()
  if (is.null(file)) NULL else normalizePath(file, winslash = "/", mustWork = FALSE)
}

# The file that Rscript was given, or NULL.
main_script <- function() {
  given <- grep("^--file=", commandArgs(FALSE), value = TRUE)
  if (length(given) == 0) return(NULL)
  path <- sub("^--file=", "", given[1])
  if (file.exists(path)) normalizePath(path, winslash = "/") else NULL
}

# Whether run() stands in the file that Rscript was given, and nothing else (a test, a document, source()) is calling
# it.
called_from_script <- function() {
  if (interactive() || is.null(main_script())) return(FALSE)
  callers <- lapply(seq_len(sys.nframe()), sys.function)
  homes <- vapply(callers, \(fn) environmentName(topenv(environment(fn))), "")
  sourced <- any(vapply(callers, \(fn) identical(fn, source) || identical(fn, sys.source), NA))
  !sourced && all(homes %in% c("R_GlobalEnv", "rflow", "base", "magrittr"))
}

# The innermost file on the stack: one that source() is reading, or else one that a source reference names (inside of
# source() these may be the caller's).
sourced_file <- function() {
  frames <- rev(seq_len(sys.nframe()))
  for (i in frames) {
    if (identical(sys.function(i), source) && is.character(sys.frame(i)$ofile)) return(existing(sys.frame(i)$ofile))
  }
  for (i in frames) {
    caller <- sys.parents()[i]
    ours <- caller > 0 && identical(environment(sys.function(caller)), topenv())
    file <- if (!ours) existing(srcref_file(sys.call(i)))
    if (!is.null(file)) return(file)
  }
  NULL
}

existing <- function(file) if (is.character(file) && file.exists(file)) file else NULL

srcref_file <- function(call) {
  reference <- attr(call, "srcref")
  if (is.null(reference)) return(NULL)
  source <- attr(reference, "srcfile")
  path <- source$filename
  if (is.null(path) || !nzchar(path)) return(NULL)
  if (grepl("^(/|[A-Za-z]:)", path)) path else file.path(source$wd, path)
}

# file, line and last line of `call`; line is NULL where the call cannot be found. `used` are lines that hold other
# calls of the same kind, so that two equal calls get a line each.
place_of_call <- function(call, used = integer()) {
  file <- current_file()
  if (is.null(file)) return(list(file = NULL, line = NULL))
  found <- match_call(call, written_calls(file))
  lines <- vapply(found, \(x) x$line, 1L)
  best <- which(!lines %in% used)
  if (length(best) == 0) best <- seq_along(found)
  if (length(best) == 0) return(list(file = file, line = NULL))
  list(file = file, line = lines[best[1]], last = found[[best[1]]]$last)
}

# Evaluate `expr`, the body of the call of an exported function; an error about its arguments says where it was written.
with_place <- function(call, expr) {
  tryCatch(expr, rflow_error_definition = function(error) {
    place <- if (is.null(error$place)) place_of_call(call)
    if (!is.null(place$line)) {
      error$place <- paste0(place$file, ":", place$line)
      error$message <- paste0(error$place, ": ", error$message)
    }
    stop(error)
  })
}

used_places <- function(items) unlist(lapply(items, \(x) x$line))

# Give each decorator the line where it was written: inside its step's call if it stands there.
place_decorators <- function(decorators, place) {
  calls <- if (is.null(place$file)) list() else written_calls(place$file)
  used <- integer()
  for (i in seq_along(decorators)) {
    found <- match_call(decorators[[i]]$call, calls)
    inside <- Filter(\(x) !is.null(place$line) && x$line >= place$line && x$line <= place$last, found)
    fresh <- Filter(\(x) !x$id %in% used, inside)
    best <- c(fresh, inside, found)[1]
    decorators[[i]]$line <- if (length(found)) best[[1]]$line else place$line
    if (length(found)) used <- c(used, best[[1]]$id)
  }
  decorators
}

# The written calls that `call` may come from. A pipe puts the flow in as first argument.
match_call <- function(call, calls) {
  # do.call() puts values into the call, which may be large and are written nowhere.
  written <- vapply(as.list(call)[-1], \(x) is.language(x) || is.atomic(x) && length(x) <= 1, NA)
  if (!all(written)) return(list())
  keys <- c(call_key(call), if (length(call) > 1) call_key(call[-2]))
  Filter(\(x) x$key %in% keys, calls)
}

# A call as text that depends on nothing but its parts: source references hold the spelling of functions.
call_key <- function(call) paste(deparse(call, 500L, control = c("keepInteger", "keepNA", "digits17")), collapse = "\n")

# All calls in `file` of functions that define a flow: a list of id, line, last (line) and key. Empty if the file cannot
# be parsed. Read once for each version of the file.
written_calls <- function(file) {
  version <- paste(file.info(file)[c("size", "mtime")], collapse = " ")
  known <- the$sources[[file]]
  if (!identical(known$version, version)) {
    known <- list(version = version, calls = tryCatch(parse_calls(file), error = \(e) list()))
    the$sources[[file]] <- known
  }
  known$calls
}

placed_functions <- c(
  "step", "parameter", "include_file", "retry", "catch", "timeout", "parallel", "environment_variables", "decorator",
  "resources", "secrets", "flow", "metaflow", "project", "exit_hook", "config"
)

parse_calls <- function(file) {
  data <- utils::getParseData(parse_file(file), includeText = TRUE)
  names <- which(data$token == "SYMBOL_FUNCTION_CALL" & data$text %in% placed_functions)
  found <- lapply(names, function(row) {
    head <- data$parent[row]
    id <- data$parent[match(head, data$id)]
    text <- utils::getParseText(data, id)
    # The placeholder of a pipe (`flow = _`) cannot be parsed alone; it stands for the first argument, which a pipe
    # hides.
    text <- sub("\\(\\s*flow\\s*=\\s*_\\s*,", "(", text)
    call <- tryCatch(parse(text = text, keep.source = FALSE)[[1]], error = \(e) NULL)
    last <- data$line2[match(id, data$id)]
    list(id = id, line = data$line1[row], last = last, key = if (is.call(call)) call_key(call))
  })
  Filter(\(x) !is.null(x$key), found)
}

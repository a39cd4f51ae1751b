#' Check what flows need
#'
#' Looks at Python, R, their packages, the store and the machine, and says what is missing and how it is installed. The
#' same as `pyflow doctor` on a command line.
#'
#' @returns A data frame of class `rflow_doctor`, which prints as people read it, with a row for each thing: `name`,
#'   `state` (`ok`, `warning`, `missing`), `found` and `fix` (text, empty if there is nothing to do).
#' @section Errors: `rflow_error_python_missing` when there is no Python or it has no package pyflow.
#' @examples
#' if (interactive()) doctor()
#' @export
doctor <- function() {
  output <- ask_command(c("-m", "pyflow", "doctor", "--json"), accept = 0:1)
  rows <- jsonlite::fromJSON(paste(output, collapse = "\n"))
  structure(rows[c("name", "state", "found", "fix")], class = c("rflow_doctor", "data.frame"))
}

#' @export
print.rflow_doctor <- function(x, ...) {
  marks <- c(ok = cli::col_green("ok"), warning = cli::col_yellow("note"), missing = cli::col_red("MISSING"))
  for (i in seq_len(nrow(x))) {
    cli::cat_line(cli::ansi_align(marks[[x$state[i]]], 8), formatC(x$name[i], width = -20), " ", x$found[i])
    if (x$state[i] != "ok" && nzchar(x$fix[i])) cli::cat_line(strrep(" ", 28), " -> ", x$fix[i])
  }
  invisible(x)
}

# What Python prints when it is called with these arguments; an error for an exit code that is not one of `accept`.
ask_command <- function(args, accept = 0L) {
  python <- find_python()
  environment <- share_environment()
  on.exit(do.call(Sys.setenv, environment))
  messages <- tempfile()
  on.exit(unlink(messages), add = TRUE)
  output <- suppressWarnings(system2(python, shQuote(args), stdout = TRUE, stderr = messages))
  status <- attr(output, "status")
  if (is.null(status) || status %in% accept && length(output)) return(output)
  reason <- paste(c(paste0(python, " cannot load the package pyflow:"), readLines(messages, warn = FALSE)), collapse = "\n")
  abort_rflow(reason, "python_missing", python_hint)
}

#' Versions
#'
#' Versions of rflow and R, and of the Python package with which flows are run.
#'
#' @returns A named list of texts, of class `rflow_versions`; `executable` is the path of the Python in use.
#' @section Errors: `rflow_error_python_missing` when there is no Python or it has no package pyflow.
#' @examples
#' if (interactive()) version_info()
#' @export
version_info <- function() {
  python <- find_python()
  environment <- share_environment()
  on.exit(do.call(Sys.setenv, environment))
  code <- "import json; from pyflow import app; print(json.dumps(app.versions()))"
  output <- suppressWarnings(system2(python, c("-c", shQuote(code)), stdout = TRUE, stderr = TRUE))
  if (!is.null(attr(output, "status"))) {
    reason <- paste(c(paste0(python, " cannot load the package pyflow:"), output), collapse = "\n")
    abort_rflow(reason, "python_missing", python_hint)
  }
  ours <- list(rflow = as.character(utils::packageVersion("rflow")), R = as.character(getRversion()))
  structure(class = "rflow_versions", c(ours, jsonlite::fromJSON(utils::tail(output, 1), simplifyVector = FALSE)))
}

#' @export
print.rflow_versions <- function(x, ...) {
  cli::cat_line(format(names(x)), "  ", unlist(x))
  invisible(x)
}

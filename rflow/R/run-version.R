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
  code <- "import json; from pyflow import app; print(json.dumps(app.versions()))"
  output <- ask_command(c("-c", code))
  ours <- list(rflow = as.character(utils::packageVersion("rflow")), R = as.character(getRversion()))
  structure(class = "rflow_versions", c(ours, jsonlite::fromJSON(utils::tail(output, 1), simplifyVector = FALSE)))
}

#' @export
print.rflow_versions <- function(x, ...) {
  cli::cat_line(format(names(x)), "  ", unlist(x))
  invisible(x)
}

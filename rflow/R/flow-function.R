#' A step's function in another file
#'
#' `py_function()` makes a Python function the function of a step, `r_function()` an R function of another file. They
#' stand where the step's function stands: `step("fit", py_function("fit.py", "fit"), next_step = "end")`. The function
#' takes `self`, or `self` and `inputs` in a join, and uses artifacts as any step does.
#'
#' @param file Path of the file (text). A relative path begins at the folder of the flow's file.
#' @param name Name of the function in that file (text).
#' @returns An object of class `rflow_function`, to be given to [step()].
#' @section Errors: `rflow_error_definition` when `file` or `name` is not a text. That file and function exist is
#'   checked before a run begins.
#' @examples
#' flow("MixedFlow") |>
#'   step("start", \(self) self$x <- c(1, 2, 3), next_step = "mean") |>
#'   step("mean", py_function("statistics_steps.py", "mean"), next_step = "end") |>
#'   step("end", \(self) print(self$mean))
#' @export
py_function <- function(file, name) new_function(file, name, "python", "py_function()")

#' @rdname py_function
#' @export
r_function <- function(file, name) new_function(file, name, "r", "r_function()")

new_function <- function(file, name, language, what) {
  check_text(file, paste0(what, ": `file`"))
  check_text(name, paste0(what, ": `name`"))
  base <- current_file()
  folder <- if (is.null(base)) getwd() else dirname(base)
  structure(class = "rflow_function", list(file = absolute_path(file, folder), name = name, language = language))
}

#' @export
print.rflow_function <- function(x, ...) {
  cli::cat_line(x$language, " function ", x$name, " of ", x$file)
  invisible(x)
}

# `path`, or `path` seen from `folder` if it is relative. The file need not exist.
absolute_path <- function(path, folder) {
  path <- path.expand(path)
  if (!grepl("^(/|[A-Za-z]:)", path)) path <- file.path(folder, path)
  normalizePath(path, winslash = "/", mustWork = FALSE)
}

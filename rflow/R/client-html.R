#' Results as HTML
#'
#' `as_html()` gives a flow, run, step, task or artifact of [flow_client()] as HTML: a run with its graph coloured by state,
#' a timeline, parameters and the artifacts of its last step. `view_html()` shows it in the viewer of RStudio or Positron, else
#' in the browser. In Quarto, R Markdown and Jupyter notebooks the objects appear so by themselves.
#'
#' @param x A flow, run, step, task or artifact.
#' @returns `as_html()`: HTML (text), a fragment without script. `view_html()`: the path of the page (text), invisibly; in a session that is
#'   not interactive nothing is opened.
#' @examples
#' if (interactive()) view_html(flow_client("GenreStatsFlow")$latest_run)
#' @export
as_html <- function(x) {
  if (!is_shown(x)) {
    abort_rflow(paste0("as_html(): `x` is ", article_class(x), "."), "usage", "It shows flows, runs, steps, tasks and artifacts of flow_client().")
  }
  bridge_ask("html", path = x$pathspec)$html
}

#' @rdname as_html
#' @export
view_html <- function(x) {
  # RStudio's viewer shows only what lies in the session's temporary folder.
  path <- file.path(tempfile("rflow-"), "index.html")
  dir.create(dirname(path))
  page <- c("<!DOCTYPE html>", paste0("<html><head><meta charset=\"utf-8\"><title>", x$pathspec, "</title></head><body>"), as_html(x), "</body></html>")
  writeLines(enc2utf8(page), path, useBytes = TRUE)
  if (interactive()) getOption("viewer", utils::browseURL)(path)
  invisible(path)
}

shown_kinds <- c("flow", "run", "step", "task", "artifact")

is_shown <- function(x) inherits(x, "rflow_client") && client_kind(x) %in% shown_kinds

article_class <- function(x) paste("of class", paste(class(x), collapse = "/"))

# Quarto and R Markdown. A format that is not HTML, and kinds that have no page, get what print() shows.
#' @exportS3Method knitr::knit_print
knit_print.rflow_client <- function(x, ...) {
  if (is_shown(x) && knitr::is_html_output()) return(knitr::asis_output(as_html(x)))
  knitr::asis_output(paste0("\n```\n", paste(cli::ansi_strip(utils::capture.output(print(x))), collapse = "\n"), "\n```\n"))
}

# Jupyter's R kernel.
#' @exportS3Method repr::repr_html
repr_html.rflow_client <- function(obj, ...) if (is_shown(obj)) as_html(obj)

#' @exportS3Method repr::repr_text
repr_text.rflow_client <- function(obj, ...) {
  paste(cli::ansi_strip(utils::capture.output(print(obj))), collapse = "\n")
}

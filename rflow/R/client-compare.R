#' What differs between two runs
#'
#' Parameters, code, environment, time and artifacts of two runs, also of two flows. Artifacts are compared by digest;
#' those that differ are opened to tell in what: the parts of a list, the columns of a table. Objects that only one
#' language can open stay closed.
#'
#' @param before,after Two runs of [flow_client()], or their names: `"MyFlow/1764000000000000"`.
#' @returns A list of class `rflow_comparison`, which prints as people read it, with
#'   * `before`, `after`: the runs' names; `same`: whether parameters, code and artifacts are the same (logical);
#'   * `parameters`, `environment`: data frames of what differs, with `name`, `before`, `after` (`NA` where there is none);
#'   * `code`: a unified diff, one line an element (class `rflow_diff`);
#'   * `timing`: a data frame with a row for each step: `step`, `tasks_before`, `tasks_after`, `seconds_before`,
#'     `seconds_after` (sums over the step's tasks, in seconds);
#'   * `artifacts`: a data frame with `place` (the step, `[index]` in a foreach), `name`, `state` (`changed`, `added`,
#'     `removed`), `before`, `after` (digests) and `difference` (one line);
#'   * `details`: a data frame with `place`, `name`, `part`, `before`, `after`, `note`, a row for each part of an artifact
#'     that differs (at most 20 of each).
#' @section Errors: `rflow_error_not_found` when there is no such run.
#' @examples
#' if (interactive()) {
#'   runs <- flow_client("GenreStatsFlow")$runs
#'   compare(runs[[2]], runs[[1]])$artifacts
#' }
#' @export
compare <- function(before, after) {
  found <- bridge_ask("compare", before = run_name(before, "before"), after = run_name(after, "after"))
  changes <- \(rows) data.frame(
    name = column_text(rows, "name"), before = column_text(rows, "before"), after = column_text(rows, "after")
  )
  structure(
    list(
      before = found$before, after = found$after, same = found$same,
      parameters = changes(found$parameters), environment = changes(found$environment),
      code = structure(strsplit(found$code, "\n", fixed = TRUE)[[1]], class = "rflow_diff"),
      timing = compare_timing(found$timing), artifacts = compare_artifacts(found$artifacts),
      details = compare_details(found$artifacts)
    ),
    class = "rflow_comparison", lines = found$lines
  )
}

# A run as the user may give it, as "Flow/run".
run_name <- function(run, what) {
  if (inherits(run, "rflow_client_run")) return(run$pathspec)
  check_text(run, paste0("compare(): `", what, "`"))
  run
}

# A column of rows that came as lists: text, NA for null.
column_text <- function(rows, name) {
  vapply(rows, \(row) if (is.null(row[[name]])) NA_character_ else row[[name]], "")
}

compare_timing <- function(rows) {
  second <- \(i) vapply(rows, \(row) if (is.null(row$seconds[[i]])) NA_real_ else as.double(row$seconds[[i]]), 0)
  task <- \(i) vapply(rows, \(row) as.integer(row$tasks[[i]]), 0L)
  data.frame(
    step = column_text(rows, "step"), tasks_before = task(1), tasks_after = task(2),
    seconds_before = second(1), seconds_after = second(2)
  )
}

compare_artifacts <- function(rows) {
  columns <- c("place", "name", "state", "before", "after", "difference")
  as.data.frame(by_name(lapply(columns, \(name) column_text(rows, name)), columns))
}

compare_details <- function(rows) {
  parts <- unlist(lapply(rows, \(row) lapply(row$details, \(part) {
    list(place = row$place, name = row$name, part = part$place, before = part$before, after = part$after, note = part$note)
  })), recursive = FALSE)
  columns <- c("place", "name", "part", "before", "after", "note")
  as.data.frame(by_name(lapply(columns, \(name) column_text(parts, name)), columns))
}

#' @export
print.rflow_comparison <- function(x, ...) {
  for (line in attr(x, "lines")) {
    switch(line$kind,
      section = cli::cat_line(cli::style_bold(line$text)),
      diff = print(structure(line$text, class = "rflow_diff")),
      cli::cat_line(line$text)
    )
  }
  invisible(x)
}

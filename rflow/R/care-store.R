#' Clean and check the store
#'
#' `store_gc()` removes what no run and no pin refers to, and old runs if that is asked for; without `delete = TRUE` it only tells.
#' It is safe while flows run. `delete_runs()` deletes runs with their tasks and logs. `pin()` keeps a run from being deleted, or
#' an artifact's value whatever happens to its run. `store_check()` finds what is missing or damaged, `store_repair()` mends what can be mended, and
#' `store_stats()` tells what takes the space.
#'
#' @param flow A flow's name (text): only its runs.
#' @param keep_last Delete all but so many runs of each flow (whole number).
#' @param older_than Delete runs that began earlier: `"30d"`, `"12h"` ago, or a date such as `"2026-01-31"`.
#' @param grace Leave what was stored less than so long ago (text, at least a minute).
#' @param delete Whether to do it (`TRUE` or `FALSE`).
#' @param runs Runs of [flow_client()], a list of them, or names: `"MyFlow/1764000000000000"`.
#' @param x A run, or an artifact of [flow_client()], or its path (text).
#' @param note Why it is kept (text).
#' @param read_data Whether to read every blob and check its digest.
#' @returns `store_gc()`: a list of class `rflow_gc`: `removed`, `runs` (names), numbers of `blobs`, `leftovers` and `folders`, `size` in bytes,
#'   `kept_blobs`, `kept_size`. `delete_runs()`: the names, invisibly. `pin()`, `unpin()`: the path, invisibly.
#'   `pins()`, `store_check()`, `store_repair()` and `store_stats()`: data frames; `used_by` is a list of paths.
#' @section Errors: `rflow_error_not_found`, `rflow_error_run_pinned`, `rflow_error_run_going_on`, `rflow_error_grace_too_short`.
#' @examples
#' if (interactive()) {
#'   store_gc(keep_last = 10)
#'   store_stats()
#' }
#' @export
store_gc <- function(flow = NULL, keep_last = NULL, older_than = NULL, grace = "1d", delete = FALSE) {
  found <- care_ask("store_gc",
    flow = flow, keep_last = if (!is.null(keep_last)) as.integer(keep_last), older_than = older_than, grace = grace,
    delete = isTRUE(delete)
  )
  found$runs <- as.character(unlist(found$runs))
  structure(found, class = "rflow_gc")
}

#' @rdname store_gc
#' @export
delete_runs <- function(runs) {
  if (inherits(runs, "rflow_client")) runs <- list(runs)
  names <- vapply(runs, care_path, "")
  care_ask("delete_runs", paths = as.list(unname(names)))
  invisible(unname(names))
}

#' @rdname store_gc
#' @export
pin <- function(x, note = "") {
  care_ask("pin", path = care_path(x), note = note)
  invisible(care_path(x))
}

#' @rdname store_gc
#' @export
unpin <- function(x) {
  care_ask("unpin", path = care_path(x))
  invisible(care_path(x))
}

#' @rdname store_gc
#' @export
pins <- function() {
  rows <- care_ask("pins")
  data.frame(
    path = column_text(rows, "path"), digest = column_text(rows, "digest"), note = column_text(rows, "note"),
    at = .POSIXct(vapply(rows, \(row) as.double(row$at), 0))
  )
}

#' @rdname store_gc
#' @export
store_check <- function(read_data = FALSE) problem_rows(care_ask("store_check", read_data = isTRUE(read_data)))

#' @rdname store_gc
#' @export
store_repair <- function() problem_rows(care_ask("store_repair"))

#' @rdname store_gc
#' @export
store_stats <- function(flow = NULL) {
  rows <- care_ask("store_stats", flow = flow)
  number <- \(name) vapply(rows, \(row) as.double(row[[name]]), 0)
  data.frame(
    flow = column_text(rows, "flow"), step = column_text(rows, "step"), name = column_text(rows, "name"),
    values = number("values"), blobs = number("blobs"), size = number("size"), shared = number("shared")
  )
}

problem_rows <- function(rows) {
  found <- data.frame(
    kind = column_text(rows, "kind"), text = column_text(rows, "text"), digest = column_text(rows, "digest"),
    mended = vapply(rows, \(row) isTRUE(row$mended), NA)
  )
  found$used_by <- lapply(rows, \(row) as.character(unlist(row$used_by)))
  found
}

care_ask <- function(op, ...) bridge_ask(op, ..., module = "pyflow.care.bridge")

size_text <- function(bytes) format(structure(bytes, class = "object_size"), units = "auto", standard = "SI")

# A run or artifact as the user may give it, as its path.
care_path <- function(x) {
  if (inherits(x, "rflow_client")) return(x$pathspec)
  check_text(x, "the run's or artifact's path")
  x
}

#' @export
print.rflow_gc <- function(x, ...) {
  verb <- if (x$removed) "Removed" else "Would remove"
  for (run in x$runs) cli::cat_line(verb, " run ", run)
  cli::cat_line(verb, " ", x$blobs, " blobs, ", x$leftovers, " leftovers, ", x$folders, " folders: ", size_text(x$size))
  cli::cat_line("Kept ", x$kept_blobs, " files: ", size_text(x$kept_size))
  if (!x$removed) cli::cat_line("Nothing was removed: store_gc(..., delete = TRUE) does it.")
  invisible(x)
}

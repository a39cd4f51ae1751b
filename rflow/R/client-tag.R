#' Tags of runs
#'
#' Tags that people give to runs, to find them again: `runs(tag = "good")`. Those of the system (`user:ann`) stay as they are.
#'
#' @param run A run of [flow_client()], its name (`"MyFlow/1764000000000000"`), or rows of [runs()]: then all of them.
#' @param ...,add,remove Tags (character).
#' @returns `tag_add()`, `tag_remove()`, `tag_replace()`: the run or rows as they were given, invisibly; ask anew to see
#'   the change. `tag_list()`: the run's own tags (character), with those of the system if `system` is `TRUE`.
#' @section Errors: `rflow_error_tag_invalid` for a tag of the system or one that cannot be a tag.
#' @examples
#' if (interactive()) {
#'   runs("TuningFlow", where = "accuracy > 0.9") |> tag_add("good")
#'   tag_list(flow_client("TuningFlow")$latest_run)
#' }
#' @export
tag_add <- function(run, ...) tag_change(run, add = c(...), what = "tag_add()")

#' @rdname tag_add
#' @export
tag_remove <- function(run, ...) tag_change(run, remove = c(...), what = "tag_remove()")

#' @rdname tag_add
#' @export
tag_replace <- function(run, remove, add) tag_change(run, remove = remove, add = add, what = "tag_replace()")

#' @rdname tag_add
#' @param system Also the tags of the system?
#' @export
tag_list <- function(run, system = FALSE) {
  check_flag(system, "tag_list(): `system`")
  found <- bridge_ask("tags", runs = run_places(run, "tag_list()"), add = I(character()), remove = I(character()))
  sort(unique(as.character(unlist(lapply(found, \(row) row[[if (system) "tags" else "user_tags"]])))))
}

tag_change <- function(run, add = NULL, remove = NULL, what) {
  for (tags in list(add, remove)) {
    if (!is.null(tags) && !is.character(tags)) abort_argument(paste0(what, ": tags"), "character", tags)
  }
  change <- list(add = I(as.character(add)), remove = I(as.character(remove)))
  bridge_ask("tags", runs = run_places(run, what), add = change$add, remove = change$remove)
  invisible(run)
}

# Runs as the user may give them, each as list(flow, run).
run_places <- function(run, what) {
  if (inherits(run, "rflow_client_run")) return(list(field(run, "row")[c("flow", "run")]))
  if (is.data.frame(run) && all(c("flow", "run") %in% names(run))) {
    return(unname(Map(\(flow, run) list(flow = flow, run = run), run$flow, run$run)))
  }
  check_text(run, paste0(what, ": `run`"))
  parts <- strsplit(run, "/", fixed = TRUE)[[1]]
  if (length(parts) != 2 || !all(nzchar(parts))) {
    abort_rflow(paste0(what, ": \"", run, "\" is not of the form \"Flow/run\"."), "pathspec_invalid")
  }
  list(list(flow = parts[1], run = parts[2]))
}

#' Search runs, tasks and artifacts
#'
#' One query over the whole store, whoever's runs they are: `runs(where = "accuracy > 0.9", sort = "-accuracy")`. The
#' same searches are `pyflow.runs()` in Python and `pyflow runs` in a terminal.
#'
#' `where` is a condition such as `accuracy > 0.9 and params.alpha in (1, 2) and not tag = 'draft'`. A name is a fact or
#' else the value of an artifact, where it is a number, a text, true or false:
#'
#' * `accuracy`: of the run's last step (of the task itself, in `tasks()`), or the parameter of that name;
#' * `params.alpha`: the parameter; `fit.score`: of step `fit`, where one of its tasks is enough;
#' * facts of runs: `flow`, `run`, `status`, `user`, `tag`, `created`, `finished`, `duration` (in seconds, or `'5m'`),
#'   `origin`; of tasks also `step`, `task`, `attempt`; of artifacts also `name`, `kind`, `type`, `size`, `digest`,
#'   `value`.
#'
#' Operators are `=`, `!=`, `<`, `<=`, `>`, `>=`, `~` (has the text in it), `in (...)`, `and`, `or`, `not` and brackets; `x = null`
#' is true where there is no `x`. Texts stand in quotes, names that are no plain names in backticks. Times are
#' `'2026-11-24'`, `'2026-11-24T17:30'`, or `'7d'` for 7 days ago.
#'
#' @param flow,run,step The flow's name, the run's id, the step's name.
#' @param where A condition (text).
#' @param user The user whose runs they are (text).
#' @param tag Tags that the runs must have (character).
#' @param status The status (text).
#' @param since,until Times between which it began: `POSIXct`, `Date`, or text.
#' @param sort Names with commas between, the smallest first; after `-` the largest: `"-accuracy"`.
#' @param limit At most so many.
#' @param spins Also runs that only repeat a task?
#' @param name The artifact's name (text).
#' @returns A data frame, the newest run first. `runs()`: `flow`, `run`, `status`, `created_at`, `finished_at`, `duration` (in seconds),
#'   `user`, `tags` (a list of character vectors), `origin`. `tasks()`: the same without `user` and `tags`, with `step`, `task`, `index`,
#'   `attempt`. Both have a column for each value that `where` and `sort` name. `artifacts()`: artifacts where they were made, with
#'   `flow`, `run`, `step`, `task`, `name`, `kind`, `type`, `size`, `digest`, `value`, `preview`. `run_client()` and
#'   `flow_client()` give the objects.
#' @section Errors: `rflow_error_where_invalid` when a condition is not understood; the message points at the place.
#' @examples
#' if (interactive()) {
#'   best <- runs("TuningFlow", where = "accuracy > 0.9", sort = "-accuracy", limit = 1)
#'   run_client(best)$data$model
#'   tasks("TuningFlow", step = "fit", where = "score > 0.5")
#'   artifacts("TuningFlow", name = "accuracy")$value
#' }
#' @export
runs <- function(flow = NULL, where = NULL, user = NULL, tag = NULL, status = NULL, since = NULL, until = NULL,
                 sort = NULL, limit = NULL, spins = FALSE) {
  check_flag(spins, "runs(): `spins`")
  find_rows("runs", list(
    flow = flow, where = where, user = user, tags = tag, status = status, since = since, until = until, sort = sort,
    limit = limit, spins = spins
  ))
}

#' @rdname runs
#' @export
tasks <- function(flow = NULL, run = NULL, step = NULL, where = NULL, user = NULL, tag = NULL, status = NULL,
                  since = NULL, until = NULL, sort = NULL, limit = NULL) {
  find_rows("tasks", list(
    flow = flow, run = run, step = step, where = where, user = user, tags = tag, status = status, since = since,
    until = until, sort = sort, limit = limit
  ))
}

#' @rdname runs
#' @export
artifacts <- function(flow = NULL, run = NULL, step = NULL, name = NULL, where = NULL, user = NULL, tag = NULL,
                      since = NULL, until = NULL, sort = NULL, limit = NULL) {
  find_rows("artifacts", list(
    flow = flow, run = run, step = step, name = name, where = where, user = user, tags = tag, since = since,
    until = until, sort = sort, limit = limit
  ))
}

# The answer to a search, as a data frame.
find_rows <- function(kind, arguments) {
  what <- paste0(kind, "(): `", names(arguments), "`")
  texts <- c("flow", "step", "name", "where", "user", "status", "sort")
  for (i in which(names(arguments) %in% texts)) check_text(arguments[[i]], what[i], optional = TRUE)
  if (!is.null(arguments$run)) arguments$run <- client_id(arguments$run, paste0(kind, "(): `run`"))
  if (!is.null(arguments$limit)) check_number(arguments$limit, paste0(kind, "(): `limit`"))
  for (name in intersect(c("since", "until"), names(arguments))) {
    arguments[[name]] <- find_moment(arguments[[name]], paste0(kind, "(): `", name, "`"))
  }
  arguments$tags <- I(as.character(arguments$tags))
  if (!is.null(arguments$limit)) arguments$limit <- as.integer(arguments$limit)
  client_table(bridge_ask("find", kind = kind, arguments = Filter(\(x) !is.null(x), arguments)))
}

# A time as the bridge takes it: seconds since 1970, or the text.
find_moment <- function(x, what) {
  if (is.null(x)) return(NULL)
  if (inherits(x, "Date")) return(as.double(as.POSIXct(format(x))))
  if (inherits(x, "POSIXt")) return(as.double(as.POSIXct(x)))
  check_text(x, what)
  x
}

# Columns of the bridge as a data frame. What is null is NA.
client_table <- function(answer) {
  columns <- lapply(answer$columns, \(column) client_column(column$values, column$type))
  names(columns) <- vapply(answer$columns, \(column) column$name, "")
  structure(columns, class = "data.frame", row.names = .set_row_names(answer$rows))
}

client_column <- function(values, type) {
  missing <- lengths(values) == 0
  fill <- \(empty) {
    values[missing] <- list(empty)
    unlist(values, use.names = FALSE)
  }
  switch(type,
    text = if (length(values)) fill(NA_character_) else character(),
    number = if (length(values)) as.double(fill(NA_real_)) else double(),
    flag = if (length(values)) fill(NA) else logical(),
    time = .POSIXct(if (length(values)) as.double(fill(NA_real_)) else double()),
    texts = lapply(values, \(x) as.character(unlist(x))),
    mixed = values
  )
}

#' Who made an artifact, and who read it
#'
#' By its bytes, over all runs of all flows: the tasks that made an equal value, and those that got one from a task before
#' them. Tasks that a resumed run took over did neither.
#'
#' @param artifact An artifact of [flow_client()], or its digest (text).
#' @returns A data frame with `role` (`made`, `read`), `flow`, `run`, `step`, `task`, `name` (of the artifact in that
#'   task), `status`, `created_at`.
#' @examples
#' if (interactive()) {
#'   run <- flow_client("GenreStatsFlow")$latest_run
#'   lineage(run$artifacts$genre_stats)
#' }
#' @export
lineage <- function(artifact) {
  digest <- if (inherits(artifact, "rflow_client_artifact")) artifact$digest else artifact
  check_text(digest, "lineage(): `artifact`")
  client_table(bridge_ask("lineage", digest = digest))
}

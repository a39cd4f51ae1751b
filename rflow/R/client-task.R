# Tasks of the client.

# The task's row as it is now.
task_row <- function(x) {
  row <- field(x, "row")
  if (row$finished) return(row)
  rows <- run_ask(field(x, "run"), "tasks", step = row$step)
  Find(\(other) identical(other$task, row$task), rows)
}

#' @exportS3Method
client_properties.rflow_client_task <- function(x) {
  row <- \(name) \(x) task_row(x)[[name]]
  list(
    id = \(x) field(x, "row")$task,
    pathspec = \(x) paste(field(x, "run")$pathspec, field(x, "row")$step, field(x, "row")$task, sep = "/"),
    status = row("status"),
    successful = row("successful"),
    finished = row("finished"),
    created_at = \(x) client_time(field(x, "row")$created_at),
    finished_at = \(x) client_time(task_row(x)$finished_at),
    index = row("index"),
    iteration = row("iteration"),
    attempts = row("attempts"),
    origin_pathspec = \(x) field(x, "row")$origin,
    warnings = \(x) as.character(unlist(task_row(x)$warnings)),
    data = \(x) new_data(task_artifacts(x), x$pathspec),
    artifacts = \(x) named_artifacts(task_artifacts(x), x$pathspec),
    stdout = \(x) task_log(x, "stdout"),
    stderr = \(x) task_log(x, "stderr"),
    exception = \(x) new_exception(task_row(x)$error),
    step = \(x) client_step(field(x, "run"), field(x, "row")$step),
    run = \(x) field(x, "run"),
    part = \(x) \(name) task_part(x, name)
  )
}

task_ask <- function(x, op, ...) {
  do.call(run_ask, c(list(field(x, "run"), op), field(x, "row")[c("step", "task")], list(...)))
}

# Artifact rows of the task: what it set, what it passed on, parameters and constants.
task_artifacts <- function(x) task_ask(x, "artifacts")

task_part <- function(x, name) data_artifact(x$data, name)

# What the last attempt wrote (text).
task_log <- function(x, stream) task_ask(x, "log", attempt = NULL, stream = stream)$text

#' @exportS3Method
client_details.rflow_client_task <- function(x) {
  c(status_line(x), paste("artifacts:", paste(names(x$artifacts), collapse = ", ")))
}

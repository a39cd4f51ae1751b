# Tasks of the client.

# The task's row as it is now. One that tells of a certain attempt has that attempt's state in it.
task_row <- function(x) {
  row <- field(x, "row")
  if (row$finished || !is.null(row$number)) return(row)
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
    attempts = \(x) client_table(task_ask(x, "attempts")),
    current_attempt = \(x) if (is.null(field(x, "row")$number)) task_row(x)$attempt else field(x, "row")$number,
    attempt = \(x) \(number) task_attempt(x, number),
    pid = row("pid"),
    tags = \(x) field(x, "run")$tags,
    is_in_namespace = \(x) field(x, "run")$is_in_namespace,
    path_components = \(x) path_parts(x),
    parent = \(x) client_step(field(x, "run"), field(x, "row")$step),
    parent_tasks = \(x) task_relatives(x, "parents"),
    child_tasks = \(x) task_relatives(x, "children"),
    metadata_dict = \(x) task_ask(x, "facts"),
    environment_info = \(x) task_ask(x, "environment_info"),
    runtime_name = \(x) task_ask(x, "facts")$runtime,
    code = \(x) field(x, "run")$code,
    log = \(x) client_table(task_ask(x, "log_lines")),
    loglines = \(x) \(stream) task_log_lines(x, stream),
    stdout_size = \(x) nchar(x$stdout, type = "bytes"),
    stderr_size = \(x) nchar(x$stderr, type = "bytes"),
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
  row <- field(x, "row")
  do.call(run_ask, c(list(field(x, "run"), op), row[c("step", "task")], list(number = row$number), list(...)))
}

# Artifact rows of the task: what it set, what it passed on, parameters and constants.
task_artifacts <- function(x) task_ask(x, "artifacts")

task_part <- function(x, name) data_artifact(x$data, name)

# What the last attempt wrote (text).
task_log <- function(x, stream) task_ask(x, "log", attempt = field(x, "row")$number, stream = stream)$text

# The lines of a stream, each with the time at which it was written.
task_log_lines <- function(x, stream) {
  if (!identical(stream, "stdout") && !identical(stream, "stderr")) {
    abort_argument("task$loglines()", "\"stdout\" or \"stderr\"", stream)
  }
  found <- client_table(task_ask(x, "log_lines", stream = stream))
  found[c("time", "text")]
}

# The task as of one of its tries, from 0.
task_attempt <- function(x, number) {
  check_number(number, "task$attempt()")
  tries <- x$attempts
  found <- tries[tries$attempt == number, ]
  if (!nrow(found)) {
    abort_rflow(
      paste0("Task ", x$pathspec, " has no attempt ", number, "."), "not_found",
      paste("It has:", paste(tries$attempt, collapse = ", "))
    )
  }
  state <- list(
    number = as.integer(number), status = found$status, successful = found$status == "success",
    finished = found$status != "running", finished_at = as.double(found$finished_at), pid = found$pid
  )
  row <- utils::modifyList(field(x, "row"), state)
  row["error"] <- list(task_ask(new_client("task", run = field(x, "run"), row = row), "exception"))
  new_client("task", run = field(x, "run"), row = row)
}

# Tasks before (`way` parents) or after it (children), by id.
task_relatives <- function(x, way) {
  rows <- task_ask(x, "relatives", way = way)
  by_name(lapply(rows, \(row) new_client("task", run = field(x, "run"), row = row)), vapply(rows, \(row) row$task, ""))
}

#' @exportS3Method
client_details.rflow_client_task <- function(x) {
  c(status_line(x), paste("artifacts:", paste(names(x$artifacts), collapse = ", ")))
}

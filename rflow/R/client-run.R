# Runs and steps of the client.

new_run <- function(row) new_client("run", row = row)

# The run's row as it is now: what has ended does not change any more.
run_row <- function(x) {
  row <- field(x, "row")
  if (row$finished) row else run_ask(x, "run", known = TRUE)
}

#' @exportS3Method
client_properties.rflow_client_run <- function(x) {
  row <- \(name) \(x) run_row(x)[[name]]
  list(
    id = \(x) field(x, "row")$run,
    pathspec = \(x) paste(field(x, "row")$flow, field(x, "row")$run, sep = "/"),
    status = row("status"),
    successful = row("successful"),
    finished = row("finished"),
    created_at = \(x) client_time(field(x, "row")$created_at),
    finished_at = \(x) client_time(run_row(x)$finished_at),
    username = row("username"),
    tags = \(x) as.character(unlist(run_row(x)$tags)),
    user_tags = \(x) as.character(unlist(run_row(x)$user_tags)),
    system_tags = \(x) as.character(unlist(run_row(x)$system_tags)),
    is_in_namespace = \(x) tags_in_namespace(x$tags),
    path_components = \(x) path_parts(x),
    parent = \(x) new_client("flow", flow = field(x, "row")$flow),
    add_tag = \(x) \(...) tag_add(x, ...),
    remove_tag = \(x) \(...) tag_remove(x, ...),
    replace_tag = \(x) \(remove, add) tag_replace(x, remove, add),
    parameters = \(x) new_data(run_ask(x, "parameters"), paste0(x$pathspec, "/_parameters")),
    end_task = \(x) run_end_task(x),
    info = row("info"),
    graph = \(x) run_ask(x, "graph"),
    origin_pathspec = \(x) if (!is.null(x$origin)) paste(field(x, "row")$flow, x$origin, sep = "/"),
    origin = \(x) field(x, "row")$origin,
    steps = client_steps,
    step = \(x) \(name) client_step(x, name),
    tasks = \(x) run_tasks(x, NULL),
    data = \(x) new_data(run_artifacts(x), x$pathspec),
    artifacts = \(x) named_artifacts(run_artifacts(x), x$pathspec),
    exception = \(x) new_exception(run_row(x)$error),
    code = \(x) run_code(x),
    spin = row("spin"),
    part = \(x) \(name) client_step(x, name)
  )
}

# Where a run is, as the arguments of bridge_ask().
run_place <- function(x) field(x, "row")[c("flow", "run")]

run_ask <- function(x, op, ...) do.call(bridge_ask, c(list(op), run_place(x), list(...)))

# Steps that have begun, by name, in the order in which they did.
client_steps <- function(x) {
  names <- vapply(run_ask(x, "steps"), \(row) row$step, "")
  by_name(lapply(names, \(name) new_client("step", run = x, name = name)), names)
}

client_step <- function(x, name) {
  check_text(name, "run$step(): the step's name")
  check_step_begun(x, name)
  new_client("step", run = x, name = name)
}

# An error if the run has no such step or has not got there.
check_step_begun <- function(x, name) {
  if (length(run_ask(x, "tasks", step = name))) return(invisible())
  abort_rflow(paste0("Step ", x$pathspec, "/", name, " has no task: the run is ", x$status, "."), "not_found")
}

# Tasks of one step, or of all (NULL), by id.
run_tasks <- function(x, step) {
  rows <- run_ask(x, "tasks", step = step)
  by_name(lapply(rows, \(row) new_client("task", run = x, row = row)), vapply(rows, \(row) row$task, ""))
}

# NULL if the run did not get there.
run_end_task <- function(x) {
  rows <- run_ask(x, "end_task")
  if (length(rows)) new_client("task", run = x, row = rows[[1]])
}

# Artifact rows of the run's last step.
run_artifacts <- function(x) run_ask(x, "data")

#' @exportS3Method
client_properties.rflow_client_step <- function(x) {
  list(
    name = \(x) field(x, "name"),
    id = \(x) field(x, "name"),
    pathspec = \(x) paste(field(x, "run")$pathspec, field(x, "name"), sep = "/"),
    run = \(x) field(x, "run"),
    parent = \(x) field(x, "run"),
    path_components = \(x) path_parts(x),
    tags = \(x) field(x, "run")$tags,
    is_in_namespace = \(x) field(x, "run")$is_in_namespace,
    created_at = \(x) do.call(min, lapply(unname(x$tasks), \(task) task$created_at)),
    finished_at = \(x) do.call(max, lapply(unname(x$tasks), \(task) task$finished_at)),
    parent_steps = \(x) related_steps(x, "parents"),
    child_steps = \(x) related_steps(x, "children"),
    environment_info = \(x) x$task$environment_info,
    tasks = \(x) run_tasks(field(x, "run"), field(x, "name")),
    task = step_task,
    part = \(x) \(id) step_part(x, client_id(id, "step[[]]: the task's id"))
  )
}

# The step's only task, or the first of a foreach.
step_task <- function(x) x$tasks[[1]]

# Steps before (`way` parents) or after it (children), by name.
related_steps <- function(x, way) {
  names <- as.character(unlist(run_ask(field(x, "run"), "related_steps", step = field(x, "name"), way = way)))
  by_name(lapply(names, \(name) new_client("step", run = field(x, "run"), name = name)), names)
}

step_part <- function(x, id) {
  tasks <- x$tasks
  if (!is.null(tasks[[id]])) return(tasks[[id]])
  abort_rflow(
    paste0("Step ", x$pathspec, " has no task ", id, "."), "not_found",
    paste("Its tasks are:", paste(names(tasks), collapse = ", "))
  )
}

#' @exportS3Method
client_details.rflow_client_run <- function(x) {
  c(status_line(x), paste("steps:", paste(names(x$steps), collapse = ", ")))
}

#' @exportS3Method
client_details.rflow_client_step <- function(x) paste("tasks:", length(x$tasks))

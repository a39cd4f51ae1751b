# The task's conversation: what the host does between `run` and `done` or `error`.

# Carry out the task that `run` describes and tell the runner how it ended.
host_run <- function(fd, run) {
  task <- new_task(fd, run)
  the$task <- task
  the$current <- current_values(run$current)
  error <- host_guard({
    prepare_process(run)
    if (isTRUE(run$constants)) {
      set_constants(task)
    } else if (is.null(run$values)) {
      run_step(task)
    } else {
      set_values(task, run$values)
    }
  }, place = task$place)
  unsaved <- host_guard(task_save(task), place = task$place)
  if (is.null(error)) error <- unsaved
  unwritten <- host_guard(end_output(), place = task$place)
  if (is.null(error)) error <- unwritten
  wire_write(fd, if (is.null(error)) list(op = "done") else list(op = "error", error = error))
}

# Random numbers of the task's own (never the fork server's), and the variables that the step asks for.
prepare_process <- function(run) {
  if (length(run$environment)) do.call(Sys.setenv, run$environment)
  set.seed(run$seed)
}

run_step <- function(task) {
  run <- task$run
  the$step_file <- run$file
  fn <- host_function(run$file, run$`function`, run$flow, run$step)
  if (is.null(fn)) return(invisible())
  task$place <- srcref_place(attr(fn, "srcref"))
  fn <- wrap_function(fn, run)
  name <- if (is.null(run$`function`)) run$step else run$`function`
  arguments <- list(self = new_self(task))
  if (isTRUE(run$join)) arguments$inputs <- new_inputs(task)
  call_user(fn, name, arguments)
}

# The flow's constants become the values of this task.
set_constants <- function(task) {
  host_module(task$run$file)
  constants <- find_constants(task$run$flow)
  for (name in names(constants)) task_set(task, name, constants[[name]])
}

# The named list that the R file `path` gives becomes the values of this task.
set_values <- function(task, path) {
  expressions <- parse_file(path)
  envir <- new.env(parent = globalenv())
  values <- NULL
  for (expression in expressions) values <- eval(expression, envir)
  if (!is.list(values) || length(values) && (is.null(names(values)) || any(names(values) == ""))) {
    abort_rflow(paste0("The last value of ", path, " is ", describe_value(values), "."), "artifacts_module",
      "Let it end with list(name = value, ...).")
  }
  for (name in names(values)) task_set(task, name, values[[name]])
}

# What the task still holds back of its output, and its plots, must be in their files before the runner goes on.
end_output <- function() {
  if (isNamespaceLoaded("grDevices")) grDevices::graphics.off()
  unlink(tempdir(), recursive = TRUE)
  if (!.Call(rflow_process_flush)) {
    abort_rflow("what the step printed could not be written to its log", "store_write", "Make room, or make the place writable.")
  }
}

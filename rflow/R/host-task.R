# One task: its artifacts as the host knows them, and the conversation with the runner (shared_spec/task.md, section 4).

# The state behind `self`. An environment, because assignments to `self` must be seen by every copy of it.
#   values   loaded and assigned values, by name       assigned  names that the step set, in order
#   loaded   what was loaded and not assigned since: a list with name, input (or NULL) and value for each key
#   known    names that can be loaded                   removed   names that do not go on
new_task <- function(fd, run) {
  task <- new.env(parent = emptyenv())
  task$fd <- fd
  task$run <- run
  task$values <- new.env(parent = emptyenv())
  task$loaded <- new.env(parent = emptyenv())
  task$assigned <- character()
  task$removed <- character()
  task$read_only <- as.character(unlist(run$read_only))
  task$known <- union(as.character(unlist(run$names)), task$read_only)
  task
}

# The key of an artifact in `loaded`: artifacts of inputs and of the step itself do not meet.
loaded_key <- function(name, input = NULL) paste(c(name, input), collapse = " ")

task_names <- function(task) sort(setdiff(union(task$known, task$assigned), task$removed))

# Value of an artifact, loaded at the first use.
task_get <- function(task, name) {
  if (exists(name, envir = task$values, inherits = FALSE)) return(get(name, envir = task$values))
  if (!name %in% setdiff(task$known, task$removed)) abort_missing(name, task_names(task), task$run$step)
  value <- task_load(task, name)
  if (name %in% unlist(task$run$configs)) value <- as_config(value)
  assign(name, value, envir = task$values)
  value
}

# Ask the runner for an artifact; `input` counts from 0.
task_load <- function(task, name, input = NULL) {
  value <- task_read(task, list(op = "load", name = name, input = input), paste0("artifact `", name, "`"))
  assign(loaded_key(name, input), list(name = name, input = input, value = value), envir = task$loaded)
  value
}

# The value that a request gives. What R cannot hold exactly is announced in the run's log; `what` names the value.
task_read <- function(task, request, what) {
  layout <- wire_ask(task$fd, request)$layout
  announce <- function(cnd) {
    task_warn(task, what, cnd$message)
    invokeRestart("muffleWarning")
  }
  withCallingHandlers(
    tryCatch(values_read(layout), rflow_error = \(cnd) abort_value(what, cnd)),
    rflow_warning = announce
  )
}

task_warn <- function(task, what, message) wire_ask(task$fd, list(op = "warn", message = paste0(what, ": ", message)))

abort_value <- function(what, cnd) abort_rflow(paste0(what, ": ", cnd$message), cnd$code, cnd$hint)

task_set <- function(task, name, value) {
  check_artifact_name(task, name)
  # A copy of the loaded value must not be seen as unchanged, nor count as a second reference to the new one.
  key <- loaded_key(name)
  if (exists(key, envir = task$loaded, inherits = FALSE)) rm(list = key, envir = task$loaded)
  assign(name, value, envir = task$values)
  task$assigned <- union(task$assigned, name)
  task$removed <- setdiff(task$removed, name)
}

task_remove <- function(task, name) {
  if (!name %in% task_names(task)) abort_missing(name, task_names(task), task$run$step)
  check_artifact_name(task, name)
  if (exists(name, envir = task$values, inherits = FALSE)) rm(list = name, envir = task$values)
  key <- loaded_key(name)
  if (exists(key, envir = task$loaded, inherits = FALSE)) rm(list = key, envir = task$loaded)
  task$assigned <- setdiff(task$assigned, name)
  task$removed <- union(task$removed, name)
}

# Names that `self` itself uses (graph.md, section 2: step_name_reserved).
self_names <- c("name", "next", "input", "inputs", "index", "cmd", "merge_artifacts", "foreach_stack")

check_artifact_name <- function(task, name) {
  # The categories of artifact.md, section 6; the runner checks them again, and that the name is composed.
  if (!grepl("^[\\p{L}_][\\p{L}\\p{Mn}\\p{Mc}\\p{Nd}_]*$", enc2utf8(name), perl = TRUE)) {
    proposal <- gsub("[^\\p{L}\\p{Mn}\\p{Mc}\\p{Nd}_]", "_", enc2utf8(name), perl = TRUE)
    proposal <- sub("^(?=[^\\p{L}_])", "x", proposal, perl = TRUE)
    rule <- "A name has letters, digits and `_`, and does not begin with a digit"
    abort_rflow(
      paste0("`", name, "` cannot be the name of an artifact."), "artifact_name_invalid",
      paste0(rule, if (nzchar(proposal)) paste0(": ", proposal), ".")
    )
  }
  if (name %in% task$read_only) {
    abort_rflow(
      paste0("`", name, "` is a parameter or constant of the flow and cannot be changed."), "artifact_read_only",
      "Use another name for the artifact."
    )
  }
  if (name %in% c(unlist(task$run$reserved), self_names)) {
    what <- if (name %in% self_names) "is part of `self`" else "is the name of a step"
    abort_rflow(paste0("`", name, "` ", what, " and cannot be an artifact."), "artifact_name_taken",
      "Use another name for the artifact.")
  }
}

abort_missing <- function(name, names, step) {
  near <- nearest_name(name, names)
  hint <- if (!is.null(near)) {
    paste0("Did you mean `", near, "`?")
  } else if (length(names)) {
    paste0("There are: ", paste(names, collapse = ", "), ".")
  }
  abort_rflow(paste0("Step ", step, " has no artifact `", name, "`."), "artifact_missing", hint)
}

# Send what the step left: removals, assigned values, and loaded objects that may have been changed in place.
task_save <- function(task) {
  for (name in task$removed) wire_ask(task$fd, list(op = "remove", name = name))
  for (name in task$assigned) if (!startsWith(name, "__")) task_save_value(task, name)
  for (key in ls(task$loaded, all.names = TRUE)) {
    entry <- get(key, envir = task$loaded)
    own <- is.null(entry$input) && !entry$name %in% task$read_only
    if (own && is_changeable(entry$value)) task_send(task, entry$name, entry$value)
  }
}

# A value that still is what was loaded, perhaps under another name, is passed on by its digest.
task_save_value <- function(task, name) {
  value <- get(name, envir = task$values)
  source <- if (length(value) > 1 && !is_changeable(value)) loaded_source(task, value)
  if (is.null(source)) return(task_send(task, name, value))
  wire_ask(task$fd, list(op = "keep", name = name, input = source$input, from = source$name))
}

loaded_source <- function(task, value) {
  for (key in ls(task$loaded, all.names = TRUE)) {
    entry <- get(key, envir = task$loaded)
    if (.Call(rflow_same_object, value, entry$value)) return(entry)
  }
  NULL
}

task_send <- function(task, name, value) {
  what <- paste0("artifact `", name, "`")
  written <- tryCatch(
    values_write(value, task$run$scratch),
    rflow_error = \(cnd) abort_value(paste(what, "of step", task$run$step), cnd)
  )
  message <- list(op = "save", name = name, layout = written$layout, type = written$type, preview = written$preview)
  wire_ask(task$fd, message)
  for (warning in written$warnings) task_warn(task, what, warning)
}

# Objects that change without being assigned: environments (R6, reference classes), functions that keep state,
# data.tables, and whatever contains one. The environment of a formula is left out: models carry one, and nobody
# writes to it.
is_changeable <- function(x, depth = 0) {
  if (depth > 100) return(TRUE)
  if (is.environment(x)) return(!is_shared_environment(x))
  if (is.function(x)) return(!is.primitive(x) && !is_shared_environment(environment(x)))
  if (inherits(x, "data.table")) return(TRUE)
  extra <- attributes(x)
  if (inherits(x, "formula")) extra$.Environment <- NULL
  any_changeable(extra, depth) || is.recursive(x) && !is.language(x) && any_changeable(as_plain_list(x), depth)
}

as_plain_list <- function(x) if (is.list(x)) unclass(x) else list()

any_changeable <- function(items, depth) {
  for (item in items) if ((is.object(item) || is.recursive(item)) && is_changeable(item, depth + 1)) return(TRUE)
  FALSE
}

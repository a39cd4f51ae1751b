#' Run one task of an earlier run again
#'
#' `spin()` opens a task of an earlier run in this session and runs its step again, on its inputs and with the code as it
#' is now. A step in R runs in this session itself, so that `browser()`, `debug()` and the editor's debugger work. A step
#' in Python runs in a process of its own; where R runs at a terminal it has the terminal meanwhile, so that `breakpoint()`
#' works. Ctrl-C, or the editor's stop button, interrupts the step. At a terminal, `Rscript flow.R spin STEP` does the same.
#'
#' @param pathspec Which task (text): `"Flow/step"` (of the newest run), `"Flow/run/step"` or `"Flow/run/step/task"`.
#' @param artifacts What takes the place of inputs: a named list of values, or the path of a `.R` or `.py` file that gives
#'   them. `NULL`, the default, for the inputs that the task had.
#' @param run `FALSE` opens the task without running its step, so that it can be tried line by line; `self$inputs` are the
#'   inputs of a join.
#' @param file Path of the flow's file, if it is not where it was.
#' @param skip_decorators `TRUE` runs the step without its decorators.
#' @param persist `TRUE` keeps the results among the flow's runs, marked as a repetition. Else they are kept apart.
#' @returns The task's `self`: everything that the step could read, and what it has set.
#' @section Errors: The error of the step; `rflow_error_not_found` when there is no such run or step,
#'   `rflow_error_python_missing` when there is no Python.
#' @examples
#' if (interactive()) {
#'   self <- spin("GenreStatsFlow/join")
#'   self$genre_stats
#' }
#' @export
spin <- function(pathspec, artifacts = NULL, run = TRUE, file = NULL, skip_decorators = FALSE, persist = FALSE) {
  check_text(pathspec, "spin(): `pathspec`")
  given <- is.list(artifacts)
  if (!given && !is.null(artifacts)) check_text(artifacts, "spin(): `artifacts`")
  options <- list(
    pathspec = pathspec, run = isTRUE(run), skip_decorators = isTRUE(skip_decorators), persist = isTRUE(persist),
    file = if (!is.null(file)) absolute_path(file, getwd()), values = given,
    artifacts = if (is.character(artifacts)) absolute_path(artifacts, getwd()),
    terminal = isatty(stdin()) && isatty(stdout())
  )
  forget_modules()
  talk <- new.env(parent = emptyenv())
  talk$fd <- spin_connect(options)
  talk$artifacts <- artifacts
  reg.finalizer(talk, \(x) .Call(rflow_fd_close, x$fd), onexit = TRUE)
  spin_converse(talk)
  new_self(talk$task)
}

# Answer the runner until the task has ended; `talk$task` is the task then.
spin_converse <- function(talk) {
  on.exit(.Call(rflow_process_interrupts, NULL))
  repeat {
    message <- wire_read(talk$fd)
    if (is.null(message)) abort_rflow("The Python process of spin() has ended.", "host_lost")
    what <- if (is.null(message$event)) message$op else message$event
    switch(what,
      graph = wire_write(talk$fd, list(graph = spin_graph(message))),
      output = cat(message$text),
      # A step in Python: until it has ended, interrupts are for its process.
      begins = .Call(rflow_process_interrupts, if (isTRUE(message$terminal)) 0L else message$pid),
      run = if (is.null(message$values)) spin_task(talk, message) else spin_values(talk, message),
      error = abort_rflow(message$error$message, message$error$code, message$error$hint),
      ended = return(spin_ended(talk, message))
    )
  }
}

# The flow as its file defines it now, or NULL where there is no such file.
spin_graph <- function(message) {
  file <- message$file
  if (is.null(file) || !file.exists(file) || grepl("\\.rds$", file)) return(NULL)
  host_module(file)
  graph_json(find_flow(message$flow))
}

# Files are loaded as they are now.
forget_modules <- function() {
  the$modules <- list()
  the$flows <- list()
  the$sources <- list()
}

# Run the step in this session. Its error is the user's to see and to debug: it is told to the runner on its way.
spin_task <- function(talk, run) {
  task <- new_task(talk$fd, run)
  task$talk <- talk
  talk$task <- task
  seen <- new.env(parent = emptyenv())
  undo <- spin_prepare(run)
  on.exit({
    undo()
    if (is.null(seen$done)) wire_write(talk$fd, list(op = "error", error = spin_error(seen)))
  })
  note <- function(cnd) {
    frames <- sys.nframe()
    seen$error <- describe_condition(cnd, tryCatch(host_trace(frames), error = \(e) NULL))
  }
  withCallingHandlers(run_step(task), error = note, interrupt = note)
  task_save(task)
  wire_write(talk$fd, list(op = "done"))
  seen$done <- TRUE
}

spin_error <- function(seen) {
  if (!is.null(seen$error)) return(seen$error)
  list(type = "interrupt", message = "the step was left", language = "r", code = "step_failed", retry = FALSE)
}

# The task's variables, random numbers and `current()`; returns a function that takes them back.
spin_prepare <- function(run) {
  # Sys.getenv(NULL) gives every variable.
  variables <- if (length(run$environment)) Sys.getenv(names(run$environment), NA, names = TRUE) else character()
  before <- list(current = the$current, seed = session_seed())
  prepare_process(run)
  the$current <- current_values(run$current)
  function() {
    the$current <- before$current
    for (name in names(variables)) {
      if (is.na(variables[[name]])) Sys.unsetenv(name) else do.call(Sys.setenv, as.list(variables[name]))
    }
    restore_seed(before$seed)
  }
}

session_seed <- function() get0(".Random.seed", globalenv(), inherits = FALSE)

restore_seed <- function(seed) {
  if (is.null(seed)) rm(list = ".Random.seed", envir = globalenv()) else list2env(list(.Random.seed = seed), globalenv())
}

# The values that were given to spin() become artifacts, as the runner asks.
spin_values <- function(talk, run) {
  task <- new_task(talk$fd, run)
  error <- host_guard({
    for (name in names(talk$artifacts)) task_set(task, name, talk$artifacts[[name]])
    task_save(task)
  })
  wire_write(talk$fd, if (is.null(error)) list(op = "done") else list(op = "error", error = error))
}

# What the step has set elsewhere, in Python, is there to be loaded. An error of a Python step is raised here.
spin_ended <- function(talk, message) {
  if (!isTRUE(message$ok) && is.null(talk$task)) {
    error <- message$error
    text <- if (length(error$traceback) && nzchar(error$traceback)) error$traceback else error$message
    abort_rflow(text, error$code)
  }
  if (is.null(talk$task)) {
    talk$task <- new_task(talk$fd, message$run)
    talk$task$talk <- talk
  }
  talk$task$known <- union(talk$task$known, as.character(unlist(message$run$names)))
  talk$task$run$scratch <- message$run$scratch
}

# Start the runner and connect to it; returns the descriptor.
spin_connect <- function(options) {
  # The path of a socket is short: 107 bytes on Linux.
  folder <- tempfile("rflow-", if (nchar(tempdir(), "bytes") < 70) tempdir() else "/tmp")
  dir.create(folder, mode = "0700")
  on.exit(unlink(folder, recursive = TRUE))
  socket <- file.path(folder, "socket")
  log <- file.path(folder, "log")
  ended <- file.path(folder, "ended")
  text <- as.character(jsonlite::toJSON(options, auto_unbox = TRUE, null = "null"))
  command <- shQuote(c(find_python(), "-m", "pyflow.interactive.rsession", socket, text))
  before <- share_environment()
  on.exit(do.call(Sys.setenv, before), add = TRUE)
  script <- paste0("(", paste(command, collapse = " "), "; : > ", shQuote(ended), ") > ", shQuote(log), " 2>&1 &")
  system(script, ignore.stdout = FALSE)
  repeat {
    fd <- if (file.exists(socket)) tryCatch(.Call(rflow_fd_connect, socket), error = \(e) NULL)
    if (!is.null(fd)) return(fd)
    if (file.exists(ended)) {
      reason <- paste(c("The Python process of spin() did not start:", readLines(log, warn = FALSE)), collapse = "\n")
      abort_rflow(reason, "python_missing", python_hint)
    }
    Sys.sleep(0.02)
  }
}

# Flows that are run from a session: the command runs as a child, and its output is shown as it comes.

# Run or resume (`command`) the flow with run()'s options; returns the run. A run that fails is an error.
run_in_session <- function(flow, options, command = "run") {
  child <- child_start(flow, run_words(flow, options, command))
  on.exit(child_end(child))
  # What is written before a run begins is about a mistake, and becomes the error's message.
  child_wait(child, show = child_has_begun)
  if (!identical(child_code(child), 0L)) abort_run_failed(child)
  child_client(child)
}

run_words <- function(flow, options, command) {
  chosen <- run_options(flow, options)
  c(chosen$general, command, chosen$args)
}

# Carry out a command that is no run on the flow. A failure is an error.
run_command <- function(flow, args) {
  child <- child_start(flow, args)
  on.exit(child_end(child))
  child_wait(child, show = \(child) TRUE)
  code <- child_code(child)
  if (identical(code, 0L)) return(invisible())
  abort_rflow(paste0("Flow ", flow$name, " failed (exit code ", code, ")."), "run_failed", "The output above says why.")
}

# The error of a child that has ended without success. It has `run` (the run, as flow_client() gives it), `pathspec`,
# `step`, `task` and `exit_code`, NULL where there is none.
abort_run_failed <- function(child) {
  run <- tryCatch(child_client(child), rflow_error = \(e) NULL)
  error <- run$exception
  condition <- new_rflow_error(failure_message(child, run, error), "run_failed", failure_hint(error))
  fields <- list(
    run = run, pathspec = run$pathspec, step = error$step, task = error$task, exit_code = child_code(child)
  )
  condition[names(fields)] <- fields
  if (identical(child_code(child), 2L)) class(condition) <- c("rflow_error_usage", class(condition))
  stop(condition)
}

failure_message <- function(child, run, error) {
  if (is.null(run)) {
    output <- sub("^Usage error: ", "", grep("^(Usage: |Try ')", child_output(child), value = TRUE, invert = TRUE))
    first <- paste0("Flow ", child$flow, " was not run (exit code ", child_code(child), ").")
    return(paste(c(first, output), collapse = "\n"))
  }
  if (is.null(error)) return(paste0("Run ", run$pathspec, " was ", run$status, "."))
  paste0("Run ", run$pathspec, " failed in step ", error$step, " (task ", error$task, "): ", error$message)
}

failure_hint <- function(error) {
  if (!is.null(error$file) && !is.null(error$line)) paste0("At ", error$file, ":", error$line, ".")
}

# The run that a child has begun, as the client shows it, in whatever namespace it is; NULL if it has begun none.
child_client <- function(child) {
  if (!child_has_begun(child)) return(NULL)
  end <- Sys.time() + child_moment
  repeat {
    last <- !is.null(child_code(child)) || Sys.time() > end
    row <- tryCatch(
      bridge_ask("run", flow = child$flow, run = child_run(child), known = TRUE),
      rflow_error_not_found = \(e) if (last) stop(e)
    )
    if (!is.null(row)) return(new_run(row))
    Sys.sleep(child_pause)
  }
}

# A flow typed in a session has no file that its tasks could load. This saves the session in one (host-load.R restores
# it): the flow, the variables and the attached packages. Returns its path.
snapshot_session <- function(flow) {
  path <- tempfile(paste0(flow$name, "-"), fileext = ".rds")
  flow$file <- path
  attached <- sub("^package:", "", grep("^package:", search(), value = TRUE))
  base <- c("base", "stats", "graphics", "grDevices", "utils", "datasets", "methods", "Autoloads")
  globals <- mget(ls(globalenv(), all.names = TRUE), envir = globalenv())
  saveRDS(list(flow = flow, globals = globals, packages = rev(setdiff(attached, base))), path)
  path
}

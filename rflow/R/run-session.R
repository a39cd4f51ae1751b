# Flows that are run from a session: the command runs as a child, and its output is shown as it comes.

# Run or resume (`command`) the flow with run()'s options; returns the run.
run_in_session <- function(flow, options, command = "run") {
  chosen <- run_options(flow, options)
  id_file <- tempfile("run-id-")
  on.exit(unlink(id_file))
  run_command(flow, c(chosen$general, command, paste0("--run-id-file=", id_file), chosen$args))
  flow_client(flow$name)$run(readLines(id_file, warn = FALSE)[1])
}

# Carry out a command on the flow as a child process. A failure is an error.
run_command <- function(flow, args) {
  if (is.null(flow$file)) flow$file <- snapshot_session(flow)
  environment <- share_environment()
  graph <- tempfile("graph-", fileext = ".json")
  on.exit({
    unlink(graph)
    do.call(Sys.setenv, environment)
  })
  writeLines(enc2utf8(graph_json(flow)), graph, useBytes = TRUE)
  command <- shQuote(python_command(args, "3", flow$name))
  status <- stream_command(paste("exec", paste(command, collapse = " "), "3<", shQuote(graph), "2>&1"))
  if (status == 0) return(invisible())
  abort_rflow(
    paste0("Flow ", flow$name, " failed (exit code ", status, ")."), "run_failed", "The output above says why."
  )
}

# Run a shell command, copy its output to R's as it comes (consoles of notebooks see nothing else), and return its exit
# code.
stream_command <- function(command) {
  connection <- pipe(command, "r")
  open <- TRUE
  on.exit(if (open) close(connection))
  while (length(line <- readLines(connection, n = 1, warn = FALSE)) == 1) cat(line, "\n", sep = "")
  status <- close(connection)
  open <- FALSE
  # close() gives nothing or what waitpid() gives: the exit code times 256, or the number of a signal.
  if (is.null(status) || status == 0) return(0L)
  if (status >= 256) status %/% 256L else 128L + status
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

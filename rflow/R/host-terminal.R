# The R process of a task that runs in the foreground, with a terminal: `spin` starts it (shared_spec/task.md, section 6).

# Carry out the task whose messages come over the descriptor `fd`, and end.
terminal_main <- function(fd) {
  options(keep.source = TRUE, warn = 1L)
  # Rscript reads no terminal. As a session it does: browser() and readline() talk to the person who sits there.
  .Call(rflow_process_interactive, isatty(stdin()))
  status <- 1L
  on.exit({
    # Also after `Q` in the browser, which leaves all functions at once.
    .Call(rflow_process_interactive, FALSE)
    quit(save = "no", status = status, runLast = FALSE)
  })
  wire_write(fd, list(event = "ready", pid = Sys.getpid()))
  run <- wire_read(fd)
  if (!is.null(run)) host_run(fd, run)
  status <- 0L
}

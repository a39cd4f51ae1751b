# A child of the fork server, from the fork to its end.

# `fd` is the connection to the runner, `line` its first message. Never returns: the server's code must not go on in a
# child.
zygote_child <- function(fd, line) {
  on.exit(.Call(rflow_process_end, 1L))
  error <- host_guard({
    enter_process(wire_parse(line))
    wire_write(fd, list(event = "forked", pid = Sys.getpid()))
    run <- wire_read(fd)
  })
  if (!is.null(error)) {
    error$code <- "protocol_error"
    wire_write(fd, list(event = "error", error = error))
    .Call(rflow_process_end, 1L)
  }
  if (!is.null(run)) host_run(fd, run)
  .Call(rflow_process_end, 0L)
}

# Its own process group, logs, temporary folder; warnings at once, as there is no top level that would print them.
enter_process <- function(message) {
  .Call(rflow_process_group, as.integer(message$group))
  .Call(rflow_fd_redirect, message$stdout, message$stderr)
  own_tempdir()
  if (identical(getOption("warn"), 0L) || identical(getOption("warn"), 0)) options(warn = 1L)
}

# A temporary folder inside the server's: removed with the task, at the latest with the server. q() would otherwise
# remove the server's own, and those of all other tasks.
own_tempdir <- function() {
  before <- Sys.getenv("TMPDIR", NA)
  Sys.setenv(TMPDIR = tempdir())
  .Call(rflow_process_forget_tempdir)
  tempdir(check = TRUE)
  if (is.na(before)) Sys.unsetenv("TMPDIR") else Sys.setenv(TMPDIR = before)
}

# The R fork server (shared_spec/task.md, section 5). Its loop is in src/zygote.c.

# Serve until the descriptor `fd`, the control socket, ends. In a forked child this does not return.
zygote_main <- function(fd) {
  message <- wire_read(fd)
  if (is.null(message)) return(invisible())
  options(keep.source = TRUE)
  error <- host_guard(zygote_load(message))
  if (!is.null(error)) {
    wire_write(fd, list(event = "error", error = load_error(error)))
    return(invisible())
  }
  listener <- .Call(rflow_zygote_listen, message$socket)
  warm_up()
  wire_write(fd, list(event = "ready", pid = Sys.getpid()))
  child <- .Call(rflow_zygote_serve, fd, listener)
  if (!is.null(child)) zygote_child(child[[1]], child[[2]])
  unlink(message$socket)
  invisible()
}

# Load the user's files and make sure that the functions are there.
zygote_load <- function(message) {
  use_copies(message$code)
  the$configs <- lapply(message$configs, \(x) x$value)
  names(the$configs) <- vapply(message$configs, \(x) x$name, "")
  for (file in c(message$files, message$decorator_files)) host_module(file)
  for (item in message$functions) host_function(item$file, item$name, message$flow, NULL)
}

# A file that cannot be parsed has its place in the message: "/path/file.R:3:7: unexpected symbol".
load_error <- function(error) {
  if (identical(error$code, "step_failed")) error$code <- "definition"
  found <- regmatches(error$message, regexec("^(/[^\n]*):([0-9]+):[0-9]+: (.*)$", error$message))[[1]]
  if (length(found) == 4 && is.null(error$file)) {
    error[c("file", "line", "message", "call")] <- list(found[2], as.integer(found[3]), found[4], "")
    error$traceback <- headline(error$message, "", error)
  }
  if (identical(error$type, "packageNotFoundError")) {
    package <- sub("^.*[\u2018'\"](.*)[\u2019'\"].*$", "\\1", error$message)
    error$hint <- paste0("Install it in R: install.packages(\"", package, "\")")
  }
  error
}

# Do once what every task does, so that children find it done: packages loaded, caches filled. Then collect garbage
# twice, because what survives that is old and not touched by a child's own collections.
warm_up <- function() {
  scratch <- tempfile("warm-up-")
  on.exit(unlink(scratch))
  for (value in list(1L, "a", c(1.5, NA), list(a = 1, b = "x"), data.frame(x = 1:3, y = c("a", "b", NA)))) {
    layout <- values_write(value, scratch)$layout
    values_read(wire_parse(wire_text(layout)))
  }
  host_guard(call_user(function(self) stop("warm-up"), "warm_up", list(self = 1)))
  gc()
  gc()
}

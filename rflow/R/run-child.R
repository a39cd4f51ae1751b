# A command of a flow that runs as a child of this session. Its output goes to a file, so that it never waits for a
# reader, and this session copies it from there to R's own output, which in a notebook is that of the cell.

# Seconds between two looks at a child; how long one that is asked to end may take; and after what time a run that has
# begun is in the metadata.
child_pause <- 0.03
child_grace <- 15
child_moment <- 10

# Start a command (`args`, text) on the flow. `attributes` is where it writes which run has begun.
child_start <- function(flow, args) {
  if (is.null(flow$file)) flow$file <- snapshot_session(flow)
  environment <- share_environment()
  on.exit(do.call(Sys.setenv, environment))
  child <- new.env(parent = emptyenv())
  child$folder <- tempfile("run-")
  dir.create(child$folder)
  graph <- file.path(child$folder, "graph.json")
  writeLines(enc2utf8(graph_json(flow)), graph, useBytes = TRUE)
  child$log <- file.path(child$folder, "log")
  child$attributes <- file.path(child$folder, "attributes.json")
  child$flow <- flow$name
  child$position <- 0
  child$pending <- raw()
  child$code <- NULL
  child$pid <- .Call(rflow_child_start, python_command(child_args(child, args), "3", flow$name), graph, child$log)
  child
}

# Commands that begin a run are told where to say so.
child_args <- function(child, args) {
  command <- which(args %in% c("run", "resume"))
  if (length(command) == 0) return(args)
  append(args, paste0("--runner-attribute-file=", child$attributes), command[1])
}

# The exit code, or NULL while it runs.
child_code <- function(child) {
  if (is.null(child$code)) child$code <- .Call(rflow_child_status, child$pid)
  child$code
}

child_has_begun <- function(child) file.exists(child$attributes)

# Id of the run that has begun, or NULL.
child_run <- function(child) {
  if (child_has_begun(child)) jsonlite::fromJSON(child$attributes, simplifyVector = FALSE)$run
}

# All lines that it has written so far; `log` is not there before the first one.
child_output <- function(child) {
  if (!file.exists(child$log)) return(character())
  text_lines(readBin(child$log, "raw", file.size(child$log)))
}

# Print the lines that it has written since the last call; one that has not ended waits for its end.
child_show <- function(child, last = FALSE) {
  size <- file.size(child$log)
  if (!is.na(size) && size > child$position) {
    connection <- file(child$log, "rb")
    on.exit(close(connection))
    seek(connection, child$position)
    child$pending <- c(child$pending, readBin(connection, "raw", size - child$position))
    child$position <- size
  }
  end <- if (last) length(child$pending) else max(which(child$pending == charToRaw("\n")), 0)
  if (end == 0) return(invisible())
  lines <- text_lines(child$pending[seq_len(end)])
  child$pending <- child$pending[-seq_len(end)]
  cat(paste0(lines, "\n"), sep = "")
  # Called by its full name: IRkernel puts its own in its place, which sends the text to the notebook at once.
  utils::flush.console()
}

# Bytes as lines of text that R can show, whatever they are.
text_lines <- function(bytes) {
  text <- rawToChar(bytes[bytes != 0])
  Encoding(text) <- "UTF-8"
  if (!validUTF8(text)) text <- iconv(text, "UTF-8", "UTF-8", sub = "byte")
  sub("\r$", "", strsplit(text, "\n", fixed = TRUE)[[1]])
}

# Wait until `done(child)` or its end, at most `seconds`, showing its output if `show(child)`. An interrupt of the
# session ends the child in order, and then goes its way.
child_wait <- function(child, done = \(child) FALSE, show = \(child) FALSE, seconds = Inf) {
  end <- Sys.time() + seconds
  withCallingHandlers(
    while (is.null(child_code(child)) && !done(child) && Sys.time() < end) {
      if (show(child)) child_show(child)
      Sys.sleep(child_pause)
    },
    interrupt = \(cnd) child_end(child, tools::SIGINT, show)
  )
  if (!is.null(child_code(child)) && show(child)) child_show(child, last = TRUE)
  invisible(child)
}

# Ask it to end, which ends its tasks and is recorded, and wait for that; it is killed if it takes too long, or if the
# session is interrupted once more.
child_end <- function(child, number = tools::SIGTERM, show = \(child) FALSE, grace = child_grace) {
  if (!is.null(child_code(child))) return(invisible(child))
  on.exit(if (is.null(child_code(child))) .Call(rflow_child_signal, child$pid, tools::SIGKILL, TRUE))
  .Call(rflow_child_signal, child$pid, number, FALSE)
  end <- Sys.time() + grace
  while (is.null(child_code(child)) && Sys.time() < end) {
    if (show(child)) child_show(child)
    Sys.sleep(child_pause)
  }
  invisible(child)
}

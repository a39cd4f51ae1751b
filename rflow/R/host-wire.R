# Messages of the host and the fork server: one JSON object on a line (shared_spec/task.md).

# A message as text. C writes it (src/exchange-json.c), because jsonlite's toJSON() takes several milliseconds for a
# layout, which is a third of what a task may cost. Bytes that are no text are shown as <ff>.
wire_text <- function(x) {
  text <- as.character(.Call(rflow_json, x))
  if (validUTF8(text)) text else iconv(text, "UTF-8", "UTF-8", sub = "byte")
}

wire_parse <- function(text) jsonlite::parse_json(text, simplifyVector = FALSE)

# The next message, or NULL when the other side is gone.
wire_read <- function(fd) {
  line <- .Call(rflow_fd_read, fd)
  if (is.null(line)) NULL else wire_parse(line)
}

# Send a message; FALSE when the other side is gone.
wire_write <- function(fd, message) .Call(rflow_fd_write, fd, wire_text(message))

# Send a request and return its answer. A refusal is raised as an error, where the user's code stands.
wire_ask <- function(fd, message) {
  line <- .Call(rflow_fd_ask, fd, wire_text(message))
  # Without a runner nobody takes the result, and nothing is left to be reported.
  if (is.null(line)) .Call(rflow_process_end, 1L)
  answer <- wire_parse(line)
  if (isTRUE(answer$ok)) return(answer)
  abort_rflow(answer$error$message, answer$error$code, answer$error$hint)
}

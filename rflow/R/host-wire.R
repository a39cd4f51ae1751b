# Messages of the host and the fork server: one JSON object on a line (shared_spec/task.md).

# A message as text. jsonlite's toJSON() takes several milliseconds for a layout, which is a third of what a task may cost,
# so lists of texts, numbers, logicals and NULL are written here. A list with names is an object, other lists are
# arrays, a vector of length one is a scalar.
wire_text <- function(x) {
  if (is.null(x)) return("null")
  if (is.list(x) || length(x) != 1) return(wire_children(x))
  if (is.na(x)) return("null")
  if (is.character(x)) return(wire_string(x))
  if (is.logical(x)) return(if (x) "true" else "false")
  format(x, digits = 17, scientific = FALSE)
}

wire_children <- function(x) {
  parts <- vapply(as.list(x), wire_text, "", USE.NAMES = FALSE)
  if (is.null(names(x))) return(paste0("[", paste(parts, collapse = ","), "]"))
  keys <- vapply(names(x), wire_string, "", USE.NAMES = FALSE)
  paste0("{", paste(keys, parts, sep = ":", collapse = ","), "}")
}

wire_string <- function(x) {
  x <- enc2utf8(x)
  if (!validUTF8(x)) x <- iconv(x, "UTF-8", "UTF-8", sub = "byte")
  if (grepl("[\\\\\"\001-\037]", x, perl = TRUE)) x <- wire_escape(x)
  paste0("\"", x, "\"")
}

wire_escape <- function(x) {
  points <- utf8ToInt(x)
  control <- points < 32L
  special <- control | points == 34L | points == 92L
  parts <- strsplit(x, "", fixed = TRUE)[[1]]
  parts[special] <- paste0("\\", parts[special])
  parts[control] <- sprintf("\\u%04x", points[control])
  paste(parts, collapse = "")
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

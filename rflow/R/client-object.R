# What the client's objects share. A flow, run, step, task or artifact is a list of class rflow_client_<kind> whose
# fields say where it is; everything else is a property, read from the store when it is asked for: x$name. x[["id"]] is
# a part of it: a run of a flow, a step of a run. Each kind has a method of the two generics below.

new_client <- function(kind, ...) structure(list(...), class = c(paste0("rflow_client_", kind), "rflow_client"))

client_kind <- function(x) sub("^rflow_client_", "", class(x)[1])

# A field of a client object, past the `$` below.
field <- function(x, name) .subset2(x, name)

# The table of properties: one function of the object for each. `part` gives the function for x[["id"]].
client_properties <- function(x) UseMethod("client_properties")

# What the printed object tells beside its name: lines of text.
client_details <- function(x) UseMethod("client_details")

#' @export
`$.rflow_client` <- function(x, name) {
  read <- client_properties(x)[[name]]
  if (!is.null(read)) return(read(x))
  near <- nearest_name(name, names(x))
  abort_rflow(
    paste0("A ", client_kind(x), " has no property `", name, "`."), "not_found",
    if (is.null(near)) paste("It has:", paste(names(x), collapse = ", ")) else paste0("Did you mean `", near, "`?")
  )
}

#' @export
`[[.rflow_client` <- function(x, i) {
  part <- client_properties(x)[["part"]]
  if (is.null(part)) abort_rflow(paste0("A ", client_kind(x), " has no parts."), "not_found")
  part(x)(i)
}

#' @export
`$<-.rflow_client` <- function(x, name, value) abort_read_only(x)

#' @export
`[[<-.rflow_client` <- function(x, i, value) abort_read_only(x)

abort_read_only <- function(x) {
  abort_rflow(paste0("This ", client_kind(x), " cannot be changed."), "read_only", "Results are for reading.")
}

#' @export
names.rflow_client <- function(x) setdiff(names(client_properties(x)), "part")

#' @importFrom utils .DollarNames
#' @export
.DollarNames.rflow_client <- function(x, pattern = "") grep(pattern, names(x), value = TRUE)

#' @importFrom utils str
#' @export
str.rflow_client <- function(object, ...) print(object)

#' @export
print.rflow_client <- function(x, ...) {
  cli::cat_line(cli::style_bold(client_kind(x)), " ", x$pathspec)
  for (line in client_details(x)) cli::cat_line("  ", line)
  invisible(x)
}

# How a run or task ended, and when.
status_line <- function(x) {
  shown <- \(time) format(time, "%Y-%m-%d %H:%M:%S")
  paste0(x$status, ", from ", shown(x$created_at), if (!is.na(x$finished_at)) paste(" to", shown(x$finished_at)))
}

# Seconds since 1970 as a time in the session's zone; NA if there is none yet.
client_time <- function(seconds) .POSIXct(if (is.null(seconds)) NA_real_ else as.double(seconds))

# The parts of an object's name.
path_parts <- function(x) strsplit(x$pathspec, "/", fixed = TRUE)[[1]]

# Whether the namespace includes a run with these tags.
tags_in_namespace <- function(tags) {
  name <- get_namespace()
  is.null(name) || name %in% tags
}

# An id as the user may give it: text or a whole number.
client_id <- function(id, what) {
  if (is.numeric(id) && length(id) == 1 && is.finite(id)) id <- format(id, scientific = FALSE, digits = 22)
  check_text(id, what)
  id
}

by_name <- function(items, names) {
  names(items) <- names
  items
}

# The error that ended a run or task: a list that prints as its own language shows it. NULL if there is none.
new_exception <- function(error) if (is.null(error)) NULL else structure(error, class = "rflow_exception")

#' @export
print.rflow_exception <- function(x, ...) {
  shown <- if (length(x$traceback) && nzchar(x$traceback)) x$traceback else paste0(x$type, ": ", x$message)
  cat(shown, "\n", sep = "")
  invisible(x)
}

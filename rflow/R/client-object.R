# What the client's objects share. A flow, run, step, task or artifact is a list of class rflow_client_<kind> whose fields
# say where it is; everything else is a property, read from the store when it is asked for: x$name. Its properties are the
# table client_properties_<kind>(), one function for each. x[["id"]] is a part of it: a run of a flow, a step of a run.

new_client <- function(kind, ...) structure(list(...), class = c(paste0("rflow_client_", kind), "rflow_client"))

client_kind <- function(x) sub("^rflow_client_", "", class(x)[1])

# A field of a client object, past the `$` below.
field <- function(x, name) .subset2(x, name)

client_properties <- function(x) {
  switch(client_kind(x),
    flow = client_properties_flow(),
    run = client_properties_run(),
    step = client_properties_step(),
    task = client_properties_task(),
    artifact = client_properties_artifact()
  )
}

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
  abort_rflow(paste0("A ", client_kind(x), " of the client cannot be changed."), "read_only", "Results are for reading.")
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

# What the printed object tells beside its name: lines of text.
client_details <- function(x) {
  switch(client_kind(x),
    flow = paste("latest run:", paste(c(x$latest_run$id, if (is.null(x$latest_run)) "none"), collapse = "")),
    run = c(status_line(x), paste("steps:", paste(names(x$steps), collapse = ", "))),
    step = paste("tasks:", length(x$tasks)),
    task = c(status_line(x), paste("artifacts:", paste(names(x$artifacts), collapse = ", "))),
    artifact = c(artifact_line(field(x, "row")), paste("preview:", field(x, "row")$preview))
  )
}

status_line <- function(x) {
  shown <- \(time) format(time, "%Y-%m-%d %H:%M:%S")
  paste0(x$status, ", from ", shown(x$created_at), if (!is.na(x$finished_at)) paste(" to", shown(x$finished_at)))
}

# Seconds since 1970 as a time in the session's zone; NA if there is none yet.
client_time <- function(seconds) .POSIXct(if (is.null(seconds)) NA_real_ else as.double(seconds))

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

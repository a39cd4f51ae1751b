# The code that a run used: files by name, as they were when it began.

# NULL for a flow that had no file.
run_code <- function(x) {
  row <- run_ask(x, "code")
  if (is.null(row)) NULL else new_client("code", run = x, row = row)
}

code_ask <- function(x, op, ...) run_ask(field(x, "run"), op, ...)

#' @exportS3Method
client_properties.rflow_client_code <- function(x) {
  row <- \(name) \(x) field(x, "row")[[name]]
  list(
    pathspec = \(x) field(x, "run")$pathspec,
    digest = row("digest"),
    files = \(x) unlist(field(x, "row")$files),
    flow_file = row("flow_file"),
    git = row("git"),
    file = \(x) \(name) code_file(x, name),
    diff = \(x) \(other = NULL, folder = NULL) code_diff(x, other, folder),
    extract = \(x) \(folder = tempfile("code-")) code_ask(x, "code_extract", folder = path.expand(folder)),
    part = \(x) \(name) code_file(x, name)
  )
}

code_file <- function(x, name) {
  check_text(name, "code$file(): the file's name")
  code_ask(x, "code_file", name = name)$text
}

# A unified diff that prints as such. `other`: a run or its id.
code_diff <- function(x, other, folder) {
  id <- if (inherits(other, "rflow_client_run")) other$id else if (!is.null(other)) client_id(other, "code$diff()")
  text <- code_ask(x, "code_diff", other = id, folder = folder)$text
  structure(strsplit(text, "\n", fixed = TRUE)[[1]], class = "rflow_diff")
}

#' @export
print.rflow_diff <- function(x, ...) {
  for (line in unclass(x)) {
    style <- switch(substr(line, 1, 1), `+` = cli::col_green, `-` = cli::col_red, `@` = cli::col_cyan, identity)
    cli::cat_line(style(line))
  }
  invisible(x)
}

#' @exportS3Method
client_details.rflow_client_code <- function(x) {
  git <- x$git
  c(
    paste("files:", paste(names(x$files), collapse = ", ")),
    if (length(git$commit)) paste0("git: ", git$commit, " (", git$branch, if (isTRUE(git$dirty)) ", with changes", ")")
  )
}

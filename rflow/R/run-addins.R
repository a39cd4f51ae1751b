# Addins for RStudio and Positron (inst/rstudio/addins.dcf). `studio` is what is used of the package rstudioapi.

studio_port <- function() {
  if (!requireNamespace("rstudioapi", quietly = TRUE) || !rstudioapi::isAvailable()) {
    abort_rflow("Addins work in RStudio and Positron.", "usage", "Elsewhere call run(), spin() or view_html().")
  }
  list(
    document = rstudioapi::getSourceEditorContext, save = rstudioapi::documentSave,
    execute = \(command, folder) rstudioapi::terminalExecute(command, workingDir = folder)
  )
}

addin_run_flow <- function(studio = studio_port()) {
  file <- addin_file(studio)
  studio$execute(paste(addin_command(file), "run"), dirname(file))
}

addin_spin_step <- function(studio = studio_port()) {
  file <- addin_file(studio)
  step <- step_at(studio$document())
  studio$execute(paste(addin_command(file), "spin", shQuote(step)), dirname(file))
}

addin_view_last_run <- function(studio = studio_port()) {
  file <- addin_file(studio)
  name <- flow_name_in(readLines(file, warn = FALSE), file)
  before <- setwd(dirname(file))
  on.exit(setwd(before))
  view_html(flow_client(name)$latest_run)
}

# The saved file in the editor.
addin_file <- function(studio) {
  document <- studio$document()
  if (is.null(document) || !nzchar(document$path)) abort_rflow("There is no saved file in the editor.", "usage", "Save the flow first.")
  studio$save(document$id)
  normalizePath(document$path)
}

# What runs a flow's file: Rscript for R; for Python the interpreter that pyflow is in.
addin_command <- function(file) {
  program <- if (tolower(tools::file_ext(file)) == "py") find_python() else file.path(R.home("bin"), "Rscript")
  paste(shQuote(program), shQuote(basename(file)))
}

flow_patterns <- c("\\bflow\\(\\s*[\"']([A-Za-z][A-Za-z0-9_]*)[\"']", "^class\\s+([A-Za-z][A-Za-z0-9_]*)\\(.*FlowSpec.*\\):")

# The name of the flow that a file defines.
flow_name_in <- function(lines, file) {
  found <- first_match(lines, flow_patterns)
  if (length(found)) return(found[1])
  abort_rflow(paste0("There is no flow in ", file, "."), "usage", "A flow is flow(\"Name\") in R, class Name(FlowSpec) in Python.")
}

step_patterns <- c("\\bstep\\(\\s*(?:step\\s*=\\s*)?[\"']([a-z][a-z0-9_]*)[\"']", "^\\s+def\\s+([a-z][a-z0-9_]*)\\(\\s*self\\b", "^\\s+([a-z][a-z0-9_]*)\\s*=\\s*r_step\\(")

# The step in whose definition the cursor is: the nearest one that begins at or above it.
step_at <- function(document) {
  row <- document$selection[[1]]$range$start[["row"]]
  found <- first_match(rev(document$contents[seq_len(row)]), step_patterns)
  if (length(found)) return(found[1])
  abort_rflow(paste0("There is no step at line ", row, " or above it."), "usage", "Put the cursor into a step.")
}

# What the patterns' first groups match, line by line.
first_match <- function(lines, patterns) {
  unlist(lapply(lines, \(line) unlist(lapply(patterns, \(pattern) {
    found <- regmatches(line, regexec(pattern, line, perl = TRUE))[[1]]
    if (length(found) > 1) found[2]
  }))))
}

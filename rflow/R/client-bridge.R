# The one place where the client meets Python: text goes in, text comes out. reticulate converts no value; artifacts are
# read by our own code from the files that a layout names.

# Ask a module of Python; returns the answer as a list. Its errors are raised here with the same code.
bridge_ask <- function(op, ..., module = "pyflow.client.bridge") {
  if (is.null(the$bridge[[module]])) the$bridge[[module]] <- bridge_load(find_python(), module)
  request <- jsonlite::toJSON(list(op = op, ...), auto_unbox = TRUE, null = "null")
  answer <- jsonlite::fromJSON(the$bridge[[module]](as.character(request)), simplifyVector = FALSE)
  if (!is.null(answer$error)) abort_rflow(answer$error$message, answer$error$code, answer$error$hint)
  answer$ok
}

# Start Python in this session, or use the one that runs in it already. Returns a function from text to text.
bridge_load <- function(python, name) {
  module <- bridge_module(name, python)
  \(text) reticulate::py_to_r(module$ask(text))
}

# A module of pyflow in this session's Python.
bridge_module <- function(name, python = find_python()) {
  if (!reticulate::py_available()) start_python(python)
  tryCatch(
    reticulate::import(name, convert = FALSE),
    error = \(e) abort_rflow(
      paste0("The Python in this session (", reticulate::py_config()$python, ") has no package pyflow."),
      "python_missing", python_hint
    )
  )
}

# RETICULATE_PYTHON is what reticulate obeys before all else, so it is set while Python starts.
start_python <- function(python) {
  before <- Sys.getenv("RETICULATE_PYTHON", unset = NA)
  on.exit(if (is.na(before)) Sys.unsetenv("RETICULATE_PYTHON") else Sys.setenv(RETICULATE_PYTHON = before))
  Sys.setenv(RETICULATE_PYTHON = python)
  started <- tryCatch(reticulate::py_available(initialize = TRUE), error = \(e) conditionMessage(e))
  if (isTRUE(started)) return(invisible())
  reason <- paste0("Python cannot be started in this session: ", python)
  abort_rflow(paste(c(reason, if (is.character(started)) started), collapse = "\n"), "python_missing", python_hint)
}

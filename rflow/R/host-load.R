# The user's files, loaded once in definition mode; a step's function is looked up in its file.

# The environment that `file` was loaded into. A file that is not loaded yet is loaded now.
host_module <- function(file) {
  path <- normalizePath(file, winslash = "/", mustWork = FALSE)
  if (is.null(the$modules[[path]])) {
    if (!file.exists(path) && is.null(code_copy(path))) abort_rflow(paste0("There is no file ", path, "."), "file_missing")
    the$modules[[path]] <- if (grepl("\\.rds$", path)) restore_session(path) else load_definitions(path)
  }
  the$modules[[path]]
}

# Evaluate a file's expressions in `envir`, as Rscript does, without showing values. host_trace() finds `srcref` here:
# it is the place of an error at the top of the file.
evaluate_file <- function(file, envir) {
  expressions <- parse_file(file)
  srcrefs <- attr(expressions, "srcref")
  for (i in seq_along(expressions)) {
    srcref <- srcrefs[[i]]
    eval(expressions[[i]], envir)
  }
}

# A session that was saved because its flow has no file: list(flow, globals, packages).
restore_session <- function(path) {
  copy <- code_copy(path)
  session <- readRDS(if (is.null(copy)) path else copy)
  for (package in session$packages) library(package, character.only = TRUE)
  list2env(session$globals, globalenv())
  register_flow(session$flow)
  globalenv()
}

# The function to run: `name` of `file`, or the function that the flow gives to `step`; NULL when the step has none.
host_function <- function(file, name, flow, step) {
  module <- host_module(file)
  if (is.null(name)) return(find_step_function(flow, step))
  found <- get0(name, module, mode = "function", inherits = FALSE)
  if (is.null(found)) found <- get0(name, globalenv(), mode = "function", inherits = FALSE)
  if (is.null(found)) abort_function_missing(file, name, module)
  found
}

abort_function_missing <- function(file, name, module) {
  functions <- Filter(\(x) is.function(get0(x, module, inherits = FALSE)), ls(module))
  near <- nearest_name(name, functions)
  hint <- if (!is.null(near)) {
    paste0("Did you mean `", near, "`?")
  } else if (length(functions)) {
    paste("Its functions are:", paste(functions, collapse = ", "))
  }
  abort_rflow(paste0("The file ", file, " has no function `", name, "`."), "function_missing", hint)
}

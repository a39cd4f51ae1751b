# Definition mode: a file is loaded for its functions, and nothing in it runs.

# Source `file` in `envir` with run() only registering flows. Returns `envir`. Flows that the file leaves in a variable
# are registered as well, for files whose flow is run from a session.
load_definitions <- function(file, envir = new.env(parent = globalenv())) {
  # Its functions may use gather_inputs() and the like without library(rflow): the session that knew it is not here.
  if (!"package:rflow" %in% search()) attachNamespace("rflow")
  before <- list(defining = the$defining, file = the$file)
  on.exit(list2env(before, the))
  the$defining <- TRUE
  the$file <- normalizePath(file, winslash = "/", mustWork = FALSE)
  evaluate_file(the$file, envir)
  for (name in ls(envir)) {
    value <- get0(name, envir, inherits = FALSE)
    if (inherits(value, "rflow_flow") && is.null(the$flows[[value$name]])) register_flow(value)
  }
  envir
}

register_flow <- function(flow) {
  the$flows[[flow$name]] <- flow
  invisible(flow)
}

# A registered flow.
find_flow <- function(name) {
  found <- the$flows[[name]]
  if (!is.null(found)) return(found)
  near <- nearest_name(name, names(the$flows))
  abort_rflow(
    paste0("There is no flow `", name, "` in the file."), "function_missing",
    if (is.null(near)) "Its file must run it or keep it in a variable." else paste0("Did you mean `", near, "`?")
  )
}

# The R function of a step; a step without one does nothing.
find_step_function <- function(flow_name, step_name) {
  flow <- find_flow(flow_name)
  steps <- vapply(flow$steps, \(x) x$name, "")
  place <- match(step_name, steps)
  if (is.na(place)) {
    abort_rflow(paste0("The flow `", flow_name, "` has no step `", step_name, "`."), "function_missing")
  }
  fn <- flow$steps[[place]]$fn
  if (is.function(fn)) fn else function(self, inputs) NULL
}

# Values of a flow's constants, by name.
find_constants <- function(flow_name) {
  constants <- find_flow(flow_name)$constants
  values <- lapply(constants, \(x) x$value)
  names(values) <- vapply(constants, \(x) x$name, "")
  values
}

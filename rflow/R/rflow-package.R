#' rflow: workflows whose steps are R or Python
#'
#' Define a flow with [flow()], [step()] and [parameter()], run it with [run()], and read its results with
#' [flow_client()].
#'
#' @keywords internal
#' @useDynLib rflow, .registration = TRUE
"_PACKAGE"

# The package's only state. It is an environment, so that it can change while the namespace is locked.
#   defining  TRUE while a file is loaded only for its functions: run() then registers the flow and returns
#   file      the file being loaded in definition mode, or NULL
#   modules   environments that files were loaded into, by path (host-load.R)
#   current   what current() tells, in a task (host-current.R)
#   task      the running task, or NULL (host-task.R)
#   step_file the file of the running step's function, or NULL (this_file())
#   code      where the run's copy of the user's files is: list(folder, copy), or NULL (host-code.R)
#   configs   in a task: the values of the run's configurations, by name (flow-config-read.R)
#   origins   values of the configurations of the run that is resumed, once asked for
#   unread    TRUE if a configuration could not be read, and the command is one that does not need it
#   flows     flows registered in definition mode, by name
#   sources   parsed flow files, by path (flow-place.R)
#   modules   environments of the files loaded in definition mode, by path (host-load.R)
#   current   who the running task is, or NULL (host-current.R)
#   python    the Python that can import pyflow, once found (run-python.R)
#   bridge    by module, the Python function that answers, once loaded (client-bridge.R)
the <- new.env(parent = emptyenv())
the$defining <- FALSE
the$file <- NULL
the$configs <- NULL
the$origins <- NULL
the$given <- NULL
the$words <- NULL
the$unread <- FALSE
the$task <- NULL
the$code <- NULL
the$step_file <- NULL
the$flows <- list()
the$sources <- list()
the$modules <- list()
the$current <- NULL
the$python <- NULL
the$bridge <- list()

# step() takes the place of stats::step() on purpose: library(rflow) says nothing about it.
.onAttach <- function(libname, pkgname) {
  attached <- as.environment(paste0("package:", pkgname))
  attached$.conflicts.OK <- TRUE
}

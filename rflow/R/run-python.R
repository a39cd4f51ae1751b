# Which Python runs flows, and how it is called.

# Path of the Python to use. The first place that names one decides; whether it has pyflow is seen when it is called.
find_python <- function() {
  for (place in python_places()) {
    path <- place$path()
    if (is.null(path)) next
    if (file.access(path, 1) == 0 && !dir.exists(path)) return(path)
    abort_rflow(paste0("There is no Python at ", path, ", which ", place$name, " names."), "python_missing",
      "Correct it, or unset it to have Python searched.")
  }
  abort_rflow("No Python was found.", "python_missing", python_hint)
}

python_hint <- paste(
  "Install Python 3.11 or newer and then the package: python3 -m pip install pyflow-rflow.",
  "To choose a Python, set PYFLOW_PYTHON or options(rflow.python = \"/path/to/python\")."
)

python_places <- function() {
  list(
    list(name = "the option rflow.python", path = \() as_program(getOption("rflow.python"))),
    list(name = "PYFLOW_PYTHON", path = \() as_program(Sys.getenv("PYFLOW_PYTHON"))),
    list(name = "RETICULATE_PYTHON", path = \() as_program(Sys.getenv("RETICULATE_PYTHON"))),
    list(name = "the folder .venv", path = \() venv_python(getwd())),
    list(name = "PATH", path = \() as_program(unname(Sys.which("python3"))))
  )
}

# A path as it can be executed: a bare name is looked up on PATH, and an empty one is none.
as_program <- function(path) {
  if (is.null(path) || !nzchar(path)) return(NULL)
  if (grepl("/", path, fixed = TRUE)) return(path.expand(path))
  found <- unname(Sys.which(path))
  if (nzchar(found)) found else path
}

# .venv/bin/python in `folder` or the nearest folder above it.
venv_python <- function(folder) {
  repeat {
    path <- file.path(folder, ".venv", "bin", "python")
    if (file.exists(path)) return(path)
    if (dirname(folder) == folder) return(NULL)
    folder <- dirname(folder)
  }
}

# Python says itself that it has no pyflow, before anything is imported, so that no second process is needed to ask.
bootstrap <- paste(
  "import importlib.util, runpy, sys",
  "if importlib.util.find_spec('pyflow') is None: sys.exit(sys.argv.pop(1))",
  "del sys.argv[1]",
  "runpy.run_module('pyflow.cli.handover', run_name='__main__', alter_sys=True)",
  sep = "\n"
)

# Program and arguments that carry out `args` (text) on a graph that stands open as `descriptor`. `prog` is how the
# command line is called in messages.
python_command <- function(args, descriptor, prog) {
  python <- find_python()
  missing <- paste0("rflow: ", python, " has no package pyflow.\n", python_hint)
  c(python, "-c", bootstrap, missing, "--graph-fd", descriptor, "--prog", prog, "--", args)
}

# Make this process's environment that of the Python it starts; returns the variables as they were. R processes that Python
# starts find packages where this one does, also where .libPaths() was set by a call. The folders that R's own start
# script puts into LD_LIBRARY_PATH are taken out: Python would find the system's libpython there in place of its own.
share_environment <- function() {
  before <- Sys.getenv(c("R_LIBS", "LD_LIBRARY_PATH"))
  Sys.setenv(
    R_LIBS = paste(.libPaths(), collapse = .Platform$path.sep),
    LD_LIBRARY_PATH = without_r_folders(before[["LD_LIBRARY_PATH"]])
  )
  as.list(before)
}

without_r_folders <- function(path, script = file.path(R.home("etc"), "ldpaths")) {
  if (!nzchar(path) || !file.exists(script)) return(path)
  command <- paste("unset LD_LIBRARY_PATH; .", shQuote(script), "&& printf %s \"$LD_LIBRARY_PATH\"")
  added <- paste(system(command, intern = TRUE), collapse = "")
  if (startsWith(path, added)) sub("^:", "", substring(path, nchar(added) + 1)) else path
}

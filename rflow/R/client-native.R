# Objects of Python in an interactive session: opened only on request, by reticulate, and never converted.

#' Open an object of Python
#'
#' An artifact that only Python can hold (a fitted model, an object of a class) arrives in R as a proxy, which shows the
#' class, the size and a preview, and can be passed on. `open_native()` opens it with reticulate, in the Python of this R
#' session: for looking at it interactively. A step of R never does; let a step of Python do what needs the object.
#'
#' Opening an object runs code that its artifact names. Open only what comes from a store that you trust.
#'
#' @param x A proxy, or an artifact of the client (`task$artifacts$model`).
#' @returns The Python object as reticulate gives it. What its methods return is not converted: `reticulate::py_to_r()`
#'   does that.
#' @section Errors: `rflow_error_native_unreadable` for what is no object of Python or cannot be opened there,
#'   `rflow_error_python_missing` if no Python with the package pyflow is found.
#' @examples
#' \dontrun{
#' model <- open_native(flow_client("TrainFlow")$latest_run$data$model)
#' reticulate::py_to_r(model$predict(list(list(1, 2))))
#' }
#' @export
open_native <- function(x) {
  if (!is.null(the$task)) {
    abort_rflow(
      "open_native() is for interactive sessions: a step of R never runs Python in its process.", "native_unreadable",
      "Do what needs the object in a step of Python, and store the result as data."
    )
  }
  if (inherits(x, "rflow_client_artifact")) {
    path <- bridge_ask("layout", digest = field(x, "row")$digest)$path
    return(python_value("pyflow.codec", \(module) module$PythonCodec()$decode(python_path(path))))
  }
  if (!inherits(x, "rflow_native_proxy") || !identical(x$language, "python")) {
    abort_rflow(
      paste0("open_native() needs an object of Python or an artifact of the client, not ", describe_value(x), "."),
      "native_unreadable", "R reads this value without Python: use it as it is."
    )
  }
  python_value("pyflow.codec.native", \(module) module$open_native(python_proxy(module, x)))
}

# The value that `open` gets from a module of pyflow, as a Python object.
python_value <- function(name, open) {
  tryCatch(open(bridge_module(name)), error = function(cnd) {
    if (inherits(cnd, "rflow_error")) stop(cnd)
    text <- sub("^([a-z.]*[.])?[A-Za-z]+Error: ", "", conditionMessage(cnd))
    abort_rflow(
      paste0("Python cannot open the object: ", text), "native_unreadable",
      "It may need a package that this Python has not; options(rflow.python = ) chooses another."
    )
  })
}

python_path <- function(path) reticulate::import("pathlib", convert = FALSE)$Path(path)

python_proxy <- function(module, x) {
  class <- reticulate::tuple(as.list(x$class))
  module$NativeProxy("python", class, as.integer(x$size), x$preview, x$version, reticulate::r_to_py(x$bytes))
}

# The conformance vectors of shared_spec, and Python to compare with: text goes in, text comes out.

vector_cases <- function(area, pattern = "[.]json$") {
  given <- Sys.getenv("PYFLOW_SPEC_DIR")
  folder <- if (nzchar(given)) given else testthat::test_path("..", "..", "..", "shared_spec")
  files <- sort(list.files(file.path(folder, "vectors", area), pattern, full.names = TRUE))
  skip_if(length(files) == 0, "shared_spec is not there: set PYFLOW_SPEC_DIR")
  do.call(c, lapply(files, jsonlite::read_json))
}

# A Python function from text to text, defined by `code`.
python_function <- function(code, name) {
  python <- test_python()
  if (!reticulate::py_available()) start_python(python)
  scope <- reticulate::py_run_string(code, convert = FALSE)
  \(text) reticulate::py_to_r(scope[[name]](text))
}

to_json <- function(x) as.character(jsonlite::toJSON(x, auto_unbox = TRUE, null = "null", digits = NA))

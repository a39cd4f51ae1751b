# The vectors of shared_spec/vectors/artifact: R reads what Python stored, and Python stores what R writes.

artifact_code <- "
import base64, json, tempfile
from pathlib import Path
from pyflow.codec.layout import from_layout, layout_of
from pyflow.spec.errors import PyflowError


def attempt(action):
    try:
        return json.dumps(action())
    except PyflowError as error:
        return json.dumps({'error': error.code, 'message': str(error)})


def layout_text(path):
    return attempt(lambda: layout_of(Path(path)))


def stored_text(text):
    def store():
        encoded = from_layout(json.loads(text))
        path = Path(tempfile.mkdtemp()) / 'stored.arrow'
        path.write_bytes(b''.join(encoded.chunks))
        return layout_of(path)
    return attempt(store)
"

# expect.r is an expression of the value, or the class of R's error where only Python has such a value.
expected_error <- function(case) {
  if (!is.null(case$error)) return(case$error)
  if (isTRUE(startsWith(as.character(case$expect$r), "rflow_error_"))) sub("rflow_error_", "", case$expect$r)
}

# The value of a layout as text, or the code of the error that Python or R reported.
value_or_error <- function(text) {
  layout <- jsonlite::parse_json(text)
  if (!is.null(layout$error)) return(list(error = layout$error))
  tryCatch(list(value = suppressWarnings(values_read(layout))), rflow_error = \(cnd) list(error = cnd$code))
}

expression_value <- function(text) eval(parse(text = text), new.env(parent = globalenv()))

check_case <- function(case, found) {
  error <- expected_error(case)
  if (!is.null(error)) return(expect(identical(found$error, error), paste0(case$id, ": ", found$error)))
  if (is.null(case$expect$r) || "python-only" %in% case$tags) {
    return(expect(is.null(found$error), paste0(case$id, ": ", found$error)))
  }
  expected <- expression_value(case$expect$r)
  same <- is.null(found$error) && identical(found$value, expected)
  expect(same, paste0(case$id, ": ", found$error, paste(capture.output(str(found$value)), collapse = "\n")))
}

test_that("R reads every artifact of the vectors as the value they say", {
  cases <- Filter(\(case) !is.null(case$input$file), vector_cases("artifact"))
  layout_text <- python_function(artifact_code, "layout_text")
  folder <- Sys.getenv("PYFLOW_SPEC_DIR", testthat::test_path("..", "..", "..", "shared_spec"))
  for (case in cases) {
    path <- file.path(folder, "vectors", "artifact", case$input$file)
    check_case(case, value_or_error(layout_text(path)))
  }
})

test_that("what R writes of the vectors' values is stored by Python and read back", {
  cases <- Filter(\(case) !is.null(case$input$r), vector_cases("artifact"))
  stored_text <- python_function(artifact_code, "stored_text")
  for (case in cases) {
    path <- tempfile()
    found <- tryCatch(
      value_or_error(stored_text(.Call(rflow_json, values_write(expression_value(case$input$r), path)$layout))),
      rflow_error = \(cnd) list(error = cnd$code)
    )
    if (is.null(case$error) && is.null(case$expect$r)) case$expect$r <- case$input$r
    check_case(case, found)
    unlink(path)
  }
})

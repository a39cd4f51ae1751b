# The vectors of shared_spec/vectors/store: R makes the bytes, Python stores them, R finds and reads them.

store_code <- "
import base64, json, tempfile
from pathlib import Path
from pyflow.store import create_root, open_store

store_root = create_root(Path(tempfile.mkdtemp()))


def store_from_r(text):
    store = open_store({'type': 'local', 'root': str(store_root)})
    digest, size = store.put([base64.b64decode(text)])
    return json.dumps({'digest': digest, 'size': size, 'path': str(store.get(digest)), 'root': str(store_root)})
"

vector_bytes <- function(input) {
  if (!is.null(input$counting)) return(as.raw((seq_len(input$counting) - 1) %% 251))
  if (!is.null(input$text)) return(charToRaw(enc2utf8(input$text)))
  jsonlite::base64_dec(input$base64)
}

test_that("a blob has the digest and the place of the vectors, and R reads its bytes", {
  put <- python_function(store_code, "store_from_r")
  cases <- vector_cases("store")
  expect_gt(length(cases), 20)
  root <- NULL
  for (case in cases) {
    bytes <- vector_bytes(case$input)
    found <- jsonlite::fromJSON(put(jsonlite::base64_enc(bytes)))
    root <- found$root
    expect_equal(length(bytes), case$expect$size, info = case$id)
    expect_equal(found[c("digest", "size")], case$expect[c("digest", "size")], info = case$id)
    path <- file.path(found$root, case$expect$path)
    expect_equal(normalizePath(found$path), normalizePath(path), info = case$id)
    expect_identical(readBin(path, "raw", file.size(path)), bytes, info = case$id)
  }
  unlink(dirname(root), recursive = TRUE)
})

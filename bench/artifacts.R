# The R side of the artifact benchmark: reads a request a line and answers with seconds, as artifact_worker.py does. rflow,
# and what it is compared with: saveRDS, nanoarrow (Arrow's C interface, from pyarrow in this process), reticulate.
suppressWarnings(suppressPackageStartupMessages({
  library(rflow)
  library(reticulate)
}))
input <- file("stdin", "r")
state <- new.env()
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))

layout_in <- function(folder) jsonlite::fromJSON(file.path(folder, "layout.json"), simplifyVector = FALSE)

rflow_read <- function(folder) rflow:::values_read(layout_in(folder))

rflow_write <- function(folder) {
  written <- rflow:::values_write(state$value, file.path(folder, "scratch"))
  writeLines(rflow:::wire_text(written$layout), file.path(folder, "back.json"))
}

rds_write <- function(folder) saveRDS(state$value, file.path(folder, "rds"), compress = FALSE)
rds_read <- function(folder) readRDS(file.path(folder, "rds"))

# The stored table, its buffers mapped: what follows is nanoarrow's work alone.
arrow_open <- function(folder) {
  pyarrow <- import("pyarrow", convert = FALSE)
  state$arrow <- pyarrow$ipc$open_file(pyarrow$memory_map(layout_in(folder)$path))$read_all()
  # It is told what the columns are: factors and times would arrive as something else.
  state$prototype <- rflow_read(folder)[0, , drop = FALSE]
}

nanoarrow_read <- function(folder) {
  stream <- nanoarrow::nanoarrow_allocate_array_stream()
  address <- py_eval(nanoarrow::nanoarrow_pointer_addr_chr(stream), convert = FALSE)
  state$arrow$to_reader()$`_export_to_c`(address)
  nanoarrow::convert_array_stream(stream, to = state$prototype)
}

nanoarrow_write <- function(folder) nanoarrow::as_nanoarrow_array_stream(state$value)$get_next()

pandas_make <- function(request) {
  sys <- import("sys")
  sys$path <- c(here, sys$path)
  state$pandas <- import("tables", convert = FALSE)$make(request$shape, as.integer(request$size), nullable = FALSE)
}

reticulate_read <- function(folder) state$converted <- py_to_r(state$pandas)
reticulate_write <- function(folder) r_to_py(state$converted)

ways <- list(
  rflow = list(read = rflow_read, write = rflow_write), rds = list(read = rds_read, write = rds_write),
  nanoarrow = list(read = nanoarrow_read, write = nanoarrow_write),
  reticulate = list(read = reticulate_read, write = reticulate_write)
)

move <- function(request) {
  action <- ways[[request$how]][[request$op]]
  gc(full = TRUE)
  if (isTRUE(request$warm)) action(request$folder)
  gc(full = TRUE)
  spent <- system.time(found <- action(request$folder), gcFirst = FALSE)
  # What is written is R's own: plain vectors, every string made.
  if (request$op == "read" && request$how == "rflow") state$value <- found[seq_len(nrow(found)), , drop = FALSE]
  list(wall = spent[["elapsed"]], cpu = spent[["user.self"]] + spent[["sys.self"]])
}

answer <- function(request) {
  switch(request$op,
    open = { arrow_open(request$folder); list(ok = TRUE) },
    make = { pandas_make(request); list(ok = TRUE) },
    move(request)
  )
}

while (length(line <- readLines(input, n = 1))) {
  found <- tryCatch(answer(jsonlite::fromJSON(line)), error = function(cnd) {
    list(error = strsplit(conditionMessage(cnd), "\n")[[1]][1])
  })
  cat(jsonlite::toJSON(found, auto_unbox = TRUE, digits = NA), "\n", sep = "")
  flush(stdout())
}

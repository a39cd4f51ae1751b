# A process that reads artifacts, says what it sees, and writes them again. Arguments: the library that has rflow, and
# this folder. One JSON request a line on standard input, one JSON answer a line on standard output.
#
# pass:    a layout is read, described and written again
# read:    a layout is read, and every value in it looked at
# make:    a value is made from a seed or an expression, described and written; it is kept
# compare: a layout is read, described and compared with the value that was kept
arguments <- commandArgs(TRUE)
library(rflow, lib.loc = arguments[[1]])
suppressPackageStartupMessages(library(Matrix))
source(file.path(arguments[[2]], "describe.R"))
source(file.path(arguments[[2]], "generate.R"))
kept <- new.env()

# The value of an expression, and the codes of the announcements and the error that it made.
watch <- function(expression) {
  codes <- character()
  coded <- \(cnd, kind) sub(paste0("rflow_", kind, "_"), "", grep(paste0("^rflow_", kind, "_"), class(cnd), value = TRUE)[1])
  result <- tryCatch(
    withCallingHandlers(list(value = expression), warning = function(cnd) {
      codes <<- c(codes, if (inherits(cnd, "rflow_warning")) coded(cnd, "warning") else conditionMessage(cnd))
      invokeRestart("muffleWarning")
    }),
    error = \(cnd) list(error = list(code = coded(cnd, "error"), message = conditionMessage(cnd)))
  )
  c(result, list(announced = I(codes)))
}

write_value <- function(x, scratch) {
  found <- watch(rflow:::values_write(x, scratch))
  if (!is.null(found$error)) return(found["error"])
  written <- found$value
  c(written$layout, list(type = written$type, preview = written$preview, warnings = I(c(written$warnings, found$announced))))
}

answer <- function(request) {
  if (request$op == "make") {
    kept$value <- if (is.null(request$code)) generate(request$seed) else eval(parse(text = request$code), new.env())
    return(list(seen = describe(kept$value), written = write_value(kept$value, request$scratch)))
  }
  found <- watch(rflow:::values_read(request$layout))
  if (!is.null(found$error)) return(found[c("error", "announced")])
  value <- found$value
  # Writing it anywhere looks at every part, whatever it is.
  if (request$op == "read") return(list(bytes = length(serialize(value, NULL)), announced = found$announced))
  if (request$op == "pass") {
    return(list(seen = describe(value), announced = found$announced, written = write_value(value, request$scratch)))
  }
  list(seen = describe(value), announced = found$announced, identical = same(kept$value, value))
}

# Identical, but for data.table's pointer, which is made anew, and what has an environment, which is a copy.
same <- function(x, y) {
  if (inherits(x, "data.table")) return(identical(class(x), class(y)) && isTRUE(all.equal(x, y)))
  if (is.function(x) || inherits(x, "lm")) return(isTRUE(all.equal(x, y)))
  if (!is.list(x) || !is.list(y) || inherits(x, "POSIXlt")) return(identical(x, y))
  alike <- length(x) == length(y) && identical(attributes(x), attributes(y))
  alike && all(vapply(seq_along(x), \(i) same(.subset2(x, i), .subset2(y, i)), NA))
}

input <- file("stdin", "r")
while (length(line <- readLines(input, 1L, encoding = "UTF-8", warn = FALSE))) {
  reply <- tryCatch(answer(jsonlite::fromJSON(line, simplifyVector = FALSE)), error = \(cnd) {
    list(fault = conditionMessage(cnd))
  })
  writeLines(unclass(jsonlite::toJSON(reply, auto_unbox = TRUE, null = "null", na = "null", digits = NA)), useBytes = TRUE)
  flush(stdout())
}

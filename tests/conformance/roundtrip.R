# One R process for many values. Arguments: `write` or `read`, the folder, and the library that has rflow.
#
# write: evaluates each expression of values.json and leaves its layout and scratch file in the folder.
# read:  reads the layouts that Python made of them and says, by id, whether the values are identical.
arguments <- commandArgs(TRUE)
folder <- arguments[[2]]
library(rflow, lib.loc = arguments[[3]])
values <- jsonlite::fromJSON(file.path(folder, "values.json"), simplifyVector = FALSE)

write_all <- function() {
  for (id in names(values)) {
    value <- eval(parse(text = values[[id]]), new.env())
    written <- rflow:::values_write(value, file.path(folder, paste0(id, ".scratch")))
    message <- c(written$layout, list(type = written$type, preview = written$preview, warnings = as.list(written$warnings)))
    writeLines(.Call(rflow:::rflow_json, message), file.path(folder, paste0(id, ".written")), useBytes = TRUE)
  }
}

# The same to R: identical. A data.table has a pointer that is made anew, and what holds an environment holds a copy of
# it, which is the same if it is written the same way.
same <- function(x, y) {
  if (identical(x, y)) return(TRUE)
  if (is(x, "envRefClass")) return(same_fields(x, y))
  if (is.expression(x)) return(identical(`attributes<-`(x, NULL), `attributes<-`(y, NULL)) && length(getSrcref(y)) == length(x))
  if (inherits(x, "data.table")) return(identical(plain(x), plain(y)) && identical(by_reference(x), by_reference(y)))
  if (is.list(x) && is.list(y) && !is.object(x)) return(identical(names(x), names(y)) && all(mapply(same, x, y)))
  written <- \(value) serialize(value, NULL, version = 3L)
  identical(written(x), written(y)) || isTRUE(all.equal(x, y)) && identical(class(x), class(y)) && holds_environment(x)
}

same_fields <- function(x, y) {
  names <- names(x$getRefClass()$fields())
  identical(class(x), class(y)) && identical(lapply(names, x$field), lapply(names, y$field))
}

plain <- function(x) {
  attributes(x)[c(".internal.selfref", "row.names")] <- NULL
  lapply(unclass(x), \(column) if (is.list(column)) lapply(column, \(item) if (is.list(item)) plain(item) else item) else column)
}

# A column can be added by reference only if the pointer is right.
by_reference <- function(x) {
  x <- data.table::copy(x)
  list(attributes(x)[c("sorted", "index")], class(x), data.table::truelength(x) > length(x))
}

holds_environment <- function(x) {
  is.function(x) || is.environment(x) || inherits(x, c("formula", "lm", "nls", "loess", "summary.lm", "data.frame")) || isS4(x)
}

compare <- function(id, ending) {
  path <- file.path(folder, paste0(id, ending))
  if (!file.exists(path)) return("not there")
  layout <- jsonlite::fromJSON(path, simplifyVector = FALSE)
  tryCatch(
    {
      expected <- eval(parse(text = values[[id]]), new.env())
      found <- suppressWarnings(rflow:::values_read(layout))
      if (same(expected, found)) "same" else paste(utils::capture.output(utils::str(found)), collapse = "\n")
    },
    error = \(cnd) paste("error:", conditionMessage(cnd))
  )
}

read_all <- function() {
  results <- lapply(names(values), \(id) list(stored = compare(id, ".stored"), through = compare(id, ".through")))
  names(results) <- names(values)
  writeLines(jsonlite::toJSON(results, auto_unbox = TRUE), file.path(folder, "results.json"), useBytes = TRUE)
}

if (arguments[[1]] == "write") write_all() else read_all()

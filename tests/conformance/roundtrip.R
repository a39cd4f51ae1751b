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
    message <- c(written$layout, list(type = written$type, preview = written$preview))
    writeLines(.Call(rflow:::rflow_json, message), file.path(folder, paste0(id, ".written")), useBytes = TRUE)
  }
}

# The same to R, but for data.table's pointer, which is made anew, and environments, which are copies.
same <- function(x, y) {
  if (inherits(x, "data.table")) return(identical(attr(x, "class"), attr(y, "class")) && isTRUE(all.equal(x, y)))
  if (inherits(x, c("lm", "R6")) || is.function(x)) return(isTRUE(all.equal(x, y)))
  identical(x, y)
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

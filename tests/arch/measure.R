# Prints JSON about the R files named on the command line: the length of each function, where each name that is
# assigned at top level is defined, and which of these names each file calls.

measure_file <- function(path) {
  data <- utils::getParseData(parse(path, keep.source = TRUE))
  heads <- data[data$token %in% c("FUNCTION", "'\\\\'"), ]
  bodies <- data[match(heads$parent, data$id), ]
  calls <- data$text[data$token == "SYMBOL_FUNCTION_CALL"]
  list(
    functions = data.frame(
      file = rep(basename(path), nrow(bodies)), line = bodies$line1, lines = bodies$line2 - bodies$line1 + 1L
    ),
    defines = data.frame(name = defined(path), file = basename(path)),
    calls = data.frame(name = unique(calls), file = rep(basename(path), length(unique(calls))))
  )
}

defined <- function(path) {
  is_assignment <- \(e) is.call(e) && as.character(e[[1]]) %in% c("<-", "=") && is.name(e[[2]])
  found <- vapply(Filter(is_assignment, as.list(parse(path))), \(e) as.character(e[[2]]), "")
  if (length(found)) found else character()
}

bind <- function(files, part) do.call(rbind, lapply(files, `[[`, part))

files <- lapply(commandArgs(trailingOnly = TRUE), measure_file)
parts <- c("functions", "defines", "calls")
cat(jsonlite::toJSON(stats::setNames(lapply(parts, \(part) bind(files, part)), parts)))

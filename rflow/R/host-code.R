# The run's own copy of the user's files: what is loaded comes from the copy, and says that it is the original. What is
# edited while a run goes on changes nothing then, and errors show the files and lines that the user knows.
# `the$code` is list(folder, copy), or NULL where the originals are used (shared_spec/store.md, section 4).

# Load the user's files from the copy that `code` names from here on.
use_copies <- function(code) {
  the$code <- code[c("folder", "copy")]
  if (is.null(the$code$copy)) {
    the$code <- NULL
    return(invisible())
  }
  # source() in a file or step reads the copy too. The functions lie on the search path in front of base's, so that those
  # that sourced code calls are found as well. Only hosts do this: it is their own process.
  place <- attach(NULL, pos = 2L, name = "rflow:code", warn.conflicts = FALSE)
  list2env(copy_readers(), place)
  invisible()
}

# Where the copy of the file `path` is, or NULL if there is none.
code_copy <- function(path) {
  if (is.null(the$code) || !is.character(path) || length(path) != 1 || is.na(path)) return(NULL)
  name <- member_name(normalizePath(path, winslash = "/", mustWork = FALSE), the$code$folder)
  place <- file.path(the$code$copy, name)
  if (file.exists(place) && !dir.exists(place)) place
}

# The name of a file in the package of `folder`: "_outside/1/lib/x.R" for /a/lib/x.R in that of /a/flows.
member_name <- function(path, folder) {
  parts <- strsplit(path, "/", fixed = TRUE)[[1]]
  base <- strsplit(sub("/+$", "", folder), "/", fixed = TRUE)[[1]]
  length <- min(length(parts), length(base))
  differs <- which(parts[seq_len(length)] != base[seq_len(length)])
  common <- if (length(differs)) differs[1] - 1 else length
  above <- length(base) - common
  rest <- parts[-seq_len(common)]
  paste(c(if (above) c("_outside", above), rest), collapse = "/")
}

# Parse a file of the user: the copy, if there is one, with source references to the original.
parse_file <- function(file) {
  copy <- code_copy(file)
  if (is.null(copy)) return(parse(file, keep.source = TRUE, encoding = "UTF-8"))
  lines <- readLines(copy, warn = FALSE, encoding = "UTF-8")
  parse(text = lines, keep.source = TRUE, encoding = "UTF-8", srcfile = srcfilecopy(file, lines, isFile = TRUE))
}

# source() and sys.source() that read the copy of a file that has one. They are not functions of this package's namespace:
# a traceback shows what they evaluate as the user's.
copy_readers <- function() {
  place <- list2env(
    list(code_copy = code_copy, parse_file = parse_file, original_path = original_path), parent = baseenv()
  )
  readers <- list(source = source_copy, sys.source = sys_source_copy)
  lapply(readers, \(fn) `environment<-`(fn, place))
}

source_copy <- function(file, local = FALSE, ..., chdir = FALSE) {
  envir <- if (isTRUE(local)) parent.frame() else if (is.environment(local)) local else globalenv()
  if (missing(file)) return(base::source(local = envir, ...))
  if (is.null(code_copy(file))) return(base::source(file, local = envir, ..., chdir = chdir))
  expressions <- parse_file(original_path(file))
  if (isTRUE(chdir)) {
    before <- setwd(dirname(original_path(file)))
    on.exit(setwd(before))
  }
  if (any(c("echo", "print.eval", "verbose") %in% ...names())) {
    return(base::source(exprs = expressions, local = envir, ...))
  }
  value <- NULL
  for (i in seq_along(expressions)) value <- withVisible(eval(expressions[[i]], envir))
  invisible(value)
}

sys_source_copy <- function(file, envir = baseenv(), chdir = FALSE, ...) {
  if (is.null(code_copy(file))) return(base::sys.source(file, envir, chdir, ...))
  expressions <- parse_file(original_path(file))
  if (isTRUE(chdir)) {
    before <- setwd(dirname(original_path(file)))
    on.exit(setwd(before))
  }
  for (i in seq_along(expressions)) eval(expressions[[i]], envir)
  invisible()
}

original_path <- function(file) normalizePath(file, winslash = "/", mustWork = FALSE)

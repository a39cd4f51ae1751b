# Errors of user code as the fields of a task error (shared_spec/task.md, section 3).

# Evaluate `code`; NULL if it went well, else the error's fields. `place` is told when the error's own is not known.
host_guard <- function(code, place = NULL) {
  seen <- new.env(parent = emptyenv())
  note <- function(cnd) {
    frames <- sys.nframe()
    seen$trace <- tryCatch(host_trace(frames), error = \(e) NULL)
  }
  failed <- function(cnd) {
    if (is.null(seen$trace$place)) seen$trace$place <- place
    describe_condition(cnd, seen$trace)
  }
  tryCatch(
    {
      withCallingHandlers(code, error = note, interrupt = note)
      NULL
    },
    error = failed, interrupt = failed
  )
}

# Call a function of the user so that its frames can be told from ours, and so that its call reads as the user would
# write it: `name(self)`.
call_user <- function(fn, name, arguments) {
  place <- list2env(arguments, new.env(parent = baseenv()))
  assign(name, fn, envir = place)
  call <- as.call(lapply(c(name, names(arguments)), as.name))
  run <- function() NULL
  body(run) <- call("host_user_frame", call)
  environment(run) <- list2env(list(host_user_frame = host_user_frame), place)
  run()
  invisible()
}

# Marks where the user's frames begin.
host_user_frame <- function(code) {
  code
  invisible()
}

# The user's calls outside of frame `last`, which is the handler's: a list of calls with their srcrefs, and the
# innermost place. From the first function of ours on, down to stop(), the calls are not the user's; where it stands is.
host_trace <- function(last) {
  calls <- sys.calls()[seq_len(last)]
  functions <- lapply(seq_along(calls), sys.function)
  marks <- which(vapply(functions, is_user_mark, NA))
  if (length(marks) == 0) return(list())
  user <- seq_along(calls) > marks[1]
  end <- min(which(user & vapply(functions, is_framework, NA)))
  shown <- user & seq_along(calls) < end & !vapply(calls, is_plumbing, NA)
  place <- last_place(calls[user & seq_along(calls) <= end])
  list(calls = calls[shown], place = if (is.null(place)) file_place(functions) else place)
}

# The user's frames begin inside of these.
is_user_mark <- function(fn) identical(fn, host_user_frame) || identical(fn, evaluate_file)

is_framework <- function(fn) identical(topenv(environment(fn)), topenv())

# Calls that R and rlang make between an error and its handlers, inside of tryCatch(), for `self$x <- value`, and those
# of evaluate_file().
is_plumbing <- function(call) {
  head <- call[[1]]
  if (is.function(head) || identical(call, quote(h(simpleError(msg, call))))) return(TRUE)
  if (length(call) > 1 && as.character(call[2]) %in% c("*tmp*", "expressions[[i]]")) return(TRUE)
  as.character(head)[1] %in% c(
    ".handleSimpleError", "signal_abort", "signalCondition", "withVisible", "doTryCatch", "tryCatchList",
    "tryCatchOne", "withOneRestart", "doWithOneRestart"
  )
}

# The place of the innermost call that has one: list(file, line) or NULL.
last_place <- function(calls) {
  for (call in rev(calls)) {
    place <- call_place(call)
    if (!is.null(place)) return(place)
  }
  NULL
}

# Where evaluate_file() is in its file.
file_place <- function(functions) {
  frame <- which(vapply(functions, identical, NA, evaluate_file))
  if (length(frame)) srcref_place(sys.frame(frame[length(frame)])$srcref)
}

call_place <- function(call) srcref_place(attr(call, "srcref"))

srcref_place <- function(srcref) {
  if (is.null(srcref)) return(NULL)
  source <- attr(srcref, "srcfile")
  if (is.null(source$filename) || !nzchar(source$filename) || source$filename == "<text>") return(NULL)
  file <- source$filename
  if (!grepl("^/", file) && !is.null(source$wd)) file <- file.path(source$wd, file)
  list(file = file, line = as.integer(srcref)[1])
}

# All fields of the error. `trace` is what host_trace() saw, or NULL: R calls no handler when its stack is full.
describe_condition <- function(cnd, trace = NULL) {
  message <- condition_text(cnd)
  call <- conditionCall(cnd)
  shown <- if (is.null(call)) "" else call_text(call)
  place <- trace$place
  list(
    type = class(cnd)[1], message = message, language = "r", call = shown, file = place$file, line = place$line,
    code = if (inherits(cnd, "rflow_error")) cnd$code else "step_failed", retry = TRUE,
    traceback = paste(c(headline(message, shown, place), calls_text(trace$calls)), collapse = "\n")
  )
}

condition_text <- function(cnd) {
  if (inherits(cnd, "interrupt")) return("interrupted")
  paste(conditionMessage(cnd), collapse = "\n")
}

headline <- function(message, call, place) {
  where <- if (!is.null(place)) paste(" at", place_text(place))
  begin <- paste0("Error", if (nzchar(call)) paste(" in", call), where, ":")
  long <- grepl("\n", message, fixed = TRUE) || nchar(begin) + nchar(message) > 119
  paste0(begin, if (long) "\n  " else " ", gsub("\n", "\n  ", message, fixed = TRUE))
}

place_text <- function(place) paste0(basename(place$file), ":", place$line)

# The calls from the outside in, each with the place where it stands. The middle of a deep recursion is left out.
calls_text <- function(calls) {
  if (length(calls) == 0) return(NULL)
  left_out <- length(calls) - 20
  if (left_out > 1) calls <- calls[c(1:10, length(calls) - 9:0)]
  text <- vapply(calls, call_text, "")
  where <- vapply(calls, \(call) paste(" at", place_text_or_none(call_place(call))), "")
  lines <- sub(" at $", "", paste0("  ", text, where))
  if (left_out > 1) lines <- append(lines, paste0("  ... ", left_out, " calls ..."), 10)
  c("Calls, the innermost last:", lines)
}

place_text_or_none <- function(place) if (is.null(place)) "" else place_text(place)

# A call on one line; what is long (data that stands in a call of do.call()) is cut.
call_text <- function(call) {
  lines <- tryCatch(deparse(call, width.cutoff = 100, nlines = 2), error = \(e) "<call>")
  text <- lines[1]
  if (length(lines) > 1 || nchar(text) > 100) paste0(substr(text, 1, 96), " ...") else text
}

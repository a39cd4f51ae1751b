# Conditions of rflow. All errors have the class rflow_error, and rflow_error_<code> with the code that the
# specification or the Python package gives to the same mistake.

# Raise an error. `message` says what was wrong, with the name and value; `hint` what to do about it.
# `call` is shown by R before the message; NULL (the default) shows none.
abort_rflow <- function(message, code, hint = NULL, call = NULL) {
  stop(new_rflow_error(message, code, hint, call))
}

# The condition that abort_rflow() raises: fields message, hint, code and call.
new_rflow_error <- function(message, code, hint = NULL, call = NULL) {
  hint <- if (is.null(hint) || !nzchar(hint)) NULL else hint
  structure(
    class = c(paste0("rflow_error_", code), "rflow_error", "error", "condition"),
    list(message = message, call = call, code = code, hint = hint)
  )
}

# The message followed by the hint, so that R's own error display and try() show both.
#' @export
conditionMessage.rflow_error <- function(c) paste(c(c$message, c$hint), collapse = "\n")

# Raise a warning of class rflow_warning_<code>.
warn_rflow <- function(message, code, call = NULL) {
  warning(structure(
    class = c(paste0("rflow_warning_", code), "rflow_warning", "warning", "condition"),
    list(message = message, call = call, code = code)
  ))
}

# The nearest of `choices` to `name`, or NULL when none is near enough to be a slip of the fingers.
nearest_name <- function(name, choices) {
  if (length(choices) == 0) return(NULL)
  distance <- utils::adist(name, choices, ignore.case = TRUE)[1, ]
  best <- which.min(distance)
  allowed <- if (nchar(name) < 4) 1 else max(2, nchar(name) %/% 3)
  if (distance[best] <= allowed) choices[best] else NULL
}

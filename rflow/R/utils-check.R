# Checks of arguments at exported functions. Each names the function, the argument and what was given.
# `what` is how the message begins, for example "parameter `alpha`: `help`". What a config_expr() stands for is not known
# yet; the checker of the graph looks at it.

check_text <- function(x, what, optional = FALSE, empty = FALSE) {
  if (optional && is.null(x) || inherits(x, "rflow_config_expr")) return(invisible())
  if (is.character(x) && length(x) == 1 && !is.na(x) && (empty || nzchar(x))) return(invisible())
  abort_argument(what, if (optional) "a text or NULL" else "a text", x)
}

check_flag <- function(x, what) {
  if (inherits(x, "rflow_config_expr") || is.logical(x) && length(x) == 1 && !is.na(x)) return(invisible())
  abort_argument(what, "TRUE or FALSE", x)
}

check_number <- function(x, what) {
  if (inherits(x, "rflow_config_expr") || is.numeric(x) && length(x) == 1 && is.finite(x)) return(invisible())
  abort_argument(what, "a number", x)
}

check_flow <- function(x, what) {
  if (inherits(x, "rflow_flow")) return(invisible())
  abort_rflow(
    paste0(what, " needs a flow first, not ", describe_value(x), "."), "definition",
    "Pipe the flow into it: flow(\"MyFlow\") |> step(\"start\", ...) |> run()"
  )
}

abort_argument <- function(what, expected, x) {
  abort_rflow(paste0(what, " must be ", expected, ", not ", describe_value(x), "."), "definition")
}

# The arguments in `...` as they were written, checked for a comma too many. `what` names the function.
check_dots <- function(dots, what) {
  empty <- vapply(dots, identical, NA, quote(expr = ))
  if (!any(empty)) return(invisible())
  abort_rflow(
    paste0(what, ": an argument is empty."), "definition", "There is a comma too many; remove it."
  )
}

# A value in a few words, for messages: the text "a", the number 3, a data.frame.
describe_value <- function(x) {
  if (is.null(x)) return("NULL")
  if (is.function(x)) return("a function")
  if (is.object(x)) return(paste("an object of class", class(x)[1]))
  kind <- switch(typeof(x), character = "text", double = , integer = "number", logical = "logical", typeof(x))
  if (!is.atomic(x)) return(paste0("a ", kind, if (is.list(x)) paste(" of length", length(x))))
  if (length(x) != 1) return(paste0("a ", kind, " vector of length ", length(x)))
  if (kind == "logical") return(as.character(x))
  paste("the", kind, encodeString(as.character(x), quote = if (is.character(x)) "\"" else ""))
}

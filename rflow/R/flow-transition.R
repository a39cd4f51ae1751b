# What follows a step: the arguments of step() as the transition of the graph (shared_spec/graph.md, section 1).

# `what` names the step in messages. Returns the transition as it stands in the graph's JSON.
new_transition <- function(what, next_step, foreach = NULL, num_parallel = NULL, condition = NULL) {
  check_text(foreach, paste0(what, "`foreach`"), optional = TRUE)
  check_text(condition, paste0(what, "`condition`"), optional = TRUE)
  check_num_parallel(num_parallel, what)
  if (!is.null(condition) || is.list(next_step)) return(new_switch(what, next_step, condition, foreach, num_parallel))
  if (!is.null(next_step) && !is_step_names(next_step)) {
    abort_argument(paste0(what, "`next_step`"), "the name of a step, or several", next_step)
  }
  next_step <- unname(next_step)
  given <- list(foreach = foreach, num_parallel = num_parallel)
  given <- given[!vapply(given, is.null, NA)]
  if (length(given) > 1) abort_rflow(paste0(what, "`foreach` and `num_parallel` cannot be combined."), "definition",
    "Fan out in one step and start the gang in the next one.")
  if (length(given) == 1 && length(next_step) != 1) {
    abort_rflow(paste0(what, "`", names(given), "` leads to one step, not ", length(next_step), "."), "definition",
      "Give one `next_step`; it may branch itself.")
  }
  kind <- if (!is.null(foreach)) "foreach" else if (!is.null(num_parallel)) "parallel"
  if (is.null(kind)) kind <- c("end", "linear", "branch")[min(length(next_step), 2) + 1]
  c(list(kind = kind, targets = I(as.character(next_step))), given)
}

is_step_names <- function(x) is.character(x) && length(x) > 0 && !anyNA(x) && all(nzchar(x))

# A whole number of tasks, or the artifact that holds it. That it is above zero is a rule of the checker.
check_num_parallel <- function(value, what) {
  text <- is.character(value) && length(value) == 1 && !is.na(value) && nzchar(value)
  number <- is.numeric(value) && length(value) == 1 && is.finite(value) && value == trunc(value)
  if (is.null(value) || text || number) return(invisible())
  abort_argument(paste0(what, "`num_parallel`"), "a whole number of tasks, or the name of the artifact that holds it", value)
}

# next_step = list(small = "a", large = "b"), condition = "size": the step named by the value of artifact `size`.
new_switch <- function(what, next_step, condition, foreach, num_parallel) {
  example <- "For example: next_step = list(small = \"a\", large = \"b\"), condition = \"size\""
  if (is.null(condition)) abort_rflow(paste0(what, "`next_step` has cases, but there is no `condition`."), "definition", example)
  other <- c(if (!is.null(foreach)) "foreach", if (!is.null(num_parallel)) "num_parallel")
  if (length(other)) {
    abort_rflow(paste0(what, "`condition` and `", other[1], "` cannot be combined."), "definition",
      "Choose in one step and fan out in the next one.")
  }
  cases <- as.list(next_step)
  single <- vapply(cases, \(x) is_step_names(x) && length(x) == 1, NA)
  if (length(cases) == 0 || !all(single)) {
    abort_argument(paste0(what, "`next_step`"), "a list with the name of a step for each value of `condition`", next_step)
  }
  if (is.null(names(cases)) || !all(nzchar(names(cases)))) {
    abort_rflow(paste0(what, "each case in `next_step` needs the value for which it is chosen, as its name."), "definition",
      example)
  }
  twice <- names(cases)[duplicated(names(cases))]
  if (length(twice)) {
    abort_rflow(paste0(what, "the case `", twice[1], "` stands in `next_step` twice."), "definition", "Leave one of them out.")
  }
  targets <- unique(unlist(cases, use.names = FALSE))
  list(kind = "switch", targets = I(targets), condition = condition, cases = cases)
}

# Where a step leads, in the words of the printed flow.
transition_summary <- function(transition) {
  targets <- paste(transition$targets, collapse = ", ")
  if (transition$kind == "switch") {
    targets <- paste0(names(transition$cases), ": ", unlist(transition$cases), collapse = ", ")
  }
  paste0(
    if (nzchar(targets)) paste0(" ", cli::symbol$arrow_right, " ", targets),
    if (!is.null(transition$foreach)) paste0(" for each of ", transition$foreach),
    if (!is.null(transition$num_parallel)) paste0(", ", transition$num_parallel, " at the same time"),
    if (!is.null(transition$condition)) paste0(" by ", transition$condition)
  )
}

# Note that a step is the first (`mark` is "start") or the last one ("end") whatever its name.
mark_step <- function(flow, mark, name, marked) {
  check_flag(marked, paste0("step `", name, "`: `", mark, "`"))
  if (!marked) return(flow)
  other <- flow$marks[[mark]]
  if (!is.null(other)) {
    abort_rflow(paste0("step `", name, "`: `", mark, " = TRUE` stands at step `", other, "` too."), "definition",
      paste0("A flow has one ", mark, " step: leave out one of the marks."))
  }
  flow$marks[[mark]] <- name
  flow
}

# Names of the first and the last step: as marked, else as said to flow(). The only step of a flow is both.
flow_ends <- function(flow) {
  found <- list(start = flow$start, end = flow$end)
  found[names(flow$marks)] <- flow$marks
  if (length(flow$steps) != 1 || flow$steps[[1]]$transition$kind != "end") return(found)
  list(start = flow$steps[[1]]$name, end = flow$steps[[1]]$name)
}

# The vectors of shared_spec/vectors/graph, asked from R, and written by R's own front end.

check_code <- "
import json
from pyflow.spec.check import check_graph
from pyflow.spec.errors import PyflowError
from pyflow.spec.graph import parse_graph
from pyflow.spec.structure import structure


def check_from_r(text):
    try:
        graph = parse_graph(json.loads(text))
    except PyflowError as error:
        return json.dumps({'codes': [error.code], 'steps': [None]})
    problems = check_graph(graph)
    found = {'codes': [p.code for p in problems], 'steps': [p.where.step for p in problems]}
    if not problems:
        shape = structure(graph)
        splits = {name: list(open_splits) for name, open_splits in shape.open_splits.items()}
        found['structure'] = {'splits': splits, 'closes': dict(shape.closes), 'order': list(shape.order)}
    return json.dumps(found)
"

checker <- function() {
  ask <- python_function(check_code, "check_from_r")
  \(text) jsonlite::fromJSON(ask(text), simplifyVector = FALSE)
}

sorted <- function(x) x[order(names(x))]

expect_structure <- function(found, case) {
  expect_equal(found$codes, list(), info = case$id)
  expect_equal(sorted(found$structure$splits), sorted(case$expect$splits), info = case$id)
  expect_equal(sorted(found$structure$closes), sorted(case$expect$closes), info = case$id)
  expect_equal(found$structure$order, case$expect$order, info = case$id)
}

test_that("a graph means the same when R asks", {
  check <- checker()
  cases <- vector_cases("graph")
  expect_gt(length(cases), 150)
  for (case in cases) {
    found <- check(to_json(case$input))
    if (is.null(case$error)) {
      expect_structure(found, case)
    } else {
      expect_equal(found$codes, case$error, info = case$id)
      expect_equal(found$steps, case$steps, info = case$id)
    }
  }
})

# The flow that R's front end makes for a graph; steps that are not in R have a function in another file.
flow_of_graph <- function(graph) {
  made <- flow(graph$name, doc = graph$doc %||% "", start = graph$start %||% "start", end = graph$end %||% "end")
  for (item in graph$parameters) made <- add_vector_parameter(made, item)
  values <- stats::setNames(as.list(rep(1, length(graph$constants))), unlist(graph$constants))
  if (length(values)) made <- do.call(constant, c(list(made), values))
  for (item in graph$steps) made <- add_vector_step(made, item)
  made
}

add_vector_parameter <- function(made, item) {
  if (item$kind == "file") {
    return(include_file(made, item$name, default = item$default, required = isTRUE(item$required),
      is_text = item$type == "text", encoding = item$encoding %||% "utf-8", help = item$help))
  }
  default <- if (is.null(item$separator)) item$default else unlist(item$default)
  parameter(made, item$name, required = isTRUE(item$required), help = item$help, separator = item$separator,
    default = default, type = item$type)
}

add_vector_step <- function(made, item) {
  fn <- \(self, inputs) NULL
  if (item$language == "python") fn <- py_function(item[["function"]]$file %||% "steps.py", item[["function"]]$name %||% item$name)
  decorators <- lapply(item$decorators, \(x) do.call(decorator, c(list(x$name), x$args)))
  targets <- unlist(item$transition$targets)
  transition <- item$transition
  if (transition$kind == "switch") targets <- transition$cases
  # R knows the size of a gang from its definition or from an artifact.
  if (transition$kind == "parallel" && is.null(transition$num_parallel)) abort_rflow("no size", "definition")
  arguments <- list(next_step = targets, foreach = transition$foreach, join = isTRUE(item$join),
    condition = transition$condition, num_parallel = transition$num_parallel)
  do.call(step, c(list(made, item$name, fn), decorators, Filter(Negate(is.null), arguments)))
}

# What a graph says, without places, texts and keys that have their default.
meaning <- function(graph) {
  steps <- lapply(graph$steps, \(x) list(
    name = x$name, language = x$language, join = isTRUE(x$join), kind = x$transition$kind,
    targets = as.list(x$transition$targets), foreach = x$transition$foreach, condition = x$transition$condition,
    cases = x$transition$cases, num_parallel = x$transition$num_parallel,
    decorators = lapply(x$decorators, \(d) list(name = d$name, args = sorted(as.list(d$args))))
  ))
  parameters <- lapply(graph$parameters, \(x) list(
    name = x$name, kind = x$kind, type = x$type, required = isTRUE(x$required), separator = x$separator,
    default = x$default, help = x$help %||% ""
  ))
  list(
    name = graph$name, start = graph$start %||% "start", end = graph$end %||% "end", steps = steps,
    parameters = parameters, constants = as.list(graph$constants)
  )
}

`%||%` <- function(x, y) if (is.null(x)) y else x

test_that("R's front end can express every good graph", {
  check <- checker()
  cases <- Filter(\(case) !is.null(case$expect), vector_cases("graph", "^good.*[.]json$"))
  expect_gt(length(cases), 30)
  for (case in cases) {
    made <- tryCatch(flow_of_graph(case$input), rflow_error = identity)
    if (inherits(made, "rflow_error")) {
      expect_match(conditionMessage(made), "no size|needs the value")
      next
    }
    text <- graph_json(made)
    expect_equal(meaning(jsonlite::fromJSON(text, simplifyVector = FALSE)), meaning(case$input), info = case$id)
    expect_structure(check(text), case)
  }
})

test_that("what R's front end writes of a bad graph is refused for the same reasons", {
  check <- checker()
  seen <- 0
  for (case in vector_cases("graph", "^(splits|transitions|decorators|ways)[.]json$")) {
    made <- tryCatch(flow_of_graph(case$input), rflow_error = \(e) NULL)
    if (is.null(made)) next
    text <- graph_json(made)
    # Some mistakes cannot be written in R: a branch to one step is a linear transition.
    if (!identical(meaning(jsonlite::fromJSON(text, simplifyVector = FALSE)), meaning(case$input))) next
    seen <- seen + 1
    found <- check(text)
    expect_equal(found$codes, case$error, info = case$id)
    expect_equal(found$steps, case$steps, info = case$id)
  }
  expect_gt(seen, 60)
})

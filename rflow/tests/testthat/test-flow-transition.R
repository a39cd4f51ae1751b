# What follows a step: switches, loops, gangs, and steps that are the first or the last one.

transition_of <- function(...) {
  made <- flow("TestFlow") |> step("start", \(self) NULL, ...)
  graph_list(made)$steps[[1]]$transition
}

refused <- function(...) tryCatch(transition_of(...), rflow_error = conditionMessage)

test_that("a named list of steps and a condition are a switch", {
  expected <- list(
    kind = "switch", targets = I(c("a", "b")), condition = "size", cases = list(small = "a", large = "b", huge = "b")
  )
  expect_identical(
    transition_of(next_step = list(small = "a", large = "b", huge = "b"), condition = "size"), expected
  )
  expect_identical(transition_of(next_step = c(small = "a", large = "b", huge = "b"), condition = "size"), expected)
})

test_that("logicals and numbers are cases by their text", {
  found <- transition_of(next_step = list("TRUE" = "a", "2" = "start"), condition = "go")
  expect_identical(names(found$cases), c("TRUE", "2"))
})

test_that("num_parallel is a number or the name of an artifact", {
  expect_identical(
    transition_of(next_step = "work", num_parallel = 4), list(kind = "parallel", targets = I("work"), num_parallel = 4)
  )
  expect_identical(transition_of(next_step = "work", num_parallel = "n")$num_parallel, "n")
})

test_that("what cannot follow a step is refused with what to write", {
  expect_match(refused(next_step = list(a = "x", b = "y")), "there is no `condition`.*next_step = list")
  expect_match(refused(next_step = list("x", "y"), condition = "kind"), "needs the value for which it is chosen")
  expect_match(refused(next_step = list(a = "x", a = "y"), condition = "kind"), "case `a` stands in `next_step` twice")
  expect_match(refused(next_step = list(a = 1, b = "y"), condition = "kind"), "name of a step for each value")
  expect_match(refused(condition = "kind"), "name of a step for each value")
  expect_match(refused(next_step = list(a = "x", b = "y"), condition = 5), "`condition`")
  expect_match(
    refused(next_step = list(a = "x", b = "y"), condition = "kind", foreach = "xs"),
    "`condition` and `foreach` cannot be combined"
  )
  expect_match(refused(next_step = "x", foreach = "xs", num_parallel = 2), "cannot be combined")
  expect_match(refused(next_step = c("x", "y"), num_parallel = 2), "`num_parallel` leads to one step, not 2")
  expect_match(refused(next_step = "x", num_parallel = 1.5), "a whole number of tasks")
  expect_match(refused(next_step = "x", num_parallel = TRUE), "a whole number of tasks")
})

test_that("marked steps are the first and the last one whatever their names", {
  made <- flow("TestFlow") |>
    step("begin", \(self) NULL, next_step = "finish", start = TRUE) |>
    step("finish", \(self) NULL, end = TRUE)
  expect_identical(graph_list(made)[c("start", "end")], list(start = "begin", end = "finish"))
  expect_error(step(made, "other", \(self) NULL, end = TRUE), "`end = TRUE` stands at step `finish` too")
  expect_error(step(made, "other", \(self) NULL, start = "yes"), "`start`")
})

test_that("the only step of a flow is the first and the last one", {
  made <- flow("TestFlow") |> step("only", \(self) NULL)
  expect_identical(graph_list(made)[c("start", "end")], list(start = "only", end = "only"))
})

test_that("a flow prints what follows each step", {
  made <- flow("TestFlow") |>
    step("start", \(self) NULL, next_step = list(a = "x", b = "start"), condition = "kind") |>
    step("x", \(self) NULL, next_step = "work", num_parallel = 2)
  output <- capture.output(print(made))
  expect_match(output, "start .* a: x, b: start by kind", all = FALSE)
  expect_match(output, "x .* work, 2 at the same time", all = FALSE)
})

test_that("a gang's task has its place in current(), self$index and self$input", {
  task <- new.env()
  task$run <- list(current = list(parallel = list(node_index = 2L, num_nodes = 4L)), foreach = list(index = 7L, has_input = TRUE))
  expect_identical(foreach_index(task), 2L)
  expect_identical(foreach_input(task), 2L)
  values <- current_values(list(tags = list("a", "b"), parallel = list(node_index = 2L)))
  expect_identical(values, list(tags = c("a", "b"), parallel = list(node_index = 2L)))
})

graph_decorators <- function(flow) {
  found <- jsonlite::fromJSON(graph_json(flow), simplifyVector = FALSE)$decorators
  lapply(found, \(x) x[c("name", "args")])
}

test_that("decorators of a flow are given to flow()", {
  done <- function(run) NULL
  flow <- flow("ProjectFlow", project("fraud", production = TRUE), exit_hook(on_success = done, on_error = "failed"))
  expect_equal(graph_decorators(flow), list(
    list(name = "project", args = list(name = "fraud", branch = NULL, production = TRUE)),
    list(name = "exit_hook", args = list(
      on_success = list("done"), on_error = list("failed"), options = structure(list(), names = character())
    ))
  ))
})

test_that("hooks are functions of the file or their names", {
  a <- b <- function() NULL
  names_of <- \(hook) unlist(hook$args$on_success)
  expect_equal(names_of(exit_hook(on_success = a)), "a")
  expect_equal(names_of(exit_hook(on_success = c(a, b))), c("a", "b"))
  expect_equal(names_of(exit_hook(on_success = list(a, "b"))), c("a", "b"))
  expect_equal(names_of(exit_hook(on_success = c("a", "b"))), c("a", "b"))
  expect_null(names_of(exit_hook()))
  expect_error(exit_hook(on_error = \(run) NULL), "without a name", class = "rflow_error_definition")
})

test_that("a decorator of steps, or anything else, is refused by flow()", {
  expect_error(flow("AFlow", project("a"), retry()), "is not a decorator of flows", class = "rflow_error_decorator_unknown")
  expect_error(flow("AFlow", project("a"), 3), "does not take", class = "rflow_error_definition")
  expect_error(project(3), class = "rflow_error_definition")
})

test_that("parameters have choices, several values and flags", {
  flow <- flow("ChoicesFlow") |>
    parameter("mode", choices = c("fast", "slow")) |>
    parameter("level", choices = c(1, 2), default = 1L) |>
    parameter("many", default = 1L, multiple = TRUE) |>
    parameter("verbose", is_flag = TRUE)
  found <- jsonlite::fromJSON(graph_json(flow), simplifyVector = FALSE)$parameters
  expect_equal(found[[1]][c("type", "choices")], list(type = "str", choices = list("fast", "slow")))
  expect_equal(found[[2]][c("type", "choices")], list(type = "int", choices = list(1L, 2L)))
  expect_equal(found[[3]][c("type", "default", "multiple")], list(type = "int", default = list(1L), multiple = TRUE))
  expect_equal(found[[4]][c("type", "default", "is_flag")], list(type = "bool", default = FALSE, is_flag = TRUE))
  expect_error(parameter(flow, "other", choices = list()), class = "rflow_error_definition")
})

test_that("run()'s arguments become options", {
  flow <- flow("OptionsFlow") |> parameter("many", multiple = TRUE) |> parameter("verbose", is_flag = TRUE)
  options <- list(with = c("retry:times=1", "timeout:minutes=2"), max_workers = 4, branch = "b", production = TRUE,
    many = c("x", "y"), verbose = TRUE)
  expect_equal(run_options(flow, options)$args, c(
    "--with=retry:times=1", "--with=timeout:minutes=2", "--max_workers=4", "--branch=b", "--production",
    "--many=x", "--many=y", "--verbose=TRUE"
  ))
})

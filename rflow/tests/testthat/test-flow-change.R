# Functions that look at a flow and give back a changed one.

small <- function() {
  flow("SmallFlow") |>
    parameter("alpha", default = 1) |>
    step("start", \(self) NULL, retry(times = 1), next_step = "end") |>
    step("end", \(self) NULL)
}

times <- function(made, step) step_decorators(made, step)$retry$args$times

test_that("names are told in order", {
  made <- small() |> config("settings", default_value = 1)
  expect_equal(step_names(made), c("start", "end"))
  expect_equal(parameter_names(made), "alpha")
  expect_equal(config_names(made), "settings")
  expect_true(has_decorator(made, "start", "retry"))
  expect_false(has_decorator(made, "end", "retry"))
})

test_that("decorators are added and removed", {
  made <- add_decorator(small(), "end", retry(times = 3))
  expect_equal(times(made, "end"), 3)
  expect_equal(times(add_decorator(made, "start", retry(times = 4)), "start"), 1)
  expect_equal(times(add_decorator(made, "start", retry(times = 4), duplicates = "override"), "start"), 4)
  expect_error(add_decorator(made, "start", retry(), duplicates = "error"), "has the decorator `retry` already",
    class = "rflow_error_decorator_duplicate")
  expect_false(has_decorator(remove_decorator(made, "end", "retry"), "end", "retry"))
  expect_error(add_decorator(made, "strt", retry()), "Did you mean `start`", class = "rflow_error_step_unknown")
  expect_error(add_decorator(made, "start", retry), "must be a decorator", class = "rflow_error_definition")
})

test_that("an added decorator may use configurations", {
  made <- small() |> config("settings", default_value = list(times = 2L)) |>
    add_decorator("end", retry(times = config_expr(settings$times)))
  expect_equal(times(made, "end"), 2L)
})

test_that("parameters are removed", {
  expect_equal(parameter_names(remove_parameter(small(), "alpha")), character())
  expect_error(remove_parameter(small(), "alpa"), "Did you mean `alpha`", class = "rflow_error_parameter_unknown")
})

test_that("a part is added under a prefix, and leads on", {
  part <- flow("part") |>
    parameter("beta", default = 2) |>
    constant(version = "1") |>
    step("choose", \(self) NULL, next_step = list(a = "left", b = "right"), condition = "kind") |>
    step("left", \(self) NULL, next_step = "last") |>
    step("right", \(self) NULL, next_step = "last") |>
    step("last", \(self) NULL)
  made <- flow("WholeFlow") |>
    step("start", \(self) NULL, next_step = c("x_choose", "y_choose")) |>
    add_flow(part, prefix = "x_", next_step = "join") |>
    add_flow(part, prefix = "y_", next_step = "join") |>
    step("join", \(self, inputs) NULL, next_step = "end") |>
    step("end", \(self) NULL)
  expect_equal(step_names(made)[c(2, 5, 6, 9)], c("x_choose", "x_last", "y_choose", "y_last"))
  graph <- jsonlite::fromJSON(graph_json(made), simplifyVector = FALSE)
  expect_equal(graph$steps[[6]]$transition$cases, list(a = "y_left", b = "y_right"))
  expect_equal(graph$steps[[9]]$transition$targets, list("join"))
  expect_equal(parameter_names(made), "beta")
  expect_equal(vapply(made$constants, \(x) x$name, ""), "version")
})

test_that("steps that an ordinary function adds know their lines", {
  graph <- graph_of_lines(
    "library(rflow)",
    "scoring <- function(flow, prefix, next_step) {",
    "  flow |>",
    "    step(paste0(prefix, \"load\"), \\(self) NULL, next_step = paste0(prefix, \"fit\")) |>",
    "    step(paste0(prefix, \"fit\"), \\(self) NULL, next_step = next_step)",
    "}",
    "flow(\"TestFlow\") |>",
    "  step(\"start\", \\(self) NULL, next_step = \"a_load\") |>",
    "  scoring(\"a_\", \"end\") |>",
    "  step(\"end\", \\(self) NULL) |>",
    "  run()"
  )
  expect_equal(vapply(graph$steps, \(x) x$name, ""), c("start", "a_load", "a_fit", "end"))
  expect_equal(lines_of(graph$steps), c(8L, 4L, 5L, 10L))
})

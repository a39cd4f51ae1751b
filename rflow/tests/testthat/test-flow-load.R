test_that("in definition mode a file runs nothing, and its functions and constants are found", {
  path <- write_flow_file(
    "helper <- function(x) x + 1",
    "start <- function(self) helper(1)",
    "flow('LoadFlow') |>",
    "  constant(rate = 0.5) |>",
    "  step('start', start, next_step = 'middle') |>",
    "  step('middle', next_step = 'end') |>",
    "  step('end', \\(self) 'end') |>",
    "  run()"
  )
  withr::defer(the$flows <- list())
  module <- load_definitions(path)
  expect_equal(find_step_function("LoadFlow", "start")(NULL), 2)
  expect_null(find_step_function("LoadFlow", "middle")(NULL))
  expect_equal(find_step_function("LoadFlow", "end")(NULL), "end")
  expect_equal(find_constants("LoadFlow"), list(rate = 0.5))
  expect_true(is.function(module$helper))
  expect_false(the$defining)
  expect_null(the$file)
})

test_that("a flow that is only kept in a variable is found, too", {
  path <- write_flow_file("kept <- flow('KeptFlow') |> step('start', \\(self) 1)")
  withr::defer(the$flows <- list())
  load_definitions(path)
  expect_equal(find_step_function("KeptFlow", "start")(NULL), 1)
})

test_that("definition mode ends also when the file fails", {
  path <- write_flow_file("stop('broken file')")
  expect_error(load_definitions(path), "broken file")
  expect_false(the$defining)
  expect_null(the$file)
})

test_that("what is not there is named", {
  path <- write_flow_file("flow('LoadFlow') |> step('start') |> run()")
  withr::defer(the$flows <- list())
  load_definitions(path)
  expect_snapshot(error = TRUE, {
    find_flow("LoadFlw")
    find_step_function("LoadFlow", "finish")
  })
})

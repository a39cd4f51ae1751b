test_that("every step of a pipe over several lines has the line of its own call", {
  graph <- graph_of_lines(
    "library(rflow)",
    "flow('TestFlow') |>",
    "  parameter('alpha', default = 1) |>",
    "  parameter(",
    "    'beta', default = 2",
    "  ) |>",
    "  step('start', function(self) {",
    "    # a comment",
    "    self$x <- 1",
    "  }, next_step = 'middle') |>",
    "  step(",
    "    'middle',",
    "    retry(times = 1),",
    "    catch('failed'),",
    "    next_step = 'end'",
    "  ) |> step('end', \\(self) print(self$x), retry(times = 1)) |>",
    "  run()"
  )
  expect_equal(lines_of(graph$steps), c(7, 11, 16))
  expect_equal(lines_of(graph$parameters), c(3, 4))
  expect_equal(lines_of(graph$steps[[2]]$decorators), c(13, 14))
  expect_equal(lines_of(graph$steps[[3]]$decorators), 16)
})

test_that("steps added one by one, by name and in a loop have their lines", {
  graph <- graph_of_lines(
    "library(rflow)",
    "f <- flow('TestFlow')",
    "f <- step(f, 'start', next_step = 'a')",
    "f <- rflow::step(f, step = 'a', next_step = 'b1')",
    "for (i in 1:2) {",
    "  f <- step(f, paste0('b', i), next_step = 'end')",
    "}",
    "f <- step(flow = f, 'end')"
  )
  expect_equal(lines_of(graph$steps), c(3, 4, 6, 6, 8))
})

test_that("a pipe's placeholder does not hide the line", {
  graph <- graph_of_lines(
    "flow('TestFlow') |>",
    "  step(flow = _, 'start', next_step = 'end') |>",
    "  step('end') |>",
    "  run()"
  )
  expect_equal(lines_of(graph$steps), c(2, 3))
})

test_that("two equal calls have a line each", {
  graph <- graph_of_lines(
    "flow('TestFlow') |>",
    "  step('start', next_step = 'end') |>",
    "  step('start', next_step = 'end') |>",
    "  step('end') |>",
    "  run()"
  )
  expect_equal(lines_of(graph$steps), c(2, 3, 4))
})

test_that("a decorator kept in a variable has the line where it was written", {
  graph <- graph_of_lines(
    "careful <- retry(times = 2)",
    "flow('TestFlow') |>",
    "  step('start', careful, next_step = 'end') |>",
    "  step('end')  |>",
    "  run()"
  )
  expect_equal(lines_of(graph$steps[[1]]$decorators), 1)
})

test_that("a step that is made by other means has no line, but its file", {
  graph <- graph_of_lines(
    "f <- do.call(step, list(flow('TestFlow'), 'start'))"
  )
  expect_null(graph$steps[[1]]$line)
  expect_match(graph$steps[[1]]$file, "flow[.]R$")
})

test_that("a mistake in an argument is placed at the call that has it", {
  path <- write_flow_file(
    "flow('TestFlow') |>",
    "  parameter('alpha', required = 'yes') |>",
    "  step('start', next_step = 'end') |>",
    "  step('end') |>",
    "  run()"
  )
  expect_error(load_definitions(path), paste0(path, ":2: parameter `alpha`: `required`"), fixed = TRUE)
  path <- write_flow_file(
    "flow('TestFlow') |>",
    "  step('start',",
    "    retry(times = 'x'), next_step = 'end') |>",
    "  step('end', ) |>",
    "  run()"
  )
  expect_error(load_definitions(path), paste0(path, ":2: retry(): `times`"), fixed = TRUE)
})

test_that("magrittr's pipe keeps the lines, too", {
  skip_if_not_installed("magrittr")
  graph <- graph_of_lines(
    "`%>%` <- magrittr::`%>%`",
    "metaflow('TestFlow') %>%",
    "  parameter('alpha', type = 'float') %>%",
    "  step(",
    "    retry(times = 2),",
    "    step = 'start', r_function = \\(self) 1, next_step = 'end') %>%",
    "  step(step = 'end') %>%",
    "  run()"
  )
  expect_equal(lines_of(graph$steps), c(4, 7))
  expect_equal(lines_of(graph$parameters), 3)
  expect_equal(lines_of(graph$steps[[1]]$decorators), 5)
})

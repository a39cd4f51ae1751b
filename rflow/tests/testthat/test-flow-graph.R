test_that("a flow of every kind of step becomes the graph of graph.md", {
  graph <- graph_of_lines(
    "flow('TestFlow', doc = 'All kinds') |>",
    "  include_file('movies', default = 'movies.csv', help = 'a file') |>",
    "  constant(version = '1.0', rate = 0.1) |>",
    "  step('start', \\(self) NULL, next_step = c('a', 'b')) |>",
    "  step('a', py_function('score.py', 'score'), next_step = 'join') |>",
    "  step('b', r_function('/far/away.R', 'f'), next_step = 'join') |>",
    "  step('join', \\(self, inputs) NULL, next_step = 'fan') |>",
    "  step('fan', next_step = 'each', foreach = 'items') |>",
    "  step('each', environment_variables(A = 1, B = 'x'), next_step = 'all') |>",
    "  step('all', join = TRUE, next_step = 'end') |>",
    "  step('end') |>",
    "  run()"
  )
  expect_equal(graph$format, "pyflow-graph")
  expect_equal(graph$version, 1)
  expect_equal(graph$language, "r")
  expect_equal(graph$doc, "All kinds")
  expect_equal(graph$constants, list("version", "rate"))
  steps <- by_name(graph$steps, vapply(graph$steps, \(x) x$name, ""))
  expect_equal(steps$start$transition, list(kind = "branch", targets = list("a", "b")))
  expect_equal(steps$fan$transition, list(kind = "foreach", targets = list("each"), foreach = "items"))
  expect_equal(steps$a$transition, list(kind = "linear", targets = list("join")))
  expect_equal(steps$end$transition, list(kind = "end", targets = list()))
  expect_equal(steps$a$language, "python")
  expect_equal(steps$a[["function"]], list(file = file.path(dirname(graph$file), "score.py"), name = "score"))
  expect_equal(steps$b[["function"]], list(file = "/far/away.R", name = "f"))
  expect_equal(steps$start[["function"]], list(file = graph$file, name = NULL))
  expect_equal(vapply(graph$steps, \(x) x$join, NA), c(FALSE, FALSE, FALSE, TRUE, FALSE, FALSE, TRUE, FALSE))
  expect_equal(steps$each$decorators[[1]]$args, list(vars = list(A = "1", B = "x")))
  expect_equal(graph$parameters[[1]][c("kind", "type", "default", "encoding")],
    list(kind = "file", type = "text", default = "movies.csv", encoding = "utf-8"))
})

test_that("the graph of a flow without anything has empty lists, not empty objects", {
  text <- graph_json(flow("TestFlow"))
  expect_match(text, '"steps":[]', fixed = TRUE)
  expect_match(text, '"constants":[]', fixed = TRUE)
  one <- graph_json(flow("TestFlow") |> step("start", decorator("card")))
  expect_match(one, '"args":{}', fixed = TRUE)
  expect_match(one, '"targets":[]', fixed = TRUE)
})

test_that("duplicates reach the checker", {
  twice <- flow("TestFlow") |>
    parameter("a") |>
    parameter("a") |>
    constant(a = 1, a = 2) |>
    step("start", retry(), retry()) |>
    step("start")
  graph <- jsonlite::fromJSON(graph_json(twice), simplifyVector = FALSE)
  expect_length(graph$steps, 2)
  expect_length(graph$parameters, 2)
  expect_length(graph$constants, 2)
  expect_length(graph$steps[[1]]$decorators, 2)
})

test_that("Metaflow's way to write a flow gives the same graph", {
  f <- function(self) NULL
  ours <- flow("TestFlow") |>
    step("start", f, retry(times = 2), next_step = "end", foreach = "x") |>
    step("end", \(self, inputs) NULL, join = TRUE)
  theirs <- metaflow("TestFlow") |>
    step(decorator("retry", times = 2, minutes_between_retries = 2),
      step = "start", r_function = f, next_step = "end", foreach = "x") |>
    step(step = "end", r_function = \(self, inputs) NULL)
  without_lines <- \(flow) gsub('"line":[^,}]*', "", graph_json(flow))
  expect_equal(without_lines(theirs), without_lines(ours))
})

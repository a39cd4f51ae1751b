test_that("resources() keeps what was said, and nothing else", {
  expect_equal(resources(cpu = 2, memory = 8000)$args, list(cpu = 2, memory = 8000))
  expect_equal(resources()$args, structure(list(), names = character()))
  expect_error(resources(cpu = "two"), class = "rflow_error_definition")
})

test_that("secrets() takes sources one by one, as a list, or as texts", {
  env <- list(type = "env", names = "TOKEN")
  expected <- list(type = "env", names = list("TOKEN"))
  expect_equal(secrets(env)$args$sources, list(expected))
  expect_equal(secrets(env, "env.OTHER")$args$sources, list(expected, "env.OTHER"))
  expect_equal(secrets(sources = env)$args$sources, list(expected))
  expect_equal(secrets(sources = list(env, "env.OTHER"))$args$sources, list(expected, "env.OTHER"))
  expect_equal(secrets(env, allow_override = TRUE, role = "reader")$args[c("role", "allow_override")],
    list(role = "reader", allow_override = TRUE))
  expect_error(secrets(list(names = "TOKEN")), class = "rflow_error_definition")
  expect_error(secrets(3), class = "rflow_error_definition")
})

test_that("the graph has them in the form of graph.md", {
  flow <- flow("NeedsFlow") |>
    step("start", resources(cpu = 2), secrets(list(type = "env", names = "A"), list(
      type = "inline", options = list(env_vars = list(B = "c"))
    )), next_step = "end") |>
    step("end")
  graph <- jsonlite::fromJSON(graph_json(flow), simplifyVector = FALSE)
  found <- graph$steps[[1]]$decorators
  expect_equal(found[[1]][c("name", "args")], list(name = "resources", args = list(cpu = 2L)))
  expect_equal(found[[2]]$args, list(
    sources = list(
      list(type = "env", names = list("A")), list(type = "inline", options = list(env_vars = list(B = "c")))
    ),
    role = NULL, allow_override = FALSE
  ))
})

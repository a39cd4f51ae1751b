# config(), config_value() and config_expr(): read where the flow is defined, used in defaults and decorators.

settings <- function(...) {
  flow("ConfigFlow") |> config("settings", default_value = list(alpha = 0.5, name = "joe", deep = list(x = 1:2), times = 2L), ...)
}

test_that("a value is there at once, with its names", {
  found <- config_value(settings(), "settings")
  expect_equal(found$alpha, 0.5)
  expect_equal(found[["name"]], "joe")
  expect_equal(found$deep$x, 1:2)
  expect_equal(names(as.list(found)), c("alpha", "name", "deep", "times"))
  expect_error(found$nme, "no `nme`.*Did you mean `name`", class = "rflow_error_config_key")
  expect_error(found$alpha <- 1, "cannot be changed", class = "rflow_error_artifact_read_only")
})

test_that("a default file is read as JSON, from the working directory or beside the flow", {
  folder <- withr::local_tempdir()
  withr::local_dir(folder)
  writeLines("{\"a\": [1, 2], \"b\": {\"c\": null}}", "a.json")
  found <- config_value(config(flow("F"), "settings", default = "a.json"), "settings")
  expect_equal(found$a, 1:2)
  expect_null(found$b$c)
})

test_that("a parser makes the value of the text", {
  item <- config(flow("F"), "settings", default_value = "x=1", parser = \(text) {
    parts <- strsplit(text, "=")[[1]]
    stats::setNames(list(as.integer(parts[2])), parts[1])
  })
  expect_equal(config_value(item, "settings")$x, 1L)
})

test_that("the environment wins over the default", {
  folder <- withr::local_tempdir()
  writeLines("{\"alpha\": 2}", file.path(folder, "other.json"))
  withr::with_envvar(c(PYFLOW_FLOW_CONFIG_VALUE = "{\"settings\": {\"alpha\": 3}}"), {
    expect_equal(config_value(settings(), "settings")$alpha, 3L)
  })
  path <- jsonlite::toJSON(list(settings = file.path(folder, "other.json")), auto_unbox = TRUE)
  withr::with_envvar(c(PYFLOW_FLOW_CONFIG = path), {
    expect_equal(config_value(settings(), "settings")$alpha, 2L)
  })
})

test_that("in a task it is the value that the run has", {
  withr::defer(the$configs <- NULL)
  the$configs <- list(settings = list(alpha = 9L))
  expect_equal(config_value(settings(), "settings")$alpha, 9L)
})

test_that("what is wrong is said, and where", {
  withr::local_dir(withr::local_tempdir())
  writeLines("{", "bad.json")
  expect_error(config(flow("F"), "x", default = "no.json"), "does not exist: no.json", class = "rflow_error_config_missing")
  expect_error(config(flow("F"), "x", default = "bad.json"), "not valid JSON", class = "rflow_error_config_invalid")
  expect_error(config(flow("F"), "x", required = TRUE), "'x' is required", class = "rflow_error_config_required")
  expect_error(config(flow("F"), "x", default = "a", default_value = 1), "a `default` and a `default_value`",
    class = "rflow_error_definition")
  expect_error(config(flow("F"), 3), "must be a text", class = "rflow_error_definition")
  expect_error(config_value(settings(), "setings"), "Did you mean `settings`", class = "rflow_error_config_unknown")
})

test_that("expressions are evaluated for parameters and decorators", {
  made <- settings() |>
    parameter("alpha", default = config_expr(settings$alpha)) |>
    parameter("shout", default = config_expr(toupper(settings$name))) |>
    step("start", \(self) NULL, retry(times = config_expr(settings$times)),
      environment_variables(NAME = config_expr(settings$name), OTHER = "x"), next_step = "end") |>
    step("end", \(self) NULL)
  graph <- jsonlite::fromJSON(graph_json(made), simplifyVector = FALSE)
  expect_equal(lapply(graph$parameters, \(x) x$default), list(0.5, "JOE"))
  expect_equal(vapply(graph$parameters, \(x) x$type, ""), c("float", "str"))
  decorators <- graph$steps[[1]]$decorators
  expect_equal(decorators[[1]]$args$times, 2L)
  expect_equal(decorators[[2]]$args$vars, list(NAME = "joe", OTHER = "x"))
  expect_equal(graph$configs[[1]]$value$deep$x, list(1L, 2L))
  expect_equal(graph$configs[[1]]$kind, "value")
})

test_that("an expression that fails names itself and the configs", {
  expect_error(parameter(settings(), "alpha", default = config_expr(settings$alph)),
    "parameter `alpha`: config_expr\\(settings\\$alph\\) cannot be evaluated", class = "rflow_error_config_expr")
  expect_error(parameter(flow("F"), "alpha", default = config_expr(nothing$x)), "nothing", class = "rflow_error_config_expr")
})

test_that("options before the command are read, and only those", {
  words <- c("--quiet", "--config", "a", "a.json", "--config-value", "b", "{}", "run", "--config", "c", "c.json")
  expect_equal(typed_configs(words), list(files = list(a = "a.json"), values = list(b = "{}")))
  expect_equal(command_place(words), 8)
  expect_equal(command_place(c("--config", "run", "check", "run")), 4)
  expect_true(is.na(command_place("--help")))
})

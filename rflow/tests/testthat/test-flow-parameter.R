one_parameter <- function(...) {
  graph <- jsonlite::fromJSON(graph_json(parameter(flow("TestFlow"), "p", ...)), simplifyVector = FALSE)
  graph$parameters[[1]]
}

test_that("a parameter's type is that of its default", {
  expect_equal(one_parameter(default = 1L)[c("type", "default")], list(type = "int", default = 1L))
  expect_equal(one_parameter(default = 0.5)[c("type", "default")], list(type = "float", default = 0.5))
  expect_equal(one_parameter(default = "a")[c("type", "default")], list(type = "str", default = "a"))
  expect_equal(one_parameter(default = TRUE)[c("type", "default")], list(type = "bool", default = TRUE))
  expect_equal(one_parameter(default = list(a = list(1, "b")))[c("type", "default")],
    list(type = "json", default = list(a = list(1L, "b"))))
  expect_equal(one_parameter()$type, "str")
})

test_that("no default is absent, NA is null", {
  expect_false("default" %in% names(one_parameter(required = TRUE)))
  with_na <- one_parameter(default = NA_character_)
  expect_true("default" %in% names(with_na))
  expect_null(with_na$default)
})

test_that("a given type wins, under its Python or R name", {
  expect_equal(one_parameter(type = "int")$type, "int")
  expect_equal(one_parameter(type = "integer")$type, "int")
  expect_equal(one_parameter(type = "numeric")$type, "float")
  expect_match(graph_json(parameter(flow("F"), "p", type = "int", default = 1e5)), '"default":100000,', fixed = TRUE)
  large <- graph_json(parameter(flow("F"), "p", type = "int", default = 3e9))
  expect_match(large, '"default":3000000000,', fixed = TRUE)
  expect_match(graph_json(parameter(flow("F"), "p", type = "int", default = 1.5)), '"default":1.5,', fixed = TRUE)
})

test_that("a list by separator, a flag, and a function as default", {
  expect_equal(one_parameter(default = c("a", "b"), separator = ",")[c("default", "separator")],
    list(default = list("a", "b"), separator = ","))
  expect_equal(one_parameter(default = "a", separator = ",")$default, list("a"))
  expect_equal(one_parameter(is_flag = TRUE)[c("type", "default")], list(type = "bool", default = FALSE))
  expect_equal(one_parameter(default = \() 2L + 3L)[c("type", "default")], list(type = "int", default = 5L))
  expect_equal(one_parameter(default = as.Date("2024-02-29"))[c("type", "default")],
    list(type = "str", default = "2024-02-29"))
})

test_that("a default function is called when the graph is made, not when the flow is defined", {
  calls <- 0
  count <- function() {
    calls <<- calls + 1
    calls
  }
  counted <- parameter(flow("TestFlow"), "p", default = count)
  expect_equal(calls, 0)
  graph_json(counted)
  expect_equal(calls, 1)
})

test_that("mistakes name the parameter and say what to do", {
  expect_snapshot(error = TRUE, transform = without_places, {
    parameter("alpha")
    parameter(flow("F"))
    parameter(flow("F"), "alpha", required = "yes")
    parameter(flow("F"), "alpha", type = "integr")
    parameter(flow("F"), "alpha", type = "quaternion")
    parameter(flow("F"), "alpha", help = 3)
    graph_json(parameter(flow("F"), "alpha", default = 1:3))
    graph_json(parameter(flow("F"), "alpha", default = \() stop("no network")))
    include_file(flow("F"), "movies", default = 1)
    include_file(flow("F"))
    constant(flow("F"), 1)
    constant(flow("F"), a = 1, )
  })
})

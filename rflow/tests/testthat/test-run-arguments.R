example <- function() {
  flow("TestFlow") |>
    parameter("alpha", default = 0.5) |>
    parameter("max_genres", default = 5L) |>
    parameter("genres", default = "a", separator = ",") |>
    parameter("conf", type = "json") |>
    parameter("debug", default = FALSE)
}
args_of <- function(...) run_options(example(), list(...))$args

test_that("run()'s arguments become a command line", {
  expect_equal(args_of(alpha = 1e-10), "--alpha=0.0000000001")
  expect_equal(args_of(max_genres = 100000), "--max_genres=100000")
  expect_equal(args_of(genres = c("b c", "d")), "--genres=b c,d")
  expect_equal(args_of(conf = list(a = 1, b = list())), '--conf={"a":1,"b":[]}')
  expect_equal(args_of(conf = '{"a": 2}'), '--conf={"a": 2}')
  expect_equal(args_of(debug = TRUE), "--debug=TRUE")
  expect_equal(args_of(max_workers = 4), "--max_workers=4")
  expect_equal(args_of(tag = c("x", "y")), c("--tag=x", "--tag=y"))
  expect_equal(args_of(no_retry_wait = TRUE), "--no_retry_wait")
  expect_null(args_of(no_retry_wait = FALSE, alpha = NULL))
})

test_that("quiet belongs before the command, unless it is a parameter", {
  expect_equal(run_options(example(), list(quiet = TRUE))$general, "--quiet")
  own <- parameter(example(), "quiet", default = FALSE)
  expect_equal(run_options(own, list(quiet = TRUE)), list(general = NULL, args = "--quiet=TRUE", others = NULL))
})

test_that("the command line comes after what run() says in the file", {
  options <- list(general = "--quiet", args = "--alpha=1")
  expect_equal(script_arguments(c("run", "--alpha", "2"), options), c("--quiet", "run", "--alpha=1", "--alpha", "2"))
  expect_equal(script_arguments(c("--quiet", "run"), options), c("--quiet", "--quiet", "run", "--alpha=1"))
  expect_equal(script_arguments("show", options), "show")
  options <- run_options(example(), list(alpha = 1, max_workers = 2))
  expect_equal(script_arguments(c("resume", "join"), options), c("resume", "--max_workers=2", "join"))
  expect_equal(script_arguments(character(), options), character())
})

test_that("arguments that cannot be given are refused by name", {
  expect_snapshot(error = TRUE, {
    args_of(alpha = NA)
    args_of(alpha = c(1, 2))
    args_of(max_workers = list(1))
  })
})

test_that("a test is not taken for the script itself", {
  expect_false(called_from_script())
})

test_that("configurations are told from options, unless a parameter is called so", {
  given <- list(config = c(settings = "a.json"), config_value = list(settings = 1), alpha = 2)
  expect_equal(config_options(example(), given), list(config = list(settings = "a.json"), config_value = list(settings = 1)))
  own <- parameter(example(), "config", default = "x")
  expect_equal(names(config_options(own, given)), "config_value")
  expect_length(config_options(example(), list(alpha = 2)), 0)
})

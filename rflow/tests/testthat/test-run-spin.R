# spin() in a session, with a real runner in a store of its own.

flow_file <- c(
  "library(rflow)",
  "start <- function(self) {",
  "  self$x <- 41",
  "  self$items <- c('a', 'b')",
  "}",
  "work <- function(self) self$got <- paste0(self$input, self$x)",
  "join <- function(self, inputs) self$all <- unlist(gather_inputs(inputs, 'got'))",
  "end <- function(self) {",
  "  self$y <- self$all[1]",
  "}",
  "flow('SpinRFlow') |>",
  "  step('start', start, next_step = 'work', foreach = 'items') |>",
  "  step('work', work, next_step = 'join') |>",
  "  step('join', join, join = TRUE, next_step = 'end') |>",
  "  step('end', end) |>",
  "  run()"
)

# A folder in which the flow has been run once.
local_run <- function(env = parent.frame()) {
  test_python()
  folder <- withr::local_tempdir(.local_envir = env)
  withr::local_dir(folder, .local_envir = env)
  writeLines(flow_file, "flow.R")
  rscript <- file.path(R.home("bin"), "Rscript")
  libraries <- paste(.libPaths(), collapse = .Platform$path.sep)
  output <- withr::with_envvar(
    c(R_LIBS = libraries), suppressWarnings(system2(rscript, c("flow.R", "run"), stdout = TRUE, stderr = TRUE))
  )
  if (!is.null(attr(output, "status"))) stop(paste(output, collapse = "\n"))
}

change <- function(old, new) writeLines(sub(old, new, readLines("flow.R"), fixed = TRUE), "flow.R")

test_that("a step runs again in this session, with the code as it is now", {
  local_run()
  change("paste0(self$input, self$x)", "paste0(self$input, self$x, Sys.getpid())")
  self <- spin("SpinRFlow/work")
  expect_equal(self$got, paste0("a41", Sys.getpid()))
  expect_equal(self$x, 41)
  expect_false(current("is_running_flow"))
})

test_that("a task can be opened without running it, and given other inputs", {
  local_run()
  self <- spin("SpinRFlow/join", run = FALSE)
  expect_equal(self$inputs[[2]]$got, "b41")
  self <- spin("SpinRFlow/work", artifacts = list(x = 1, items = c("q", "r")))
  expect_equal(self$got, "q1")
  writeLines("list(x = 2)", "inputs.R")
  expect_equal(spin("SpinRFlow/work", artifacts = "inputs.R")$got, "a2")
})

test_that("an error of the step is the user's to see, and leaves the session as it was", {
  local_run()
  change("self$y <- self$all[1]", "stop('no good')")
  set.seed(1)
  seed <- .Random.seed
  expect_error(spin("SpinRFlow/end"), "no good")
  expect_identical(.Random.seed, seed)
  expect_false(current("is_running_flow"))
})

test_that("what is not there is said", {
  local_run()
  expect_error(spin("SpinRFlow/wrok"), "Did you mean", class = "rflow_error_not_found")
  expect_error(spin("SpinRFlow"), class = "rflow_error_pathspec_invalid")
  expect_error(spin(1), class = "rflow_error_definition")
})

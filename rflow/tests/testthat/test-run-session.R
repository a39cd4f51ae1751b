test_that("run() in a session shows the output and returns the run", {
  test_python()
  withr::local_dir(withr::local_tempdir())
  path <- file.path(getwd(), "session_flow.R")
  writeLines(c(
    "double <- function(x) 2 * x",
    "session_flow <- flow('SessionFlow') |>",
    "  parameter('alpha', default = 1) |>",
    "  parameter('names', default = 'a', separator = ',') |>",
    "  step('start', \\(self) {",
    "    cat('alpha is', self$alpha, '\\n')",
    "    self$result <- double(self$alpha)",
    "  }, next_step = 'end') |>",
    "  step('end', \\(self) if (self$alpha > 9) stop('alpha too large'))"
  ), path)
  session <- new.env()
  source(path, local = session)
  output <- capture.output(result <- run(session$session_flow, alpha = 3, names = c("x y", "z"), max_workers = 2))
  expect_match(output, "alpha is 3", all = FALSE)
  expect_s3_class(result, "rflow_client_run")
  expect_true(result$successful)
  expect_identical(result$data$result, 6)
  expect_equal(unlist(result$data$names), c("x y", "z"))

  output <- capture.output(
    condition <- tryCatch(run(session$session_flow, alpha = 10), rflow_error_run_failed = identity)
  )
  expect_match(output, "alpha too large", all = FALSE)
  expect_match(
    conditionMessage(condition),
    "^Run SessionFlow/[0-9]+ failed in step end [(]task 2[)]: alpha too large\nAt .*session_flow[.]R:9[.]$"
  )
  expect_s3_class(condition$run, "rflow_client_run")
  expect_equal(condition$pathspec, condition$run$pathspec)
  expect_equal(condition[c("step", "task", "exit_code")], list(step = "end", task = "2", exit_code = 1L))
})

test_that("a run that cannot begin is an error that says why, and prints nothing", {
  test_python()
  withr::local_dir(withr::local_tempdir())
  lone <- flow("LoneFlow") |> parameter("alpha", default = 1) |> step("start", next_step = "end") |> step("end")
  caught <- function(...) tryCatch(run(lone, ...), rflow_error_run_failed = identity)
  expect_silent(unknown <- caught(alhpa = 1))
  expect_s3_class(unknown, "rflow_error_usage")
  expect_match(conditionMessage(unknown), "Flow LoneFlow was not run (exit code 2).\nNo such option '--alhpa'", fixed = TRUE)
  expect_match(conditionMessage(unknown), "--alpha", fixed = TRUE)
  expect_null(unknown$run)
  expect_match(conditionMessage(caught(alpha = "much")), "--alpha takes a number, not 'much'", fixed = TRUE)
  lone <- flow("LoneFlow") |> step("start", next_step = "ende") |> step("end")
  expect_silent(broken <- caught())
  expect_false(inherits(broken, "rflow_error_usage"))
  expect_match(conditionMessage(broken), "ende")
  expect_false(dir.exists(".pyflow"))
})

test_that("a flow without a file runs with the session's variables and packages", {
  python <- test_python()
  folder <- withr::local_tempdir()
  code <- c(
    "library(rflow)",
    "library(jsonlite)",
    "factor <- 3",
    "triple <- function(x) factor * x",
    "typed <- flow('TypedFlow') |>",
    "  step('start', \\(self) self$x <- triple(2), next_step = 'end') |>",
    "  step('end', \\(self) self$json <- as.character(toJSON(self$x)))",
    "result <- run(typed)",
    "cat('result:', result$data$x, result$data$json, '\\n')"
  )
  withr::local_envvar(PYFLOW_PYTHON = python, R_LIBS = paste(.libPaths(), collapse = ":"))
  withr::local_dir(folder)
  rscript <- file.path(R.home("bin"), "Rscript")
  arguments <- c("-e", shQuote(paste(code, collapse = "\n")))
  output <- suppressWarnings(system2(rscript, arguments, stdout = TRUE, stderr = TRUE))
  expect_match(output, "result: 6 [6]", fixed = TRUE, all = FALSE)
})

test_that("run() takes configurations, as files and as values, and resume() those of its origin", {
  test_python()
  withr::local_dir(withr::local_tempdir())
  writeLines(c(
    "configured <- flow('ConfiguredFlow') |>",
    "  config('settings', default_value = list(alpha = 1, times = 2L)) |>",
    "  parameter('alpha', default = config_expr(settings$alpha)) |>",
    "  step('start', \\(self) self$seen <- c(self$alpha, self$settings$alpha), retry(times = config_expr(settings$times)),",
    "    next_step = 'end') |>",
    "  step('end', \\(self) if (file.exists('fail')) stop('not yet'))"
  ), "flow.R")
  writeLines('{"alpha": 7, "times": 1}', "other.json")
  session <- new.env()
  source("flow.R", local = session)
  flow <- session$configured
  capture.output(result <- run(flow, config = list(settings = "other.json")))
  expect_equal(result$data$seen, c(7, 7))
  capture.output(result <- run(flow, config_value = list(settings = list(alpha = 5, times = 0L)), alpha = 6))
  expect_equal(result$data$seen, c(6, 5))
  file.create("fail")
  value <- list(settings = '{"alpha": 9, "times": 0}')
  capture.output(expect_error(run(flow, config_value = value), class = "rflow_error_run_failed"))
  unlink("fail")
  capture.output(result <- resume(flow))
  expect_equal(result$data$seen, c(9, 9))
  capture.output(result <- run(flow))
  expect_equal(result$data$seen, c(1, 1))
  expect_error(run(flow, config = list(setings = "other.json")), "Did you mean", class = "rflow_error_config_unknown")
  expect_error(run(flow, config = "other.json"), "a list with the names", class = "rflow_error_definition")
  expect_error(run(flow, config_value = list(settings = list(times = 1L))), class = "rflow_error_config_expr")
})

test_that("resume() goes on with the latest run, with the code as it is now", {
  test_python()
  withr::local_dir(withr::local_tempdir())
  path <- file.path(getwd(), "resumed_flow.R")
  write_flow <- function(end) {
    writeLines(c(
      "resumed_flow <- flow('ResumedFlow') |>",
      "  parameter('alpha', default = 1) |>",
      "  step('start', \\(self) self$result <- 2 * self$alpha, next_step = 'end') |>",
      paste0("  step('end', \\(self) ", end, ")")
    ), path)
    session <- new.env()
    source(path, local = session)
    session$resumed_flow
  }
  capture.output(try(run(write_flow("stop('not yet')"), alpha = 3), silent = TRUE))
  failed <- flow_client("ResumedFlow")$latest_run
  expect_equal(failed$status, "failed")
  expect_null(failed$origin)

  output <- capture.output(result <- resume(write_flow("self$result <- self$result + 1"), tag = "again"))
  expect_match(output, "1 finished task is taken over", all = FALSE)
  expect_true(result$successful)
  expect_identical(result$data$result, 7)
  expect_equal(result$origin, failed$id)
  expect_true("again" %in% result$tags)
  expect_equal(result$step("start")$task$origin_pathspec, paste0(failed$pathspec, "/start/1"))
  expect_null(result$step("end")$task$origin_pathspec)
  expect_equal(flow_client("ResumedFlow")$latest_run$id, result$id)

  capture.output(again <- resume(write_flow("NULL"), "start", origin_run_id = failed$id))
  expect_identical(again$data$result, 6)
  expect_equal(again$origin, failed$id)
  expect_null(again$step("start")$task$origin_pathspec)
})

test_that("resume() refuses what does not fit", {
  expect_snapshot(error = TRUE, {
    resume()
    resume(flow("F"), step = 1)
    resume(flow("F"), "a", "1", TRUE)
  })
})

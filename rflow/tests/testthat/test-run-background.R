background_flow <- function(end = "if (self$alpha > 9) stop('alpha too large')") {
  path <- file.path(getwd(), "background_flow.R")
  writeLines(c(
    "background_flow <- flow('BackgroundFlow') |>",
    "  parameter('alpha', default = 1) |>",
    "  step('start', \\(self) self$result <- 2 * self$alpha, next_step = 'end') |>",
    paste0("  step('end', \\(self) ", end, ")")
  ), path)
  session <- new.env()
  source(path, local = session)
  session$background_flow
}

test_that("runs go on side by side, and tell how they are", {
  test_python()
  withr::local_dir(withr::local_tempdir())
  flow <- background_flow("{ while (!file.exists('go')) Sys.sleep(0.02); if (self$alpha > 9) stop('too large') }")
  expect_silent(first <- run_background(flow, alpha = 2))
  second <- run_background(flow, alpha = 10)
  expect_equal(c(first$status, second$status), c("running", "running"))
  expect_null(first$exit_code)
  expect_equal(first$run$status, "running")
  expect_output(print(first), paste0("executing.* ", first$pathspec, "\n  running"))
  file.create("go")
  shown <- capture.output(first$wait(show = TRUE))
  expect_match(shown, "Done!", all = FALSE)
  expect_silent(waited <- second$wait())
  expect_identical(waited, second)
  expect_equal(c(first$status, second$status), c("successful", "failed"))
  expect_equal(c(first$exit_code, second$exit_code), c(0L, 1L))
  expect_equal(first$pathspec, paste0("BackgroundFlow/", first$id))
  expect_identical(first$run$data$result, 4)
  expect_match(second$output, "too large", all = FALSE)

  resumed <- resume_background(background_flow(), origin_run_id = second$id, tag = "again")
  expect_equal(resumed$wait()$status, "failed")
  expect_equal(resumed$run$origin, second$id)
})

test_that("a run is ended after its time, or when it is told to", {
  test_python()
  withr::local_dir(withr::local_tempdir())
  flow <- background_flow("Sys.sleep(60)")
  late <- run_background(flow)
  expect_equal(late$wait(timeout = 0.1)$status, "timeout")
  expect_equal(late$run$status, "interrupted")
  stopped <- run_background(flow)$stop()
  expect_equal(stopped$status, "failed")
  expect_equal(stopped$run$status, "interrupted")
})

test_that("a run of another namespace is given, too", {
  test_python()
  withr::local_dir(withr::local_tempdir())
  output <- capture.output(result <- run(background_flow(), namespace = "production:x"))
  expect_identical(result$data$result, 2)
  executing <- run_background(background_flow("Sys.sleep(60)"), namespace = "production:x")
  expect_equal(executing$run$status, "running")
  expect_equal(executing$stop()$run$status, "interrupted")
})

test_that("what cannot begin is an error at once", {
  test_python()
  withr::local_dir(withr::local_tempdir())
  expect_error(run_background(background_flow(), beta = 1), "No such option '--beta'", class = "rflow_error_usage")
  expect_error(resume_background(background_flow()), "was not run", class = "rflow_error_run_failed")
})

test_that("arguments are checked", {
  expect_snapshot(error = TRUE, {
    run_background()
    run_background(flow("F"), 1)
    resume_background(flow("F"), step = 1)
  })
})

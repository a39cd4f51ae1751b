test_that("random numbers follow the task's seed, not the fork server's", {
  set.seed(99)
  draw <- \(seed) run_task("f <- function(self) self$x <- runif(2)", seed = seed)$saved$x
  first <- draw(1L)
  expect_identical(draw(1L), first)
  expect_false(identical(draw(2L), first))
})

test_that("variables of the step and current() are there", {
  code <- "f <- function(self) {
    self$seen <- list(Sys.getenv('GREETING'), current('run_id'), current()$tags, current('is_running_flow'), current('origin_run_id'))
  }"
  result <- run_task(code, environment = list(GREETING = "hello there"))
  expect_identical(result$saved$seen, list("hello there", "17", c("a", "b"), TRUE, NULL))
  expect_identical(current(), list(is_running_flow = FALSE))
  expect_error(current("runid"), "Did you mean `run_id`?", class = "rflow_error_current_unknown", fixed = TRUE)
})

test_that("output of R, of C and of child processes goes to the logs", {
  code <- "f <- function(self) {
    cat('printed\n'); message('told'); system('echo child; echo child-error >&2')
    writeBin(as.raw(c(0x61, 0x00, 0x62, 0x0a)), p <- pipe('cat', 'wb')); close(p)
  }"
  result <- run_task(code)
  expect_identical(result$end$op, "done")
  expect_match(result$output, "printed\nchild", fixed = TRUE)
  expect_match(result$errors, "told\nchild-error")
})

test_that("a task has a temporary folder of its own, which goes with it", {
  result <- run_task("f <- function(self) { self$folder <- tempdir(); file.create(tempfile()) }")
  expect_false(identical(result$saved$folder, tempdir()))
  expect_true(startsWith(result$saved$folder, tempdir()))
  expect_false(dir.exists(result$saved$folder))
})

test_that("a flow's step runs by its name; a step without a function does nothing; its value is ignored", {
  code <- "flow('TestFlow') |>
    step('start', \\(self) { self$x <- 1; 'ignored' }, next_step = 'work') |>
    step('work', next_step = 'end') |> step('end') |> run()"
  result <- run_task(code, NULL, step = "start")
  expect_identical(result$saved, list(x = 1))
  expect_identical(ops(run_task(code, NULL, step = "work")), character())
  expect_identical(run_task(code, NULL, step = "none")$end$error$code, "function_missing")
})

test_that("constants of a flow are saved", {
  code <- "flow('TestFlow') |> constant(answer = 42L) |> step('start') |> run()"
  result <- run_task(code, NULL, step = "_parameters", constants = TRUE)
  expect_null(result$end$error$traceback)
  expect_identical(result$saved, list(answer = 42L))
})

test_that("a session that was saved is restored in a task", {
  file <- tempfile(fileext = ".rds")
  helper <- function(x) x + offset
  environment(helper) <- globalenv()
  start <- function(self) self$x <- helper(1)
  environment(start) <- globalenv()
  session <- list(
    flow = flow("TestFlow") |> step("start", start), globals = list(helper = helper, offset = 10), packages = "stats"
  )
  saveRDS(session, file)
  result <- run_task(normalizePath(file), NULL, step = "start")
  expect_null(result$end$error$traceback)
  expect_identical(result$saved, list(x = 11))
})

test_that("the file's own helpers and constants are there, and files do not see each other's", {
  one <- write_code("value <- 'one'\nf <- function(self) self$x <- value")
  two <- write_code("value <- 'two'\nf <- function(self) self$x <- value")
  expect_identical(environment(host_function(one, "f", NULL, NULL))$value, "one")
  expect_identical(environment(host_function(two, "f", NULL, NULL))$value, "two")
})

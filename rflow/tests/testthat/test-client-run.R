good_run <- function() flow_client("ClientFlow")$latest_successful_run

test_that("a run tells how and when it ended", {
  local_client_store()
  run <- good_run()
  expect_equal(run$status, "success")
  expect_true(run$finished)
  expect_s3_class(run$created_at, "POSIXct")
  expect_gte(run$finished_at, run$created_at)
  expect_lt(abs(as.numeric(Sys.time() - run$finished_at, units = "mins")), 10)
  expect_true(is.character(run$tags))
  expect_null(run$exception)
})

test_that("a failed run tells its error", {
  local_client_store()
  run <- flow_client("ClientFlow")$latest_run
  expect_equal(run$status, "failed")
  expect_equal(run$exception$type, "RuntimeError")
  expect_equal(run$exception$message, "alpha too large")
  expect_output(print(run$exception), "RuntimeError: alpha too large")
})

test_that("steps and tasks are found by name and id", {
  local_client_store()
  run <- good_run()
  expect_equal(names(run$steps), c("start", "work", "join", "end"))
  expect_length(run$step("work")$tasks, 2)
  expect_length(run$tasks, 5)
  expect_equal(run[["work"]]$pathspec, paste0(run$pathspec, "/work"))
  task <- run$step("work")$tasks[[2]]
  expect_equal(run[["work"]][[task$id]]$pathspec, task$pathspec)
  expect_equal(task$step$name, "work")
  expect_equal(task$run$id, run$id)
  expect_error(run$step("wrok"), "work", class = "rflow_error_not_found")
  expect_error(run[["work"]][["99"]], "99", class = "rflow_error_not_found")
})

test_that("a task has state, index and logs", {
  local_client_store()
  run <- good_run()
  start <- run$step("start")$task
  expect_equal(start$stdout, "to stdout\n")
  expect_equal(start$stderr, "to stderr\n")
  expect_null(start$index)
  expect_equal(start$attempts$status, "success")
  expect_equal(start$current_attempt, 0)
  work <- run$step("work")$tasks
  expect_equal(vapply(work, \(task) task$index, 1, USE.NAMES = FALSE), c(0, 1))
  expect_equal(vapply(work, \(task) task$successful, NA, USE.NAMES = FALSE), c(TRUE, FALSE))
  expect_null(work[[1]]$exception)
  expect_equal(work[[2]]$exception$message, "bad item")
  expect_s3_class(work[[2]]$finished_at, "POSIXct")
})

test_that("run, step and task print what they are", {
  local_client_store()
  run <- good_run()
  expect_output(print(run), "success, from")
  expect_output(print(run), "steps: start, work, join, end")
  expect_output(print(run$step("work")), "tasks: 2")
  expect_output(print(run$step("work")$tasks[[2]]), "caught")
  expect_output(print(flow_client("ClientFlow")), "latest run:")
})

test_that("tasks and steps tell what is around them", {
  local_client_store()
  run <- good_run()
  join <- run$step("join")$task
  expect_equal(names(join$parent_tasks), names(run$step("work")$tasks))
  expect_equal(names(join$child_tasks), run$end_task$id)
  expect_equal(names(run$step("work")$parent_steps), "start")
  expect_equal(names(run$step("work")$child_steps), "join")
  expect_equal(run$parameters$alpha, 0.5)
  expect_equal(join$parent$pathspec, join$step$pathspec)
  expect_equal(join$path_components, c("ClientFlow", run$id, "join", join$id))
  expect_equal(join$metadata_dict$attempt, 0)
  expect_equal(join$environment_info$language, "python")
  expect_equal(join$runtime_name, "local")
  expect_equal(run$parent$name, "ClientFlow")
  artifact <- run$artifacts$when
  expect_equal(artifact$parent$pathspec, run$end_task$pathspec)
  expect_equal(artifact$tags, run$tags)
  expect_true(artifact$is_in_namespace)
})

test_that("log lines have a time and a stream", {
  local_client_store()
  task <- good_run()$step("start")$task
  log <- task$log
  expect_setequal(log$stream, c("stdout", "stderr"))
  expect_equal(task$loglines("stdout")$text, "to stdout")
  expect_lt(abs(as.numeric(log$time[1] - task$created_at, units = "mins")), 5)
  expect_equal(c(task$stdout_size, task$stderr_size), c(10, 10))
  expect_error(task$loglines("out"), class = "rflow_error_definition")
})

test_that("a task is told as of an attempt", {
  local_client_store()
  task <- good_run()$step("work")$tasks[[2]]$attempt(0)
  expect_equal(task$status, "caught")
  expect_equal(task$exception$message, "bad item")
  expect_equal(task$data$item, "bad")
  expect_error(task$attempt(3), "has no attempt 3", class = "rflow_error_not_found")
})

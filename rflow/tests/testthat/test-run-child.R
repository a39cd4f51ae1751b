# A child as child_start() makes it, of a shell command.
local_child <- function(script, frame = parent.frame()) {
  folder <- withr::local_tempdir(.local_envir = frame)
  file.create(file.path(folder, "input"))
  child <- new.env()
  child$log <- file.path(folder, "log")
  child$attributes <- file.path(folder, "attributes.json")
  child$flow <- "ShellFlow"
  child$position <- 0
  child$pending <- raw()
  child$pid <- .Call(rflow_child_start, c("/bin/sh", "-c", script), file.path(folder, "input"), child$log)
  withr::defer(child_end(child, tools::SIGKILL), envir = frame)
  child
}

shown <- \(child) TRUE

test_that("a child's exit code and output come through, the last line without its end, too", {
  output <- capture.output(codes <- vapply(
    c("echo one; exit 0", "echo two >&2; exit 3", "printf three; kill -9 $$"),
    \(script) child_code(child_wait(local_child(script), show = shown)), 1L, USE.NAMES = FALSE
  ))
  expect_equal(output, c("one", "two", "three"))
  expect_equal(codes, c(0, 3, 137))
})

test_that("what is no text is shown, too", {
  child <- local_child("printf 'caf\\303\\251\\r\\n\\377\\000x\\n'")
  output <- capture.output(child_wait(child, show = shown))
  expect_equal(output, c("caf\u00e9", "<ff>x"))
  expect_equal(child_output(child), output)
})

test_that("lines are shown whole, and only once", {
  go <- withr::local_tempfile()
  child <- local_child(paste0("printf half; while [ ! -e ", go, " ]; do sleep 0.02; done; echo ' whole'; echo end"))
  child_wait(child, done = \(child) isTRUE(file.size(child$log) > 0))
  expect_equal(capture.output(child_show(child)), character())
  file.create(go)
  expect_equal(capture.output(child_wait(child, show = shown)), c("half whole", "end"))
  expect_equal(capture.output(child_show(child, last = TRUE)), character())
})

test_that("a child leads its own session and has an empty input", {
  child <- child_wait(local_child("cat; ps -o sid= -p $$; echo $$"))
  numbers <- trimws(child_output(child))
  expect_equal(numbers[1], numbers[2])
})

test_that("a child that does not end is killed with its children", {
  child <- local_child("trap '' TERM; sleep 60 & echo $!; wait; wait")
  child_wait(child, done = \(child) isTRUE(file.size(child$log) > 0))
  child_end(child, grace = 0.2)
  expect_equal(child_code(child_wait(child)), 137)
  sleeper <- as.integer(child_output(child)[1])
  for (i in 1:100) if (tools::pskill(sleeper, 0)) Sys.sleep(0.02) else break
  expect_false(tools::pskill(sleeper, 0))
})

test_that("waiting ends after its time, at what is awaited, or at the end", {
  child <- local_child("sleep 60")
  began <- Sys.time()
  expect_null(child_code(child_wait(child, seconds = 0.1)))
  expect_null(child_code(child_wait(child, done = \(child) TRUE)))
  expect_lt(as.numeric(Sys.time() - began, units = "secs"), 5)
  expect_equal(child_code(child_end(child)), 143)
  expect_equal(child_code(child_end(child)), 143)
})

test_that("a command that is not there is an error", {
  folder <- withr::local_tempdir()
  file.create(file.path(folder, "input"))
  expect_error(
    .Call(rflow_child_start, "/nowhere/python", file.path(folder, "input"), file.path(folder, "log")),
    "cannot run /nowhere/python: No such file"
  )
})

test_that("only commands that begin a run are told where to say so", {
  child <- list(attributes = "F")
  expect_equal(child_args(child, c("--quiet", "run", "--alpha=1")), c("--quiet", "run", "--runner-attribute-file=F", "--alpha=1"))
  expect_equal(child_args(child, c("resume", "run")), c("resume", "--runner-attribute-file=F", "run"))
  expect_equal(child_args(child, "check"), "check")
})

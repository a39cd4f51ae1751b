code <- "
counted <- new.env()
plus <- function(self) self$y <- self$x + 1
slow <- function(self) Sys.sleep(60)
busy <- function(self) while (TRUE) {}
quits <- function(self) q('no', status = 3)
crashes <- function(self) tools::pskill(Sys.getpid(), 11)
killed <- function(self) tools::pskill(Sys.getpid(), 9)
aborts <- function(self) invokeRestart('abort')
folder <- function(self) { self$folder <- tempdir(); self$server <- dirname(tempdir()) }
draws <- function(self) self$x <- runif(1)
leaves <- function(self) { cat('left:', system('sleep 60 > /dev/null 2>&1 & echo $!', intern = TRUE), '\\n') }
runif(1)
"

test_that("a server serves one task after another and many at a time", {
  server <- start_server(code)
  on.exit(stop_server(server))
  expect_identical(server$answer$event, "ready")
  for (i in 1:20) expect_identical(serve_task(server, "plus", list(x = i))$saved$y, i + 1)
  tasks <- lapply(1:8, \(i) begin_task(server, "plus", names = list("x"), scratch = tempfile("scratch-")))
  expect_length(unique(vapply(tasks, \(x) x$pid, 0L)), 8)
  for (i in 8:1) {
    result <- converse(tasks[[i]]$fd, runner_for(list(x = i)))
    .Call(rflow_fd_close, tasks[[i]]$fd)
    expect_identical(result$saved$y, i + 1)
  }
})

test_that("tasks with different seeds draw different numbers although the file has drawn some", {
  server <- start_server(code)
  on.exit(stop_server(server))
  draws <- vapply(1:5, \(seed) serve_task(server, "draws", seed = seed)$saved$x, 0)
  expect_length(unique(draws), 5)
})

test_that("every unusual end is told, and the server goes on", {
  server <- start_server(code)
  on.exit(stop_server(server))
  before <- serve_task(server, "folder")$saved
  expect_message(serve_task(server, "quits")$end, list(event = "exited", status = 3L, signal = 0L))
  expect_message(serve_task(server, "killed")$end, list(event = "exited", status = 0L, signal = 9L))
  crashed <- serve_task(server, "crashes")
  expect_identical(crashed$end$signal, 11L)
  expect_match(crashed$errors, "caught segfault")
  expect_identical(serve_task(server, "aborts")$end$event, "exited")
  # q() and crashes remove R's temporary folder; it must not be the server's
  expect_true(dir.exists(before$server))
  expect_identical(serve_task(server, "folder")$saved$server, before$server)
})

test_that("SIGINT stops R code with an interrupt, also in a loop", {
  server <- start_server(code)
  on.exit(stop_server(server))
  for (name in c("slow", "busy")) {
    task <- begin_task(server, name)
    Sys.sleep(0.3)
    tools::pskill(task$pid, tools::SIGINT)
    end <- converse(task$fd, runner_for())$end
    .Call(rflow_fd_close, task$fd)
    expect_identical(end$op, "error")
    expect_identical(end$error$type, "interrupt")
    expect_identical(end$error$line, grep(name, strsplit(code, "\n")[[1]]))
  }
})

test_that("a task ends when its runner goes away", {
  server <- start_server(code)
  on.exit(stop_server(server))
  task <- begin_task(server, "busy")
  expect_true(is_alive(task$pid))
  .Call(rflow_fd_close, task$fd)
  expect_true(wait_until(\() !is_alive(task$pid)))
})

test_that("what a task leaves behind is ended", {
  server <- start_server(code)
  on.exit(stop_server(server))
  result <- serve_task(server, "leaves")
  left <- as.integer(sub(".*left: ([0-9]+).*", "\\1", result$output))
  expect_true(wait_until(\() !is_alive(left)))
})

test_that("tasks end with the server, whether it is closed or killed", {
  server <- start_server(code)
  tasks <- lapply(c("busy", "slow"), \(name) begin_task(server, name))
  stop_server(server)
  for (task in tasks) expect_true(wait_until(\() !is_alive(task$pid)))
  expect_false(file.exists(server$socket))
  for (task in tasks) .Call(rflow_fd_close, task$fd)

  server <- start_server(code)
  tasks <- lapply(c("busy", "slow"), \(name) begin_task(server, name))
  tools::pskill(server$job$pid, tools::SIGKILL)
  for (task in tasks) expect_true(wait_until(\() !is_alive(task$pid)))
  expect_null(converse(tasks[[1]]$fd, runner_for())$end)
  for (task in tasks) .Call(rflow_fd_close, task$fd)
  stop_server(server)
})

test_that("a file that does not load, or lacks a function, is told instead of ready", {
  load <- function(...) {
    server <- start_server(...)
    stop_server(server)
    expect_identical(server$answer$event, "error")
    server$answer$error
  }
  error <- load(c("a <- 1", "b <- undefined_thing + 1"))
  expect_identical(error[c("line", "message", "code")], list(line = 2L, message = "object 'undefined_thing' not found", code = "definition"))
  error <- load(c("a <- 1", "f <- function( {"))
  expect_identical(error$line, 2L)
  expect_match(error$message, "^unexpected '\\{'")
  error <- load("library(no.such.package)")
  expect_identical(error$hint, "Install it in R: install.packages(\"no.such.package\")")
  file <- write_code("fit <- function(self) 1")
  error <- load(file = file, functions = list(list(file = file, name = "fti")))
  expect_identical(error$code, "function_missing")
  expect_identical(load(file = "/no/such/file.R")$code, "file_missing")
})

test_that("a command takes the place of R, with a text open and R's temporary folder removed", {
  program <- c(
    "cat(tempdir(), '\n')", "descriptor <- .Call(rflow:::rflow_fd_keep_text, '{\"name\": \"\u00e9\"}')",
    "command <- c('/bin/sh', '-c', 'cat <&$0; exit 7', descriptor)",
    ".Call(rflow:::rflow_process_replace, command, descriptor)"
  )
  out <- tempfile()
  libraries <- paste(.libPaths(), collapse = .Platform$path.sep)
  status <- system2(
    file.path(R.home("bin"), "Rscript"), shQuote(write_code(program)), stdout = out, env = paste0("R_LIBS=", shQuote(libraries))
  )
  lines <- readLines(out, encoding = "UTF-8", warn = FALSE)
  expect_identical(status, 7L)
  expect_identical(lines[2], "{\"name\": \"\u00e9\"}")
  expect_false(dir.exists(trimws(lines[1])))
})

test_that("a program that cannot be run is an error", {
  expect_error(.Call(rflow_process_replace, c("/no/such/program", "a"), -1L), "cannot run /no/such/program")
})

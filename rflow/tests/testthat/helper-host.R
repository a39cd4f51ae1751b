# A task whose runner is the test. `run_task()` runs a function of some R code in a forked process, as the fork server
# does, and answers what it asks.

write_code <- function(code) {
  file <- tempfile("code-", fileext = ".R")
  writeLines(code, file)
  normalizePath(file)
}

run_message <- function(file, name, ...) {
  message <- list(
    op = "run", step = "work", file = file, `function` = name, flow = "TestFlow", join = FALSE, names = list(),
    read_only = list("limit"), reserved = list("start", "work"), inputs = list(), foreach = NULL,
    scratch = tempfile("scratch-"), seed = 1L, environment = list(),
    current = list(flow_name = "TestFlow", run_id = "17", tags = list("a", "b"), is_running_flow = TRUE),
    constants = FALSE
  )
  given <- list(...)
  message[names(given)] <- given
  message
}

# The layout of a value, in a file of its own.
layout_for <- function(value) values_write(value, tempfile("artifact-"))$layout

# A copy that does not depend on the file, which is used again.
value_in <- function(layout) unserialize(serialize(values_read(layout), NULL))

# The runner's answers for artifacts `values`, inputs of a join, and a foreach `item`.
runner_for <- function(values = list(), inputs = list(), item = NULL, merge = character()) {
  function(message) {
    switch(message$op,
      load = {
        from <- if (is.null(message$input)) values else inputs[[message$input + 1]]$values
        list(ok = TRUE, layout = layout_for(from[[message$name]]))
      },
      load_item = list(ok = TRUE, layout = layout_for(item)),
      merge = list(ok = TRUE, names = as.list(merge)),
      list(ok = TRUE, warnings = list())
    )
  }
}

# Messages of one conversation until its end. Saved values are read at once, because their file is used again.
converse <- function(fd, answer) {
  messages <- list()
  saved <- list()
  repeat {
    message <- wire_read(fd)
    if (is.null(message)) return(list(messages = messages, saved = saved, end = NULL))
    if (!is.null(message$event) || message$op %in% c("done", "error")) {
      return(list(messages = messages, saved = saved, end = message))
    }
    if (message$op == "save") saved[message$name] <- list(value_in(message$layout))
    messages <- c(messages, list(message))
    wire_write(fd, answer(message))
  }
}

# Run function `name` of `code` (or of a file): list(messages, saved, end, output, errors).
run_task <- function(code, name = "f", values = list(), inputs = list(), item = NULL, merge = character(),
                     answer = NULL, ...,
                     message = run_message(code_file(code), name, names = as.list(names(values)), ...)) {
  if (length(inputs)) {
    message$join <- TRUE
    message$names <- list()
    message$inputs <- lapply(inputs, \(x) list(step = x$step, names = as.list(names(x$values))))
  }
  if (is.null(answer)) answer <- runner_for(values, inputs, item, merge)
  logs <- c(tempfile("out-"), tempfile("err-"))
  ends <- .Call(rflow_fd_pair)
  job <- parallel::mcparallel({
    .Call(rflow_fd_close, ends[1])
    enter_process(list(group = 0, stdout = logs[1], stderr = logs[2]))
    host_run(ends[2], message)
    .Call(rflow_process_end, 0L)
  })
  .Call(rflow_fd_close, ends[2])
  result <- converse(ends[1], answer)
  .Call(rflow_fd_close, ends[1])
  suppressWarnings(parallel::mccollect(job))
  c(result, list(output = read_text(logs[1]), errors = read_text(logs[2])))
}

code_file <- function(code) if (file.exists(code[1])) code else write_code(code)

read_text <- function(file) paste(readLines(file, warn = FALSE), collapse = "\n")

# Messages without the order of their keys, which means nothing.
by_key <- function(x) {
  if (!is.list(x)) return(x)
  x <- lapply(x, by_key)
  if (is.null(names(x))) x else x[order(names(x))]
}

expect_message <- function(actual, expected) expect_identical(by_key(actual), by_key(expected))

ops <- function(result) vapply(result$messages, \(x) x$op, "")

# A fork server in a process of its own that has loaded `code`: list(pid, control, socket, file, answer).
start_server <- function(code, functions = list(), flow = NULL, file = write_code(code)) {
  socket <- tempfile("r-", fileext = ".sock")
  ends <- .Call(rflow_fd_pair)
  job <- parallel::mcparallel({
    .Call(rflow_fd_close, ends[1])
    zygote_main(ends[2])
    .Call(rflow_process_end, 0L)
  })
  .Call(rflow_fd_close, ends[2])
  wire_write(ends[1], list(op = "load", files = list(file), functions = functions, flow = flow, socket = socket))
  list(job = job, control = ends[1], socket = socket, file = file, answer = wire_read(ends[1]))
}

stop_server <- function(server) {
  .Call(rflow_fd_close, server$control)
  suppressWarnings(parallel::mccollect(server$job))
}

# Ask the server for a process: list(fd, pid, output, errors).
fork_task <- function(server) {
  fd <- .Call(rflow_fd_connect, server$socket)
  logs <- c(tempfile("out-"), tempfile("err-"))
  wire_write(fd, list(op = "fork", group = 0L, stdout = logs[1], stderr = logs[2]))
  list(fd = fd, pid = wire_read(fd)$pid, output = logs[1], errors = logs[2])
}

begin_task <- function(server, name, ...) {
  task <- fork_task(server)
  wire_write(task$fd, run_message(server$file, name, ...))
  task
}

# Run one function of the server's file to its end.
serve_task <- function(server, name, values = list(), ...) {
  task <- begin_task(server, name, names = as.list(names(values)), ...)
  result <- converse(task$fd, runner_for(values))
  .Call(rflow_fd_close, task$fd)
  c(result, list(pid = task$pid, output = read_text(task$output), errors = read_text(task$errors)))
}

is_alive <- function(pid) {
  stat <- tryCatch(readLines(file.path("/proc", pid, "stat"), warn = FALSE), error = \(e) "", warning = \(w) "")
  nzchar(stat) && !grepl("^[0-9]+ \\(.*\\) Z", stat)
}

wait_until <- function(condition, seconds = 5) {
  end <- Sys.time() + seconds
  while (!condition() && Sys.time() < end) Sys.sleep(0.02)
  condition()
}

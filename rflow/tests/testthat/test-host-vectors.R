# The conversations of shared_spec/vectors/task, with the test as the runner.

spec_folder <- function() {
  given <- Sys.getenv("PYFLOW_SPEC_DIR")
  folder <- if (nzchar(given)) given else file.path(testthat::test_path(), "..", "..", "..", "shared_spec")
  skip_if_not(dir.exists(folder), "shared_spec is not there: set PYFLOW_SPEC_DIR")
  folder
}

vector_run_message <- function(input) {
  message <- run_message(write_code(input$code), "f", names = as.list(names(input$artifacts)))
  if (!is.null(input$inputs)) {
    message$join <- TRUE
    message$inputs <- lapply(input$inputs, \(x) list(step = x$step, names = as.list(names(x$artifacts))))
  }
  if (!is.null(input$foreach)) {
    frame <- c(list(step = "start"), input$foreach)
    message$foreach <- c(frame, list(has_input = TRUE, stack = list(frame)))
  }
  message
}

# Values stand for layouts, in both directions.
as_answer <- function(answer) {
  if (!is.null(answer$layout)) answer$layout <- layout_for(answer$layout$value)
  if (identical(answer$ok, FALSE)) answer$error$message <- "refused"
  answer
}

as_vector <- function(message, saved) {
  if (message$op == "save") message$layout <- list(value = saved[[message$name]])
  message[c("type", "preview")] <- NULL
  message
}

test_that("the R host asks and ends as the vectors say", {
  cases <- jsonlite::read_json(file.path(spec_folder(), "vectors", "task", "conversation-step.json"))
  expect_gt(length(cases), 20)
  for (case in cases) {
    pairs <- case$input$conversation
    count <- 0
    answer <- function(message) {
      count <<- count + 1
      if (count > length(pairs)) list(ok = FALSE, error = list(code = "not_in_vector", message = "no answer")) else as_answer(pairs[[count]][[2]])
    }
    message <- vector_run_message(case$input)
    result <- run_task(case$input$code, answer = answer, message = message)
    asked <- Map(as_vector, result$messages, MoreArgs = list(saved = result$saved))
    expect_equal(by_key(unname(asked)), by_key(lapply(pairs, \(pair) pair[[1]])), info = case$id)
    if (is.null(case$error)) {
      expect_identical(result$end$op, "done", info = case$id)
    } else {
      expect_identical(result$end$error$code, case$error, info = case$id)
    }
  }
})

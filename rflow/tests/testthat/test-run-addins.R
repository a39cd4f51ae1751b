# An editor with one file in it and the cursor in a line; it remembers the commands that the terminal was given.
fake_studio <- function(path, row = 1L) {
  seen <- new.env()
  list(
    document = \() list(id = "1", path = path, contents = readLines(path), selection = list(list(range = list(start = c(row = row, column = 1))))),
    save = \(id) seen$saved <- id,
    execute = \(command, folder) seen$command <- c(command, folder),
    seen = seen
  )
}

flow_file <- function(name, lines, frame = parent.frame()) {
  path <- file.path(normalizePath(withr::local_tempdir(.local_envir = frame)), name)
  writeLines(lines, path)
  path
}

r_lines <- c("library(rflow)", "flow(\"EditorFlow\") |>", "  step(\"start\", \\(self) {", "    1", "  }, next_step = \"end\") |>", "  step(step = \"end\", \\(self) 2) |>", "  run()")

test_that("the flow in the editor is saved and run in the terminal, where it lies", {
  path <- flow_file("my flow.R", r_lines)
  studio <- fake_studio(path)
  addin_run_flow(studio)
  expect_equal(studio$seen$saved, "1")
  expect_match(studio$seen$command[1], "Rscript' 'my flow.R' run$")
  expect_equal(studio$seen$command[2], dirname(path))
})

test_that("a Python flow is run by Python", {
  withr::local_options(rflow.python = "/usr/bin/env")
  studio <- fake_studio(flow_file("flow.py", "class EditorFlow(FlowSpec):"))
  addin_run_flow(studio)
  expect_equal(studio$seen$command[1], "'/usr/bin/env' 'flow.py' run")
})

test_that("the step at the cursor is spun", {
  path <- flow_file("flow.R", r_lines)
  step <- \(row) {
    studio <- fake_studio(path, row)
    addin_spin_step(studio)
    sub(".* spin ", "", studio$seen$command[1])
  }
  expect_equal(vapply(3:7, step, ""), c("'start'", "'start'", "'start'", "'end'", "'end'"))
  expect_error(step(1), class = "rflow_error_usage")
  python <- c("class F(FlowSpec):", "    @step", "    def start(self):", "        pass", "    fit = r_step('x.R', 'f')")
  expect_equal(step_at(fake_studio(flow_file("f.py", python), 4L)$document()), "start")
  expect_equal(step_at(fake_studio(flow_file("f.py", python), 5L)$document()), "fit")
})

test_that("the latest run of the flow in the editor is shown", {
  local_client_store()
  path <- addin_view_last_run(fake_studio(normalizePath("client_flow.py")))
  html <- paste(readLines(path), collapse = "\n")
  expect_match(html, flow_client("ClientFlow")$latest_run$pathspec, fixed = TRUE)
})

test_that("files without a flow, unsaved files and other editors are told so", {
  expect_error(addin_view_last_run(fake_studio(flow_file("x.R", "1 + 1"))), "There is no flow in", class = "rflow_error_usage")
  expect_error(addin_run_flow(list(document = \() list(path = ""))), "no saved file", class = "rflow_error_usage")
  skip_if(requireNamespace("rstudioapi", quietly = TRUE) && rstudioapi::isAvailable(), "this is RStudio")
  expect_error(studio_port(), "RStudio", class = "rflow_error_usage")
})

test_that("every addin that is announced is there", {
  addins <- read.dcf(system.file("rstudio/addins.dcf", package = "rflow"))
  expect_true(all(vapply(addins[, "Binding"], exists, NA, envir = asNamespace("rflow"), mode = "function")))
})

program <- function(folder, name) {
  path <- file.path(folder, name)
  dir.create(dirname(path), recursive = TRUE, showWarnings = FALSE)
  file.create(path)
  Sys.chmod(path, "755")
  path
}

test_that("the option, the variables, .venv above and PATH are asked in this order", {
  folder <- normalizePath(withr::local_tempdir())
  by_option <- program(folder, "option/python")
  by_variable <- program(folder, "variable/python")
  by_reticulate <- program(folder, "reticulate/python")
  by_venv <- program(folder, ".venv/bin/python")
  on_path <- program(folder, "path/python3")
  dir.create(file.path(folder, "a/b"), recursive = TRUE)
  withr::local_dir(file.path(folder, "a/b"))
  withr::local_options(rflow.python = by_option)
  withr::local_envvar(PYFLOW_PYTHON = by_variable, RETICULATE_PYTHON = by_reticulate, PATH = dirname(on_path))
  expect_equal(find_python(), by_option)
  withr::local_options(rflow.python = NULL)
  expect_equal(find_python(), by_variable)
  withr::local_envvar(PYFLOW_PYTHON = NA)
  expect_equal(find_python(), by_reticulate)
  withr::local_envvar(RETICULATE_PYTHON = NA)
  expect_equal(find_python(), by_venv)
  unlink(by_venv)
  expect_equal(find_python(), on_path)
  unlink(on_path)
  expect_snapshot(find_python(), error = TRUE)
})

test_that("a named Python that is not there is an error, not passed over", {
  withr::local_options(rflow.python = "/nowhere/python")
  expect_snapshot(find_python(), error = TRUE)
})

test_that("a Python without pyflow says so, and what to do", {
  python <- unname(Sys.which("python3"))
  skip_if(!nzchar(python), "python3 is not on PATH")
  # -S -I would also hide installed packages, but only for this call; an empty prefix does it for every Python.
  output <- suppressWarnings(system2(python,
    c("-I", "-S", "-c", shQuote(bootstrap), shQuote("no package pyflow")), stdout = TRUE, stderr = TRUE
  ))
  expect_match(output, "no package pyflow", fixed = TRUE)
  expect_equal(attr(output, "status"), 1)
})

test_that("what R's start script adds to LD_LIBRARY_PATH is not passed on to Python", {
  script <- withr::local_tempfile(lines = c(": ${LD_LIBRARY_PATH=/r/lib:/other}", "export LD_LIBRARY_PATH"))
  expect_identical(without_r_folders("/r/lib:/other", script), "")
  expect_identical(without_r_folders("/r/lib:/other:/mine", script), "/mine")
  expect_identical(without_r_folders("/mine", script), "/mine")
  expect_identical(without_r_folders("", script), "")
  expect_identical(without_r_folders("/r/lib", "/nowhere"), "/r/lib")
  withr::local_envvar(LD_LIBRARY_PATH = "/mine", R_LIBS = "/here")
  before <- share_environment()
  expect_identical(before, list(R_LIBS = "/here", LD_LIBRARY_PATH = "/mine"))
  expect_identical(Sys.getenv("R_LIBS"), paste(.libPaths(), collapse = .Platform$path.sep))
})

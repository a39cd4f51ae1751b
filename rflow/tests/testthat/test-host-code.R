# The run's copy of the user's files.

# A folder with a copy that differs, in use as long as the test runs.
local_copies <- function(files, copies, env = parent.frame()) {
  folder <- normalizePath(withr::local_tempdir(.local_envir = env))
  copy <- normalizePath(withr::local_tempdir(.local_envir = env))
  for (name in names(files)) writeLines(files[[name]], file.path(folder, name))
  for (name in names(copies)) writeLines(copies[[name]], file.path(copy, name))
  use_copies(list(folder = folder, copy = copy))
  withr::defer(
    {
      detach("rflow:code", character.only = TRUE)
      the$code <- NULL
      the$modules <- list()
    },
    envir = env
  )
  folder
}

test_that("names in a package are those of Python", {
  cases <- list(
    c("/a/flows/flow.py", "/a/flows", "flow.py"),
    c("/a/flows/sub/part.R", "/a/flows", "sub/part.R"),
    c("/a/flows/x.py", "/a/flows/", "x.py"),
    c("/a/lib/x.R", "/a/flows", "_outside/1/lib/x.R"),
    c("/x.R", "/a/b", "_outside/2/x.R"),
    c("/a/flows2/x.R", "/a/flows", "_outside/1/flows2/x.R"),
    c("/a", "/a/b/c", "_outside/2")
  )
  for (case in cases) expect_equal(member_name(case[1], case[2]), case[3])
})

test_that("a file is loaded from its copy and says that it is the original", {
  folder <- local_copies(
    list(a.R = 'f <- function() "now"'), list(a.R = c("# then", "here <- this_file()", 'f <- function() "then"'))
  )
  module <- host_module(file.path(folder, "a.R"))
  expect_equal(module$f(), "then")
  expect_equal(module$here, file.path(folder, "a.R"))
  expect_equal(srcref_place(attr(module$f, "srcref")), list(file = file.path(folder, "a.R"), line = 3L))
})

test_that("source() reads the copy, in the environment that it is told", {
  folder <- local_copies(list(b.R = "value <- 'now'"), list(b.R = "value <- 'then'"))
  path <- file.path(folder, "b.R")
  f <- function() {
    get("source")(path, local = TRUE)
    value
  }
  environment(f) <- globalenv()
  assign("path", path, envir = globalenv())
  withr::defer(rm(path, envir = globalenv()))
  expect_equal(f(), "then")
  target <- new.env()
  get("source", "rflow:code")(path, local = target)
  expect_equal(target$value, "then")
  get("sys.source", "rflow:code")(path, target)
  expect_equal(target$value, "then")
  expect_output(get("source", "rflow:code")(path, local = target, echo = TRUE), "value <- 'then'")
})

test_that("source() with chdir goes to the original's folder", {
  folder <- local_copies(list(c.R = ""), list(c.R = "where <- getwd()"))
  target <- new.env()
  before <- getwd()
  get("source", "rflow:code")(file.path(folder, "c.R"), local = target, chdir = TRUE)
  expect_equal(normalizePath(target$where), folder)
  expect_equal(getwd(), before)
})

test_that("a file without a copy is read where it is", {
  folder <- local_copies(list(d.R = "value <- 'there'"), list())
  target <- new.env()
  get("source", "rflow:code")(file.path(folder, "d.R"), local = target)
  expect_equal(target$value, "there")
  expect_equal(host_module(file.path(folder, "d.R"))$value, "there")
})

test_that("an error of the copy names file and line of the original", {
  folder <- local_copies(list(e.R = "ok <- 1"), list(e.R = c("ok <- 1", "ok ok")))
  error <- host_guard(host_module(file.path(folder, "e.R")))
  expect_match(error$message, paste0(folder, "/e.R:2:4: unexpected symbol"), fixed = TRUE)
})

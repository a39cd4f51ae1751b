test_that("flows, runs, steps, tasks and artifacts have a page", {
  local_client_store()
  flow <- flow_client("ClientFlow")
  run <- flow$latest_successful_run
  task <- run$step("start")$task
  for (x in list(flow, run, run$step("work"), task, task$artifacts$table)) {
    html <- as_html(x)
    expect_match(html, "^<div class=\"pyflow\">")
    expect_false(grepl("<script", html))
  }
  expect_match(as_html(run), "<svg", fixed = TRUE)
  expect_match(as_html(task$artifacts$table), "genre", fixed = TRUE)
})

test_that("other things are refused", {
  expect_error(as_html(1), "of class numeric", class = "rflow_error_usage")
})

test_that("a page is written for the viewer", {
  local_client_store()
  run <- flow_client("ClientFlow")$latest_successful_run
  path <- view_html(run)
  expect_true(startsWith(normalizePath(path), normalizePath(tempdir())))
  expect_true(any(grepl(run$pathspec, readLines(path), fixed = TRUE)))
})

test_that("Quarto, R Markdown and Jupyter show the page, other formats the printed text", {
  local_client_store()
  run <- flow_client("ClientFlow")$latest_successful_run
  expect_equal(repr_html.rflow_client(run), as_html(run))
  expect_match(repr_text.rflow_client(run), "^run ClientFlow/")
  skip_if_not_installed("knitr")
  expect_match(as.character(knitr::knit_print(run)), "```\nrun ClientFlow", fixed = TRUE)
  withr::local_options(knitr.in.progress = TRUE)
  knitr::opts_knit$set(rmarkdown.pandoc.to = "html")
  withr::defer(knitr::opts_knit$set(rmarkdown.pandoc.to = NULL))
  expect_equal(as.character(knitr::knit_print(run)), as_html(run))
})

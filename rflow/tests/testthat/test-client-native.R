# Opening Python's objects on request.

test_that("an object of Python opens from its proxy and from its artifact, and says where it was read", {
  local_client_store()
  run <- flow_client("ClientFlow")$latest_successful_run
  proxy <- run$data$method
  expect_s3_class(proxy, "rflow_native_proxy")
  expect_output(print(proxy), paste0("made by Python [0-9.]+, (passed on by )?step [a-z]+ of run ClientFlow/", run$id))
  for (source in list(proxy, run$artifacts$method)) {
    object <- open_native(source)
    expect_s3_class(object, "python.builtin.object")
    expect_identical(reticulate::py_to_r(object$`__repr__`()), "<a thing>")
  }
})

test_that("what is no object of Python is refused", {
  expect_error(open_native(1), "not the number 1", class = "rflow_error_native_unreadable")
  bad <- structure(
    class = "rflow_native_proxy",
    list(language = "python", class = "Thing", size = 1, preview = "", version = "3.11.7", bytes = as.raw(1:9))
  )
  test_python()
  expect_error(open_native(bad), "cannot open", class = "rflow_error_native_unreadable")
})

test_that("a step does not run Python", {
  before <- the$task
  the$task <- list()
  on.exit(the$task <- before)
  expect_error(open_native(1), "interactive sessions", class = "rflow_error_native_unreadable")
})

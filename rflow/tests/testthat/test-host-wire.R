test_that("messages are JSON that reads back as it was", {
  message <- list(
    op = "save", text = "a \"quoted\" \\ text\n\twith \u00e9\u4e2d\U1F600 and \u0001", none = NULL, flag = TRUE, number = 0.1,
    large = 123456789012, list = list(1L, "b", NULL, list()), nested = list(a = list(b = "c"))
  )
  expect_identical(wire_parse(wire_text(message))$text, message$text)
  expect_equal(by_key(wire_parse(wire_text(message))), by_key(message))
  expect_false(grepl("\n", wire_text(message), fixed = TRUE))
})

test_that("lists and vectors are arrays, named lists objects, NA is null", {
  expect_identical(wire_text(list(a = list(), b = list("x"), c = c(1, 2), d = NA)), '{"a":[],"b":["x"],"c":[1,2],"d":null}')
  expect_identical(wire_text(list(x = 1e15, y = 2^53)), '{"x":1000000000000000,"y":9007199254740992}')
})

test_that("text of another encoding arrives as UTF-8, broken text does not break the message", {
  latin <- iconv("\u00e9t\u00e9", "UTF-8", "latin1")
  expect_identical(wire_parse(wire_text(latin))[[1]], "\u00e9t\u00e9")
  broken <- rawToChar(as.raw(c(0x61, 0xff, 0x62)))
  expect_true(jsonlite::validate(wire_text(list(broken))))
})

test_that("lines go through a socket whole, however long", {
  ends <- .Call(rflow_fd_pair)
  on.exit(.Call(rflow_fd_close, ends[1]))
  long <- strrep("x", 150000)
  job <- parallel::mcparallel({
    wire_write(ends[2], list(text = long))
    wire_write(ends[2], list(text = "second"))
    .Call(rflow_process_end, 0L)
  })
  .Call(rflow_fd_close, ends[2])
  expect_identical(wire_read(ends[1])$text, long)
  expect_identical(wire_read(ends[1])$text, "second")
  expect_null(wire_read(ends[1]))
  suppressWarnings(parallel::mccollect(job))
})

test_that("an answer that refuses is an error with its code and hint", {
  ends <- .Call(rflow_fd_pair)
  on.exit(for (end in ends) .Call(rflow_fd_close, end))
  wire_write(ends[2], list(ok = FALSE, error = list(code = "merge_conflict", message = "x differs", hint = "set it")))
  expect_error(wire_ask(ends[1], list(op = "merge")), "x differs\nset it", class = "rflow_error_merge_conflict")
})

# Announcements.

test_that("each announcement is collected once, and does not stop what announces it", {
  found <- with_notes({
    note_value("class_dropped", "x", "Python Thing")
    note_value("class_dropped", "x", "Python Thing")
    note_value("class_dropped", "y", "Python Thing")
    "done"
  })
  expect_identical(found$value, "done")
  expect_identical(found$notes, lapply(c("x", "y"), \(place) c("class_dropped", place, "Python Thing", "")))
  expect_identical(with_notes(1), list(value = 1, notes = list()))
})

test_that("every announcement says what it is about, what to do and its code", {
  codes <- c(
    "decimal_precision", "time_as_text", "bigint_as_text", "timestamp_precision", "nan_as_missing", "text_as_native",
    "environment_kept", "class_dropped", "period_as_start", "interval_as_table", "levels_as_text", "sparse_as_dense"
  )
  texts <- vapply(codes, \(code) announcement(c(code, "x", "kind", "8 MB (big)"))$message, "")
  expect_true(all(startsWith(texts, "column 'x' (kind) ")))
  expect_identical(unname(endsWith(texts, paste0(" (", codes, ")."))), rep(TRUE, length(codes)))
  expect_true(all(nchar(texts) > 80))
  expect_match(announcement(c("time_as_text", "", "time"))$message, "^the value \\(time\\) ")
})

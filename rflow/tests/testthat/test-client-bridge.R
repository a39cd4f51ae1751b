test_that("errors of the Python client keep their code", {
  test_python()
  expect_error(bridge_ask("nonsense"), "nonsense", class = "rflow_error")
  condition <- tryCatch(bridge_ask("runs", flow = "NoSuchFlow"), error = identity)
  expect_equal(condition$code, "not_found")
})

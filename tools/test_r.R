# Runs rflow's tests against the installed package and closes with a line that counts them.
Sys.setenv(NOT_CRAN = "true") # snapshots of messages are compared here
results <- as.data.frame(testthat::test_dir(
  "rflow/tests/testthat",
  package = "rflow",
  load_package = "installed",
  stop_on_failure = FALSE,
  reporter = "summary"
))
failed <- sum(results$failed) + sum(results$error)
cat(sprintf("%d passed, %d failed, %d skipped\n", sum(results$passed), failed, sum(results$skipped)))
quit(status = as.integer(failed > 0))

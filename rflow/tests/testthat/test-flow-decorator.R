test_that("decorators have the arguments of graph.md", {
  expect_equal(retry()$args, list(times = 3, minutes_between_retries = 2))
  expect_equal(catch()$args, list(var = NULL, print_exception = TRUE))
  expect_equal(timeout(minutes = 1)$args, list(seconds = 0, minutes = 1, hours = 0))
  expect_equal(environment_variables(A = TRUE, B = 2)$args, list(vars = list(A = "TRUE", B = "2")))
  expect_equal(environment_variables(A = TRUE)$name, "environment")
  expect_equal(decorator("card", type = "blank")$args, list(type = "blank"))
})

test_that("mistakes name the decorator and the argument", {
  expect_snapshot(error = TRUE, {
    retry(times = "three")
    retry(times = NA)
    catch(var = 1)
    catch(print_exception = NULL)
    timeout(seconds = c(1, 2))
    environment_variables("A")
    environment_variables(A = 1:2)
    environment_variables(A = NA)
    decorator(retry)
    decorator("retry", 3)
    decorator("retry", times = 3, )
  })
})

test_that("a decorator and a function of another file print in one line", {
  expect_snapshot({
    retry(times = 1)
    catch("failed")
    r_function("/work/steps.R", "fit")
  })
})

test_that("name, function and decorators may stand in any order", {
  f <- function(self) NULL
  a <- step(flow("F"), "start", f, retry(), next_step = "end")$steps[[1]]
  b <- step(flow("F"), retry(), f, "start", next_step = "end")$steps[[1]]
  c <- step(flow("F"), retry(), step = "start", r_function = f, next_step = "end")$steps[[1]]
  expect_identical(a[c("name", "fn", "next_step")], b[c("name", "fn", "next_step")])
  expect_identical(a[c("name", "fn", "next_step")], c[c("name", "fn", "next_step")])
  expect_equal(a$decorators[[1]]$name, "retry")
})

test_that("a function of self and inputs makes a join", {
  expect_true(step(flow("F"), "a", \(self, inputs) NULL)$steps[[1]]$join)
  expect_false(step(flow("F"), "a", \(self) NULL)$steps[[1]]$join)
  expect_false(step(flow("F"), "a", \(self, ...) NULL)$steps[[1]]$join)
  expect_false(step(flow("F"), "a", \(self, inputs = NULL) NULL)$steps[[1]]$join)
  expect_false(step(flow("F"), "a")$steps[[1]]$join)
  expect_true(step(flow("F"), "a", join = TRUE)$steps[[1]]$join)
})

test_that("a step's verbs leave the flow before them as it was", {
  first <- flow("F") |> step("start", next_step = "end")
  second <- first |> step("end")
  expect_length(first$steps, 1)
  expect_length(second$steps, 2)
})

test_that("mistakes name the step and the argument", {
  f <- function(self) NULL
  expect_snapshot(error = TRUE, transform = without_places, {
    step("start", f)
    step(lm(dist ~ speed, cars))
    step(flow("F"))
    step(flow("F"), f)
    step(flow("F"), "start", f, next_step = "end", )
    step(flow("F"), "start", f, "end")
    step(flow("F"), "start", f, f)
    step(flow("F"), "start", 3)
    step(flow("F"), "start", nextstep = "end")
    step(flow("F"), "start", colour = "red")
    step(flow("F"), "start", next_step = 1)
    step(flow("F"), "start", next_step = f)
    step(flow("F"), "start", foreach = "x")
    step(flow("F"), "start", foreach = "x", next_step = c("a", "b"))
    step(flow("F"), "start", foreach = 1:3, next_step = "a")
    step(flow("F"), "start", join = "yes")
    step(flow("F"), "start", function() NULL)
    step(flow("F"), "start", f, join = TRUE)
    step(flow("F"), "start", retry)
    step(flow("F"), step = "start", r_function = "f")
  })
})

test_that("so do those of flow() and run()", {
  expect_snapshot(error = TRUE, transform = without_places, {
    flow()
    flow(3)
    flow("F", )
    flow("F", documentation = "x")
    flow("F", retry())
    run()
    run(3)
    run(flow("F"), 3)
    check("F")
  })
})

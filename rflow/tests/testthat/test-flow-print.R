test_that("a flow prints its parameters and steps", {
  withr::local_options(cli.unicode = FALSE, cli.num_colors = 1L)
  expect_snapshot({
    flow("PrintFlow", doc = "Shows itself") |>
      parameter("alpha", default = 1, help = "learning rate") |>
      step("start", next_step = "each", foreach = "items") |>
      step("each", next_step = "join") |>
      step("join", \(self, inputs) NULL, next_step = c("a", "b")) |>
      step("end")
  })
})

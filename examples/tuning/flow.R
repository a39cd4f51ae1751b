library(rflow)

fit <- function(self) {
  cat("fold", self$input, "\n")
  self$fold <- self$input
  self$score <- round(1 - (self$alpha - 0.3)^2 - self$fold / 100, 4)
}

gather <- function(self, inputs) {
  self$scores <- data.frame(
    fold = unlist(gather_inputs(inputs, "fold")),
    score = unlist(gather_inputs(inputs, "score"))
  )
  self$accuracy <- min(self$scores$score)
}

flow("TuningFlow") |>
  parameter("alpha", default = 0.5, help = "how much the model is smoothed") |>
  step("start", \(self) self$folds <- 1:3, next_step = "fit", foreach = "folds") |>
  step("fit", fit, next_step = "join") |>
  step("join", gather, join = TRUE, next_step = "end") |>
  step("end", \(self) cat(sprintf("alpha %s: accuracy %s\n", self$alpha, self$accuracy))) |>
  run()

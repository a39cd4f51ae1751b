# A foreach of WIDTH empty steps.
library(rflow)

flow("WideRFlow") |>
  step("start", \(self) self$items <- seq_len(as.integer(Sys.getenv("WIDTH"))), next_step = "work", foreach = "items") |>
  step("work", \(self) NULL, next_step = "join") |>
  step("join", \(self, inputs) NULL, join = TRUE, next_step = "end") |>
  step("end", \(self) NULL) |>
  run()

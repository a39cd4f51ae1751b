# Three empty steps.
library(rflow)

flow("HelloRFlow") |>
  step("start", \(self) NULL, next_step = "middle") |>
  step("middle", \(self) NULL, next_step = "end") |>
  step("end", \(self) NULL) |>
  run()

library(rflow)

greet <- function(self) {
  self$greeting <- paste0(paste(self$words, collapse = " "), "!")
}

flow("HelloFlow") |>
  parameter("name", default = "world", help = "whom to greet") |>
  step("start", \(self) self$words <- c("hello", self$name), next_step = "greet") |>
  step("greet", greet, next_step = "end") |>
  step("end", \(self) cat(self$greeting, "\n")) |>
  run()

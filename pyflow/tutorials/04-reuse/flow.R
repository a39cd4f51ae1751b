library(rflow)

load_statistics <- function(self) {
  run <- flow_client("StatisticsFlow")$latest_successful_run
  self$source <- run$pathspec
  self$statistics <- run$data$table
}

choose <- function(self) {
  found <- self$statistics[self$statistics$median >= self$at_least, ]
  self$chosen <- as.character(found$genre[which.max(found$median)])
}

flow("ReuseFlow") |>
  parameter("at_least", default = 0, help = "only genres with this median, in millions") |>
  step("start", load_statistics, next_step = "choose") |>
  step("choose", choose, next_step = "end") |>
  step("end", \(self) cat(self$chosen, "from", self$source, "\n")) |>
  run()

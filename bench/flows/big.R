# A foreach whose tasks all read one big table and wait for one another, so that their memory can be measured.
library(rflow)

place <- Sys.getenv("BENCH_PLACE")
rows <- as.integer(Sys.getenv("ROWS"))
width <- as.integer(Sys.getenv("WIDTH"))

start <- function(self) {
  set.seed(1)
  self$big <- as.data.frame(lapply(stats::setNames(nm = paste0("x", 0:9)), function(k) stats::rnorm(rows)))
  self$items <- as.list(seq_len(width) - 1)
}

work <- function(self) {
  self$total <- sum(vapply(self$big, sum, 0))
  file.create(file.path(place, paste0("ready-", self$input)))
  while (!file.exists(file.path(place, "go"))) Sys.sleep(0.05)
}

join <- function(self, inputs) self$totals <- unique(unlist(gather_inputs(inputs, "total")))

end <- function(self) stopifnot(length(self$totals) == 1)

flow("BigFlow") |>
  step("start", start, next_step = "work", foreach = "items") |>
  step("work", work, next_step = "join") |>
  step("join", join, join = TRUE, next_step = "end") |>
  step("end", end) |>
  run()

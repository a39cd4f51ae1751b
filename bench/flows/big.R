# A foreach whose tasks all read one big table and wait for one another, so that their memory can be measured.
library(rflow)

place <- Sys.getenv("BENCH_PLACE")
rows <- as.integer(Sys.getenv("ROWS"))
width <- as.integer(Sys.getenv("WIDTH"))
missing_some <- Sys.getenv("MISSING") == "1"

start <- function(self) {
  set.seed(1)
  self$big <- as.data.frame(lapply(stats::setNames(nm = paste0("x", 0:9)), function(k) {
    x <- stats::rnorm(rows)
    if (missing_some) x[seq(1, rows, by = 100)] <- NA
    x
  }))
  self$items <- as.list(seq_len(width) - 1)
}

work <- function(self) {
  # which.max() looks at the vector's memory, sum() at its values.
  self$total <- sum(vapply(self$big, function(x) sum(x, which.max(x)), 0))
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

library(rflow)

load_movies <- function(self) {
  self$movies <- read.csv(text = self$movie_data)
  self$genres <- sort(unique(self$movies$genre))
}

# One genre: self$input is its name.
summarize <- function(self) {
  self$genre <- self$input
  self$films <- self$movies[self$movies$genre == self$genre, ]
  self$median <- median(self$films$gross)
}

# All genres: one input for each.
gather <- function(self, inputs) {
  self$table <- data.frame(
    genre = unlist(gather_inputs(inputs, "genre")),
    median = unlist(gather_inputs(inputs, "median")) / 1e6,
    best = unlist(gather_inputs(inputs, "best"))
  )
}

flow("StatisticsFlow") |>
  include_file("movie_data", default = "movies.csv", help = "a CSV file of films") |>
  step("start", load_movies, next_step = "summarize", foreach = "genres") |>
  step("summarize", summarize, next_step = "rank") |>
  step("rank", py_function("rank.py", "rank"), next_step = "join") |> # a function of a Python file as a step
  step("join", gather, join = TRUE, next_step = "end") |>
  step("end", \(self) print(self$table)) |>
  run()

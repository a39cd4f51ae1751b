# Box-office gross by genre: quartiles and a linear model in R, a rank correlation in Python.
library(rflow)

load_movies <- function(self) {
  movies <- read.csv(text = self$movie_data)
  genres <- strsplit(movies$genres, ", ", fixed = TRUE)
  movies <- data.frame(
    movies[rep(seq_along(genres), lengths(genres)), c("title", "year")],
    genre = unlist(genres),
    movies[rep(seq_along(genres), lengths(genres)), c("rating", "gross")],
    row.names = NULL
  )
  counts <- table(movies$genre)
  self$genres <- head(names(counts)[order(-counts, names(counts), method = "radix")], self$max_genres)
  self$movies <- movies
}

compute_statistics <- function(self) {
  self$genre <- self$input
  self$films <- self$movies[self$movies$genre == self$genre, ]
  rownames(self$films) <- NULL
  self$stats <- list(
    genre = self$genre,
    n = nrow(self$films),
    quartiles = quantile(self$films$gross, c(0.25, 0.5, 0.75), names = FALSE)
  )
}

gather <- function(self, inputs) {
  genres <- unlist(gather_inputs(inputs, "genre"))
  self$genre_stats <- setNames(gather_inputs(inputs, "stats"), genres)
  self$coefficients <- do.call(rbind, gather_inputs(inputs, "coefficients"))
  self$failed <- genres[!vapply(gather_inputs(inputs, "compute_failed"), is.null, logical(1))]
  self$model <- inputs[[1]]$model
}

print_table <- function(self) {
  slopes <- setNames(self$coefficients$slope, self$coefficients$genre)
  cat(sprintf(
    "%-12s %6s %8s %8s %8s %12s %13s\n",
    "genre", "films", "25 %", "median", "75 %", "correlation", "M$ per point"
  ))
  for (stats in self$genre_stats) {
    quartiles <- stats$quartiles / 1e6
    cat(sprintf(
      "%-12s %6d %8.1f %8.1f %8.1f %12.2f %13.1f\n",
      stats$genre, stats$n, quartiles[1], quartiles[2], quartiles[3], stats$correlation, slopes[[stats$genre]] / 1e6
    ))
  }
}

flow("GenreStatsRFlow", doc = "Quartiles of box-office gross by genre, and a model of gross on rating.") |>
  include_file("movie_data", default = "movies.csv", help = "a CSV file of movies") |>
  parameter("max_genres", default = 5L, help = "how many genres, the most frequent first") |>
  step("start", load_movies, next_step = "compute_statistics", foreach = "genres") |>
  step(
    "compute_statistics", compute_statistics,
    retry(times = 1, minutes_between_retries = 0), catch("compute_failed"),
    next_step = "score"
  ) |>
  step("score", py_function("score.py", "score"), next_step = "fit") |>
  step("fit", r_function("genre_model.R", "fit_genre"), next_step = "join") |>
  step("join", gather, join = TRUE, next_step = "end") |>
  step("end", print_table) |>
  run()

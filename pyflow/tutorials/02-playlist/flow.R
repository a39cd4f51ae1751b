library(rflow)

# The film of other genres that made most.
bonus_movie <- function(self) {
  others <- self$movies[self$movies$genre != self$genre, ]
  self$bonus <- others$title[which.max(others$gross)]
}

# The films of the genre that made most.
genre_movies <- function(self) {
  found <- self$movies[self$movies$genre == self$genre, ]
  self$playlist <- I(head(found$title[order(-found$gross)], self$recommendations))
}

join_branches <- function(self, inputs) {
  self$playlist <- inputs$genre_movies$playlist
  self$bonus <- inputs$bonus_movie$bonus
}

print_playlist <- function(self) {
  cat(sprintf("%d. %s\n", seq_along(self$playlist), self$playlist), sep = "")
  cat("Bonus:", self$bonus, "\n")
}

flow("PlaylistFlow") |>
  include_file("movie_data", default = "movies.csv", help = "a CSV file of films") |>
  parameter("genre", default = "Animation", help = "the genre of the playlist") |>
  parameter("recommendations", default = 3L, help = "how many films") |>
  step("start", \(self) self$movies <- read.csv(text = self$movie_data), next_step = c("bonus_movie", "genre_movies")) |>
  step("bonus_movie", bonus_movie, next_step = "join") |>
  step("genre_movies", genre_movies, next_step = "join") |>
  step("join", join_branches, join = TRUE, next_step = "end") |>
  step("end", print_playlist) |>
  run()

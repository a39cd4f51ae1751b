# after: tutorial_02_statistics
# files: movies.csv
from metaflow import FlowSpec, Parameter, step


class PlayListReduxFlow(FlowSpec):
    """Recommends movies from what another flow has found."""

    genre = Parameter("genre", help="Which genre.", default="Sci-Fi")
    recommendations = Parameter("recommendations", help="How many.", default=5)

    @step
    def start(self):
        from metaflow import Flow, get_metadata

        print("Using metadata provider: %s" % get_metadata())
        run = Flow("MovieStatsFlow").latest_successful_run
        print("Using analysis from '%s'" % str(run))
        self.genre_stats = run.data.genre_stats
        self.next(self.bonus_movie, self.genre_movies)

    @step
    def bonus_movie(self):
        dataframes = [
            (genre, stats["dataframe"]) for genre, stats in self.genre_stats.items() if genre != self.genre.lower()
        ]
        genre, frame = dataframes[0]
        self.bonus = (frame["movie_title"].values[0], genre)
        self.next(self.join)

    @step
    def genre_movies(self):
        frame = self.genre_stats.get(self.genre.lower())["dataframe"]
        frame = frame.sort_values("gross", ascending=False, kind="stable")
        self.movies = list(frame["movie_title"])
        self.next(self.join)

    @step
    def join(self, inputs):
        self.playlist = inputs.genre_movies.movies
        self.bonus = inputs.bonus_movie.bonus
        self.next(self.end)

    @step
    def end(self):
        print("Playlist for movies in genre '%s'" % self.genre)
        for pick, movie in enumerate(self.playlist[: self.recommendations], start=1):
            print("Pick %d: '%s'" % (pick, movie))
        print("Bonus Pick: '%s' from '%s'" % self.bonus)


if __name__ == "__main__":
    PlayListReduxFlow()

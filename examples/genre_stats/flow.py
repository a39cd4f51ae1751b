"""Box-office gross by genre: quartiles in Python, a linear model for each genre in R."""

from io import StringIO

import pandas as pd
from score import score as correlate

from pyflow import FlowSpec, IncludeFile, Parameter, catch, r_step, retry, step


class GenreStatsFlow(FlowSpec):
    """Quartiles of box-office gross by genre, and a model of gross on rating."""

    movie_data = IncludeFile("movie_data", default="movies.csv", help="a CSV file of movies")
    max_genres = Parameter("max_genres", default=5, help="how many genres, the most frequent first")

    @step
    def start(self):
        """Load the movies, one row for each movie and genre, and choose the genres."""
        movies = pd.read_csv(StringIO(self.movie_data))
        movies = movies.assign(genre=movies["genres"].str.split(", ")).explode("genre", ignore_index=True)
        counts = movies["genre"].value_counts()
        ranked = sorted(counts.index, key=lambda genre: (-counts[genre], genre))
        self.genres = ranked[: self.max_genres]
        self.movies = movies[["title", "year", "genre", "rating", "gross"]]
        self.next(self.compute_statistics, foreach="genres")

    @catch(var="compute_failed")
    @retry(times=1, minutes_between_retries=0)
    @step
    def compute_statistics(self):
        """Quartiles of one genre's gross."""
        self.genre = self.input
        self.films = self.movies[self.movies["genre"] == self.genre].reset_index(drop=True)
        quartiles = self.films["gross"].quantile([0.25, 0.5, 0.75]).tolist()
        self.stats = {"genre": self.genre, "n": len(self.films), "quartiles": quartiles}
        self.next(self.score)

    @step
    def score(self):
        """How gross goes with rating in this genre."""
        correlate(self)
        self.next(self.fit)

    fit = r_step("genre_model.R", "fit_genre", next="join")

    @step
    def join(self, inputs):
        """Gather the statistics and the coefficients of all genres."""
        self.genre_stats = {branch.genre: branch.stats for branch in inputs}
        self.coefficients = pd.concat([branch.coefficients for branch in inputs], ignore_index=True)
        self.failed = [branch.genre for branch in inputs if branch.compute_failed]
        self.model = inputs[0].model
        self.next(self.end)

    @step
    def end(self):
        """Print the table."""
        slopes = dict(zip(self.coefficients["genre"], self.coefficients["slope"], strict=True))
        print(
            f"{'genre':<12} {'films':>6} {'25 %':>8} {'median':>8} {'75 %':>8} {'correlation':>12} {'M$ per point':>13}"
        )
        for genre, stats in self.genre_stats.items():
            low, middle, high = (value / 1e6 for value in stats["quartiles"])
            print(
                f"{genre:<12} {stats['n']:>6} {low:>8.1f} {middle:>8.1f} {high:>8.1f} "
                f"{stats['correlation']:>12.2f} {slopes[genre] / 1e6:>13.1f}"
            )


if __name__ == "__main__":
    GenreStatsFlow()

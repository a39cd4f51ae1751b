from io import StringIO

import pandas as pd

from pyflow import FlowSpec, IncludeFile, r_step, step


class StatisticsFlow(FlowSpec):
    """Median gross and its trend, for each genre."""

    movie_data = IncludeFile("movie_data", default="movies.csv", help="a CSV file of films")

    @step
    def start(self):
        self.movies = pd.read_csv(StringIO(self.movie_data))
        self.genres = sorted(self.movies["genre"].unique())
        self.next(self.summarize, foreach="genres")

    @step
    def summarize(self):
        """One genre: self.input is its name."""
        self.genre = self.input
        self.films = self.movies[self.movies["genre"] == self.genre].reset_index(drop=True)
        self.median = float(self.films["gross"].median())
        self.next(self.fit)

    # A function of an R file as a step.
    fit = r_step("model.R", "fit_trend", next="join")

    @step
    def join(self, inputs):
        """All genres: one input for each."""
        rows = [{"genre": i.genre, "median": i.median / 1e6, "trend": i.trend} for i in inputs]
        self.table = pd.DataFrame(rows)
        self.next(self.end)

    @step
    def end(self):
        print(self.table.round(1).to_string(index=False))


if __name__ == "__main__":
    StatisticsFlow()

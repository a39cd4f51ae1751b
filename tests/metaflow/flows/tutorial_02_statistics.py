# files: movies.csv
from metaflow import FlowSpec, IncludeFile, step


def place(name):
    import os

    return os.path.join(os.path.dirname(os.path.abspath(__file__)), name)


class MovieStatsFlow(FlowSpec):
    """Quartiles of gross, by genre."""

    movie_data = IncludeFile("movie_data", help="The movies.", default=place("movies.csv"))

    @step
    def start(self):
        from io import StringIO

        import pandas

        self.dataframe = pandas.read_csv(StringIO(self.movie_data))
        self.genres = sorted({genre for genres in self.dataframe["genres"] for genre in genres.split("|")})
        self.next(self.compute_statistics, foreach="genres")

    @step
    def compute_statistics(self):
        self.genre = self.input
        print("Computing statistics for %s" % self.genre)
        selector = self.dataframe["genres"].apply(lambda row: self.genre in row)
        self.dataframe = self.dataframe[selector]
        self.dataframe = self.dataframe[["movie_title", "genres", "gross"]]
        points = [0.25, 0.5, 0.75]
        self.quartiles = self.dataframe["gross"].quantile(points).values
        self.next(self.join)

    @step
    def join(self, inputs):
        self.genre_stats = {
            inp.genre.lower(): {"quartiles": inp.quartiles, "dataframe": inp.dataframe} for inp in inputs
        }
        self.next(self.end)

    @step
    def end(self):
        for genre, stats in self.genre_stats.items():
            print(genre, stats["quartiles"])


if __name__ == "__main__":
    MovieStatsFlow()

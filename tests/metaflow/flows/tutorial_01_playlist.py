# files: movies.csv
# run: --genre Drama
from metaflow import FlowSpec, IncludeFile, Parameter, step


def place(name):
    import os

    return os.path.join(os.path.dirname(os.path.abspath(__file__)), name)


class PlayListFlow(FlowSpec):
    """Recommends movies of a genre, and one of another genre."""

    movie_data = IncludeFile("movie_data", help="The movies.", default=place("movies.csv"))
    genre = Parameter("genre", help="Which genre.", default="Sci-Fi")
    recommendations = Parameter("recommendations", help="How many.", default=5)

    @step
    def start(self):
        import csv
        from io import StringIO

        rows = list(csv.DictReader(StringIO(self.movie_data)))
        self.dataframe = {
            name: [row[name] for row in rows] for name in ("movie_title", "title_year", "genres", "gross")
        }
        self.next(self.bonus_movie, self.genre_movies)

    @step
    def bonus_movie(self):
        others = [
            (title, genres)
            for title, genres in zip(self.dataframe["movie_title"], self.dataframe["genres"])
            if self.genre.lower() not in genres.lower()
        ]
        self.bonus = others[len(others) // 2]
        self.next(self.join)

    @step
    def genre_movies(self):
        found = [
            (int(gross or 0), title)
            for title, genres, gross in zip(
                self.dataframe["movie_title"], self.dataframe["genres"], self.dataframe["gross"]
            )
            if self.genre.lower() in genres.lower().split("|")
        ]
        found.sort(key=lambda item: item[0], reverse=True)
        self.movies = [title for _, title in found]
        self.next(self.join)

    @step
    def join(self, inputs):
        self.playlist = inputs.genre_movies.movies
        self.bonus = inputs.bonus_movie.bonus
        self.next(self.end)

    @step
    def end(self):
        print("Playlist for movies in genre '%s'" % self.genre)
        for pick, movie in enumerate(self.playlist, start=1):
            print("Pick %d: '%s'" % (pick, movie))
            if pick >= self.recommendations:
                break
        print("Bonus Pick: '%s' from '%s'" % (self.bonus[0], self.bonus[1]))


if __name__ == "__main__":
    PlayListFlow()

from io import StringIO

import pandas as pd

from pyflow import FlowSpec, IncludeFile, Parameter, step


class PlaylistFlow(FlowSpec):
    """Films of a genre, and one of another genre as a bonus."""

    movie_data = IncludeFile("movie_data", default="movies.csv", help="a CSV file of films")
    genre = Parameter("genre", default="Animation", help="the genre of the playlist")
    recommendations = Parameter("recommendations", default=3, help="how many films")

    @step
    def start(self):
        self.movies = pd.read_csv(StringIO(self.movie_data))
        self.next(self.bonus_movie, self.genre_movies)

    @step
    def bonus_movie(self):
        """The film of other genres that made most."""
        others = self.movies[self.movies["genre"] != self.genre]
        self.bonus = others.loc[others["gross"].idxmax(), "title"]
        self.next(self.join)

    @step
    def genre_movies(self):
        """The films of the genre that made most."""
        found = self.movies[self.movies["genre"] == self.genre].sort_values("gross", ascending=False)
        self.playlist = found["title"].head(self.recommendations).tolist()
        self.next(self.join)

    @step
    def join(self, inputs):
        self.playlist = inputs.genre_movies.playlist
        self.bonus = inputs.bonus_movie.bonus
        self.next(self.end)

    @step
    def end(self):
        for place, title in enumerate(self.playlist, start=1):
            print(f"{place}. {title}")
        print(f"Bonus: {self.bonus}")


if __name__ == "__main__":
    PlaylistFlow()

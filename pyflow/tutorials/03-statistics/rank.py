def rank(self):
    """The films of a genre from the one that made most, with the share that each has."""
    films = self.films.sort_values("gross", ascending=False, ignore_index=True)
    self.best = films["title"].iloc[0]
    self.share = float(films["gross"].iloc[0] / films["gross"].sum())

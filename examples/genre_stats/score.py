"""A step in Python that both flows use: how gross goes with rating."""


def score(self):
    """Add Spearman's rank correlation of rating and gross to the genre's statistics."""
    known = self.films.dropna(subset=["rating", "gross"])
    correlation = known["rating"].rank().corr(known["gross"].rank())
    self.stats = {**self.stats, "correlation": float(correlation)}

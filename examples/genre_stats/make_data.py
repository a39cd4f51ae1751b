"""Writes movies.csv: title, year, genres, rating and gross of the films in bokeh-sampledata with known box office."""

import csv
import sqlite3
from pathlib import Path

import bokeh_sampledata

QUERY = """
SELECT omdb.Title AS title, omdb.Year AS year, omdb.Genre AS genres, tomatoes.Rating AS rating,
       tomatoes.BoxOffice AS gross
FROM omdb JOIN tomatoes ON omdb.ID = tomatoes.ID
WHERE omdb.Genre IS NOT NULL AND tomatoes.BoxOffice > 0
ORDER BY omdb.ID
"""


def main() -> None:
    source = Path(bokeh_sampledata.__file__).parent / "_data" / "movies.db"
    rows = sqlite3.connect(f"file:{source}?mode=ro", uri=True).execute(QUERY)
    target = Path(__file__).with_name("movies.csv")
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([column[0] for column in rows.description])
        writer.writerows(rows)


if __name__ == "__main__":
    main()

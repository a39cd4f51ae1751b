"""What is told of two artifacts that differ."""

from __future__ import annotations

from dataclasses import dataclass

# More parts than this are only counted.
LIMIT = 20


@dataclass(frozen=True)
class Detail:
    """A part that differs: where, what it was and is (None: it is not there), and what else can be said."""

    place: str
    before: str | None
    after: str | None
    note: str = ""


@dataclass(frozen=True)
class Difference:
    """`text` in one line; `details` by part, at most LIMIT, of `count` in all."""

    text: str
    details: tuple[Detail, ...] = ()
    count: int = 0

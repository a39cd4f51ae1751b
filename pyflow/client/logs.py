"""The logs of an attempt, line by line, with the time at which each was written.

Beside `stdout.log` and `stderr.log` lies `times.log`: lines `STREAM BYTES SECONDS`, each saying that so many bytes of
the stream had been written by then (shared_spec/store.md). Who follows the logs while the task runs writes it.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pyflow.client.items import moment

STREAMS = ("stdout", "stderr")


class LogLine(NamedTuple):
    """`time` is None where it is not known; `text` is without the line's end."""

    time: datetime | None
    stream: str
    text: str


def read_lines(folder: str) -> list[LogLine]:
    """The lines of both streams. Those of one stream are in its order; the streams are put together by time."""
    times = _times(Path(folder))
    found: list[tuple[float, LogLine]] = []
    for stream in STREAMS:
        marks, last = times.get(stream, []), 0.0
        for end, text in _ends(Path(folder) / f"{stream}.log"):
            place = bisect_left(marks, (end,))
            at = marks[place][1] if place < len(marks) else None
            last = last if at is None else at
            found.append((last, LogLine(None if at is None else moment(at), stream, text)))
    return [line for _, line in sorted(found, key=lambda item: item[0])]


def _ends(path: Path) -> list[tuple[int, str]]:
    """The lines of a file, each with the place of its end."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    found, place = [], 0
    for line in _by_newline(data):
        place += len(line)
        found.append((place, line.rstrip(b"\r\n").decode("utf-8", "replace")))
    return found


def _by_newline(data: bytes) -> list[bytes]:
    """Lines that end at a newline alone: a progress bar's carriage returns stay within its line."""
    *whole, rest = data.split(b"\n")
    return [line + b"\n" for line in whole] + ([rest] if rest else [])


def _times(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Marks (bytes, seconds) by stream, in order."""
    try:
        text = (folder / "times.log").read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    found: dict[str, list[tuple[int, float]]] = {}
    for line in text.splitlines():
        stream, _, rest = line.partition(" ")
        size, _, seconds = rest.partition(" ")
        try:
            found.setdefault(stream, []).append((int(size), float(seconds)))
        except ValueError:
            continue  # a line that is being written
    return found

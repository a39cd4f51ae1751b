"""What searches found, as tables for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from pyflow.cli import output
from pyflow.views.text import seconds_text, size_text

COLORS = {
    "success": "green",
    "caught": "yellow",
    "failed": "red",
    "crashed": "red",
    "interrupted": "yellow",
    "running": "blue",
}
Row = Mapping[str, Any]

_SHOWN: Mapping[str, Callable[[Any], str]] = {
    "created_at": lambda value: value.astimezone().strftime("%Y-%m-%d %H:%M:%S"),
    "duration": seconds_text,
    "size": size_text,
    "tags": " ".join,
    "digest": lambda value: value[:12],
    "preview": lambda value: " ".join(value.split())[:60],
}


def show(rows: Sequence[Row], columns: Sequence[str], *, as_json: bool) -> None:
    """Print the rows: as JSON with all that they have, else the columns, with a line of names above."""
    if as_json:
        output.result_json([{name: _plain(value) for name, value in row.items()} for row in rows])
        return
    table = [[_text(name, row[name]) for name in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *table, strict=True)]
    if rows:
        output.result(click.style(_line(columns, widths), bold=True))
    for row, texts in zip(rows, table, strict=True):
        output.result(_line(texts, widths, dict(zip(columns, range(len(columns)), strict=True)).get("status"), row))


def _line(texts: Sequence[str], widths: Sequence[int], status: int | None = None, row: Row | None = None) -> str:
    cells = [f"{text:<{width}}" for text, width in zip(texts, widths, strict=True)]
    if status is not None and row is not None:
        cells[status] = click.style(cells[status], fg=COLORS.get(row["status"]))
    return "  ".join(cells).rstrip()


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    shown = _SHOWN.get(name)
    if shown is not None:
        return shown(value)
    return str(value).lower() if isinstance(value, bool) else " ".join(str(value).split())


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value

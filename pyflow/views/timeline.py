"""When tasks ran, as SVG: a row for each step, a bar for each task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from pyflow.views.colors import COLORS, LINE, NOTHING
from pyflow.views.text import seconds_text

_ROW, _LABEL, _WIDTH, _TEXT = 22, 150, 640, 12
# More bars than this in a row are drawn as one, from the first start to the last end.
_MOST = 200


@dataclass(frozen=True)
class Bar:
    """A task; seconds from the start of the run."""

    start: float
    end: float
    status: str
    title: str


def svg(rows: Sequence[tuple[str, Sequence[Bar]]]) -> str:
    """`rows`: steps by name, each with its tasks; an empty text if there is nothing to draw."""
    bars = [bar for _, found in rows for bar in found]
    if not bars:
        return ""
    whole = max(max(bar.end for bar in bars), 1e-3)
    height = _ROW * len(rows) + _ROW
    width = _LABEL + _WIDTH + 20
    parts = [_row(number, name, found, whole) for number, (name, found) in enumerate(rows)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" font-family="Helvetica, Arial, sans-serif" font-size="{_TEXT}"><title>Timeline</title>'
        f"{''.join(parts)}{_axis(len(rows) * _ROW, whole)}</svg>"
    )


def _row(number: int, name: str, bars: Sequence[Bar], whole: float) -> str:
    y = number * _ROW
    shown = list(bars) if len(bars) <= _MOST else [_together(bars)]
    label = name if len(name) <= 22 else name[:21] + "…"
    text = f'<text x="{_LABEL - 8}" y="{y + 15}" text-anchor="end" fill="currentColor">{escape(label)}</text>'
    return text + "".join(_bar(y, bar, whole) for bar in shown)


def _together(bars: Sequence[Bar]) -> Bar:
    worst = next((bar.status for bar in bars if bar.status not in ("success", "caught")), bars[0].status)
    return Bar(min(b.start for b in bars), max(b.end for b in bars), worst, f"{len(bars)} tasks")


def _bar(y: int, bar: Bar, whole: float) -> str:
    x = _LABEL + bar.start / whole * _WIDTH
    width = max((bar.end - bar.start) / whole * _WIDTH, 2.0)
    fill = COLORS.get(bar.status, NOTHING)
    return (
        f'<rect x="{x:.1f}" y="{y + 3}" width="{width:.1f}" height="{_ROW - 6}" rx="3" fill="{fill}" '
        f'fill-opacity="0.6" stroke="{LINE}" stroke-width="0.7"><title>{escape(bar.title)}</title></rect>'
    )


def _axis(y: int, whole: float) -> str:
    marks = [(part, whole * part / 4) for part in range(5)]
    return "".join(
        f'<text x="{_LABEL + part / 4 * _WIDTH:.0f}" y="{y + 15}" text-anchor="middle" fill="{LINE}" font-size="11">'
        f"{seconds_text(at)}</text>"
        for part, at in marks
    )

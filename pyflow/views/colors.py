"""Colours that can be read on light and on dark pages, by status."""

from __future__ import annotations

from collections.abc import Mapping

# Boxes have these fills and dark ink whatever the page's own colours are.
COLORS: Mapping[str, str] = {
    "success": "#b7e4c7",
    "caught": "#e9d8a6",
    "failed": "#f4acb7",
    "crashed": "#f4acb7",
    "interrupted": "#ffd6a5",
    "running": "#a9d6e5",
}
NOTHING, INK, LINE = "#e9ecef", "#1b1f24", "#7b8794"

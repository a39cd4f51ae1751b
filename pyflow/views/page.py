"""Pieces of HTML: titles, tables of facts, rows of artifacts. Everything that is not ours is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from pyflow.views.colors import COLORS, INK, NOTHING

_STYLE = (
    "<style>.pyflow{font-family:Helvetica,Arial,sans-serif;font-size:13px;line-height:1.45}"
    ".pyflow table{border-collapse:collapse;margin:4px 0}"
    ".pyflow th,.pyflow td{text-align:left;padding:2px 14px 2px 0;vertical-align:top;border:0;background:none}"
    ".pyflow td{white-space:pre-wrap}.pyflow td.short{white-space:nowrap}"
    ".pyflow th{opacity:.65;font-weight:600}.pyflow h4{margin:2px 0 6px;font-size:15px}"
    ".pyflow summary{cursor:pointer;opacity:.8;margin:6px 0 2px}.pyflow .svg{overflow-x:auto}"
    ".pyflow pre{margin:4px 0;max-height:22em;overflow:auto;font-size:12px;background:none}"
    ".pyflow code{font-size:12px;background:none}</style>"
)


@dataclass(frozen=True)
class Raw:
    """HTML that is ours: it is not escaped."""

    html: str


Cell = str | Raw | None


def page(*parts: str) -> str:
    """A fragment for a notebook's cell or a viewer."""
    return f'<div class="pyflow">{_STYLE}{"".join(parts)}</div>'


def title(kind: str, name: str, status: str | None = None) -> str:
    badge = f" {status_badge(status).html}" if status else ""
    return f"<h4>{escape(kind)} {escape(name)}{badge}</h4>"


def status_badge(status: str) -> Raw:
    fill = COLORS.get(status, NOTHING)
    return Raw(
        f'<span style="background:{fill};color:{INK};border-radius:6px;padding:1px 8px;font-size:12px">'
        f"{escape(status)}</span>"
    )


def facts(pairs: Mapping[str, Cell]) -> str:
    """Names and values, those without a value left out."""
    rows = [f"<tr><th>{escape(name)}</th><td>{_cell(value)}</td></tr>" for name, value in pairs.items() if value]
    return f"<table>{''.join(rows)}</table>" if rows else ""


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(map(_data, row))}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def section(name: str, content: str, *, open: bool = True) -> str:
    """A part that can be folded; nothing if there is no content."""
    if not content:
        return ""
    unfolded = ' open="open"' if open else ""
    return f"<details{unfolded}><summary>{escape(name)}</summary>{content}</details>"


def image(svg: str) -> str:
    return f'<div class="svg">{svg}</div>' if svg else ""


def code(text: str) -> Raw:
    return Raw(f"<code>{escape(text)}</code>")


def block(text: str) -> str:
    return f"<pre>{escape(text)}</pre>" if text else ""


def document(name: str, fragment: str) -> str:
    """A whole page, for a browser or a viewer."""
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{escape(name)}</title>'
        f'<meta name="color-scheme" content="light dark"></head><body>{fragment}</body></html>'
    )


def _data(value: Cell) -> str:
    kind = ' class="short"' if isinstance(value, str) and len(value) < 24 else ""
    return f"<td{kind}>{_cell(value)}</td>"


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    return value.html if isinstance(value, Raw) else escape(value)

"""Descriptions of R values, in the form of describe.R: type, values, attributes."""

from __future__ import annotations

import struct
from typing import Any

# What the contract leaves open.
ANY = "any"
NA = "NA"

Seen = dict[str, Any]


def seen(kind: str, values: Any, **attributes: Any) -> Seen:
    return {"t": kind, "v": values, "a": {k: v for k, v in attributes.items() if v is not None}}


NULL = seen("NULL", None)
PROXY = seen("proxy", ANY)


def text(*values: str | None) -> Seen:
    return seen("character", list(values))


def with_class(value: Seen, *names: str) -> Seen:
    return {**value, "a": {**value["a"], "class": text(*names)}}


def is_na(value: float) -> bool:
    """Whether a float is R's NA_real_."""
    return value != value and struct.unpack("<I", struct.pack("<d", value)[:4])[0] == 1954


def double(value: float | None) -> str:
    """A double as describe.R shows it, in Python's notation of hexadecimal numbers."""
    if value is None or is_na(value):
        return NA
    return "NaN" if value != value else float(value).hex()

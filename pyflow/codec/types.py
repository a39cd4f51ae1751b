"""Logical types (shared_spec/artifact.md, section 2): what an Arrow column means, as frozen data.

Pure: parse, write, and the Arrow type that a logical type fixes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import pyarrow as pa

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float32", "float64")
UNITS = ("s", "ms", "us", "ns")
PLAIN = ("null", "bool", *INTEGERS, *FLOATS, "complex128", "bigint", "string", "bytes", "date", "time")


@dataclass(frozen=True)
class Logical:
    """One logical type. `python` and `r` are hints of one language: (key, value) pairs, sorted by key."""

    type: str
    unit: str | None = None
    tz: str | None = None
    units: str | None = None
    precision: int = 0
    scale: int = 0
    ordered: bool = False
    levels: Logical | None = None
    item: Logical | None = None
    fields: tuple[tuple[str, Logical], ...] = ()
    python: tuple[tuple[str, Any], ...] = ()
    r: str = ""

    def hint(self, key: str, default: Any = None) -> Any:
        """A hint that Python wrote for itself, such as the `dtype` of a column."""
        for name, value in self.python:
            if name == key:
                return value
        return default

    def details(self, key: str) -> Any:
        """A hint as the JSON that it is in the file."""
        return _thaw(self.hint(key))

    def hinted(self, **hints: Any) -> Logical:
        """This type with more hints for Python; a hint of None is left out."""
        known = dict(self.python) | {key: _freeze(value) for key, value in hints.items() if value is not None}
        return replace(self, python=tuple(sorted(known.items())))

    @property
    def r_class(self) -> tuple[str, ...]:
        """The class that R gives the values beside what the type itself makes."""
        return tuple(json.loads(self.r).get("class", ())) if self.r else ()

    @property
    def inner(self) -> tuple[Logical, ...]:
        """The types of a list's items or a struct's fields."""
        return (self.item,) if self.item is not None else tuple(field for _, field in self.fields)

    @property
    def repeats_names(self) -> bool:
        """Whether fields of a struct have one name, in it or further in."""
        names = [name for name, _ in self.fields]
        return len({*names}) < len(names) or any(part.repeats_names for part in self.inner)

    @property
    def plain(self) -> Logical:
        """This type without hints."""
        return replace(self, python=(), r="")

    @property
    def shares_pool(self) -> bool:
        """Whether leaves of this type may lie in one pool: levels belong to one factor alone."""
        return self.levels is None and (self.item is None or self.item.shares_pool) and not self.fields


BOOL, INT64, FLOAT64, STRING = Logical("bool"), Logical("int64"), Logical("float64"), Logical("string")
NULL, BYTES, BIGINT, COMPLEX128 = Logical("null"), Logical("bytes"), Logical("bigint"), Logical("complex128")
DATE, TIME = Logical("date"), Logical("time")
INT32, UINT64 = Logical("int32"), Logical("uint64")


def canonical_json(data: Any) -> str:
    """JSON with sorted keys and no white space, so that equal data is equal text."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@lru_cache(maxsize=1024)
def to_json_text(logical: Logical) -> str:
    """Canonical JSON of a logical type."""
    return canonical_json(to_json(logical))


def to_json(logical: Logical) -> dict[str, Any]:
    """The JSON object of a logical type."""
    kind = logical.type
    data: dict[str, Any] = {"type": kind}
    if kind == "decimal":
        data |= {"precision": logical.precision, "scale": logical.scale}
    elif kind == "timestamp":
        data |= {"unit": logical.unit, "tz": logical.tz}
    elif kind == "duration":
        data["unit"] = logical.unit
        if logical.units is not None:
            data["units"] = logical.units
    elif kind == "category":
        data |= {"ordered": logical.ordered, "levels": to_json(_required(logical.levels))}
    elif kind == "list":
        data["item"] = to_json(_required(logical.item))
    elif kind == "struct":
        data["fields"] = [[name, to_json(field)] for name, field in logical.fields]
    if logical.python:
        data["python"] = {key: _thaw(value) for key, value in logical.python}
    if logical.r:
        data["r"] = json.loads(logical.r)
    return data


def parse_logical(data: Mapping[str, Any]) -> Logical:
    """A logical type from its JSON object; raises ValueError when it is none."""
    try:
        return _parse(data)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a logical type: {data!r:.200} ({error})") from error


def _parse(data: Mapping[str, Any]) -> Logical:
    kind = data["type"]
    hints = tuple(sorted((key, _freeze(value)) for key, value in data.get("python", {}).items()))
    foreign = canonical_json(data["r"]) if "r" in data else ""
    logical = Logical(kind, python=hints, r=foreign)
    if kind in PLAIN:
        return logical
    if kind == "decimal":
        return replace(logical, precision=int(data["precision"]), scale=int(data["scale"]))
    if kind == "timestamp":
        return replace(logical, unit=_unit(data["unit"]), tz=data.get("tz"))
    if kind == "duration":
        return replace(logical, unit=_unit(data["unit"]), units=data.get("units"))
    if kind == "category":
        return replace(logical, ordered=bool(data["ordered"]), levels=_parse(data["levels"]))
    if kind == "list":
        return replace(logical, item=_parse(data["item"]))
    if kind == "struct":
        return replace(logical, fields=tuple((str(name), _parse(field)) for name, field in data["fields"]))
    raise ValueError(f"unknown logical type {kind!r}")


def _unit(unit: str) -> str:
    if unit not in UNITS:
        raise ValueError(f"unknown time unit {unit!r}")
    return unit


def _required(part: Logical | None) -> Logical:
    if part is None:
        raise ValueError("a category needs levels, a list needs an item type")
    return part


def _freeze(value: Any) -> Any:
    """JSON values made hashable."""
    if isinstance(value, list):
        return tuple(_freeze(item) for item in value)
    if isinstance(value, dict):
        return _Frozen((key, _freeze(item)) for key, item in sorted(value.items()))
    return value


class _Frozen(tuple[Any, ...]):
    """The pairs of a JSON object; a type of its own so that it is not taken for an array."""


def _thaw(value: Any) -> Any:
    if isinstance(value, _Frozen):
        return {key: _thaw(item) for key, item in value}
    if isinstance(value, tuple):
        return [_thaw(item) for item in value]
    return value


_ARROW = {
    "null": pa.null(),
    "bool": pa.bool_(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "complex128": pa.struct([("re", pa.float64()), ("im", pa.float64())]),
    "bigint": pa.large_utf8(),
    "string": pa.large_utf8(),
    "bytes": pa.large_binary(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    **{name: getattr(pa, name)() for name in INTEGERS},
}


@lru_cache(maxsize=1024)
def arrow_type(logical: Logical) -> pa.DataType:
    """The Arrow type that holds values of this logical type; raises ValueError for impossible parameters."""
    known = _ARROW.get(logical.type)
    if known is not None:
        return known
    if logical.type == "decimal":
        return pa.decimal128(logical.precision, logical.scale)
    if logical.type == "timestamp":
        return pa.timestamp(logical.unit, tz="UTC" if logical.tz == "" else logical.tz)
    if logical.type == "duration":
        return pa.duration(logical.unit)
    if logical.type == "category":
        return pa.dictionary(pa.int32(), arrow_type(_required(logical.levels)), ordered=logical.ordered)
    if logical.type == "list":
        return pa.large_list(arrow_type(_required(logical.item)))
    return pa.struct([(name, arrow_type(field)) for name, field in logical.fields])

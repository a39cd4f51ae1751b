"""Whether an R value and what a Python step made of it say the same, though types may have changed as the contract allows.

Each rule is one change that shared_spec/artifact.md announces in its tables of types; everything else is a difference,
unless reading or writing announced it with the value.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.properties.description import ANY, NA, NULL, Seen, seen, text

# The announcements that may go with a lost attribute; names have their own.
_DROPPED = ("attributes_dropped", "class_dropped")
_NAMES_DROPPED = ("names_dropped", "names_repeated", "attributes_dropped")
_TABLES = {"tbl_df", "data.table"}
_NAN = seen("double", ["NaN"])
_INSTANT = {"class": text("POSIXct", "POSIXt")}
_NUMBERS = ("integer", "double", "integer64")
_SECONDS = {"secs": 1, "mins": 60, "hours": 3600, "days": 86400, "weeks": 604800}


@dataclass(frozen=True)
class Change:
    """A difference at a place, and the announcements that excuse it."""

    text: str
    excuses: tuple[str, ...] = ()


def differences(first: Seen, second: Seen, place: str = "") -> list[Change]:
    """Where they are not the same and no rule says why."""
    if first == second or ANY in (first, second) or first["t"] == second["t"] == "proxy":
        return []
    if _missing(first, second):
        return [Change(f"{place}: a missing {first['t']} became NULL", ("missing_as_none",))]
    if _repeated(first) and second["t"] == "list":
        return [Change(f"{place}: repeated names", _NAMES_DROPPED)]
    if first["t"] == "POSIXlt":
        first = {**first, "t": "double", "a": {**first["a"], **_INSTANT}}
    return [*_attributes(first, second, place), *_values(first, second, place)]


def _repeated(value: Seen) -> bool:
    names = (value["a"] or {}).get("names")
    return value["t"] == "list" and bool(names) and len(set(names["v"])) < len(names["v"]) and not _classes(value)


def _missing(first: Seen, second: Seen) -> bool:
    """A missing scalar is None in Python, and None is NULL in R."""
    values = first["v"]
    gone = isinstance(values, list) and len(values) == 1 and values[0] in (None, NA, [NA, NA])
    return gone and first["t"] != "list" and second == NULL


def _values(first: Seen, second: Seen, place: str) -> list[Change]:
    left, right = first["v"], second["v"]
    if first["t"] in _NUMBERS and second["t"] in _NUMBERS:
        return _numbers(first, second, place)
    if "dim" in first["a"] and _singles(first, second):
        return _each(first, {**second, "a": {}}, place)
    if first["t"] != second["t"] or type(left) is not type(right):
        return [Change(f"{place}: {first['t']} became {second['t']}")]
    if not isinstance(left, list):
        return [] if left == right else [Change(f"{place}: {left!r:.80} became {right!r:.80}")]
    if len(left) != len(right):
        return [Change(f"{place}: length {len(left)} became {len(right)}")]
    if first["t"] == "list":
        below = _column if "data.frame" in _classes(first) else differences
        return [
            change for n, (a, b) in enumerate(zip(left, right, strict=True)) for change in below(a, b, f"{place}[{n}]")
        ]
    return [] if left == right else [Change(f"{place}: {left!r:.80} became {right!r:.80}")]


def _column(first: Seen, second: Seen, place: str) -> list[Change]:
    """A column of vectors is one of lists in Python, a nested table one of dictionaries."""
    if not first["a"] and _singles(first, second):
        return _each(first, second, place)
    if second["t"] != "list" or _classes(second) or first["t"] != "list":
        return differences(first, second, place)
    if "data.frame" in _classes(first):
        return _table(_rows(first), second["v"], place)
    elif not _classes(first):
        pairs = zip(first["v"], second["v"], strict=False)
        first = {**first, "v": [b if _none(a, b) else _items(a, b) for a, b in pairs]}
    return differences(first, second, place)


def _singles(first: Seen, second: Seen) -> bool:
    """A column or matrix of single values of one type is a vector of them; there NULL and NaN are missing."""
    return first["t"] == "list" and second["t"] != "list" and len(first["v"]) == len(_cells(second))


def _each(first: Seen, second: Seen, place: str) -> list[Change]:
    pairs = zip(first["v"], _cells(second), strict=True)
    return [
        change for n, (a, b) in enumerate(pairs) if not _none(a, b) for change in differences(a, b, f"{place}[{n}]")
    ]


def _none(first: Seen, second: Seen) -> bool:
    return first in (NULL, _NAN) and (second == NULL or second["v"] in ([None], [NA], [[NA, NA]]))


def _table(rows: list[Seen], others: list[Seen], place: str) -> list[Change]:
    """Rows, each a list with the names of the columns."""
    if len(rows) != len(others):
        return [Change(f"{place}: {len(rows)} rows became {len(others)}")]
    return [change for n, (a, b) in enumerate(zip(rows, others, strict=True)) for change in _row(a, b, f"{place}[{n}]")]


def _row(row: Seen, other: Seen, place: str) -> list[Change]:
    if not row["a"] or _classes(row) or _repeated(row) or other["t"] != "list" or len(row["v"]) != len(other["v"]):
        return differences(_items(row, other), other, place)
    cells = _table(row["v"], other["v"], place)
    return [*_attributes(row, other, place), *cells]


def _items(cell: Seen, other: Seen) -> Seen:
    """A vector as a list, if the other is one."""
    vector = cell["t"] in (*_NUMBERS, "logical", "character", "complex") and not cell["a"] and not other["a"]
    return seen("list", _cells(cell)) if vector and other["t"] == "list" else cell


def _rows(table: Seen) -> list[Seen]:
    """A table by rows."""
    names, columns = table["a"]["names"], [_cells(column) for column in table["v"]]
    count = table["a"]["row.names"]["v"]
    rows = -count[0] if len(count) == 1 and isinstance(count[0], int) and count[0] <= 0 else len(count)
    return [seen("list", [column[row] for column in columns], names=names) for row in range(rows)]


def _cells(column: Seen) -> list[Seen]:
    """Each element alone; a factor's is text."""
    if "data.frame" in _classes(column):
        return _rows(column)
    levels = (column["a"] or {}).get("levels")
    if levels:
        return [text(None if code is None else levels["v"][code - 1]) for code in column["v"]]
    rest = {key: value for key, value in (column["a"] or {}).items() if key != "names"}
    if column["t"] == "list":
        return column["v"]
    return [{"t": column["t"], "v": [value], "a": rest} for value in column["v"]]


def _numbers(first: Seen, second: Seen, place: str) -> list[Change]:
    """Whole numbers may arrive as doubles, spans in other units."""
    moment = {"POSIXct", "difftime"} & {*_classes(first)}
    excuses = ("timestamp_precision",) if moment else ()
    ratio = Fraction(_unit(first), _unit(second))
    left, right = ([_number(value) for value in side["v"]] for side in (first, second))
    if ratio != 1:
        # Microseconds of a span, counted in other units.
        left, right = ([_rounded(value, factor) for value in side] for side, factor in ((left, ratio), (right, 1)))
    return [] if left == right else [Change(f"{place}: {first['v']!r:.120} became {second['v']!r:.120}", excuses)]


def _rounded(value: Any, factor: Fraction | int) -> Any:
    return round(value * factor, 6) if isinstance(value, Fraction) else value


def _unit(value: Seen) -> int:
    found = value["a"].get("units") if value["a"] else None
    return _SECONDS.get(found["v"][0], 1) if found and _classes(value)[-1:] == ["difftime"] else 1


def _number(value: Any) -> Any:
    if value in (None, NA):
        return NA
    if isinstance(value, str) and ("x" in value or value in ("NaN", "inf", "-inf")):
        found = float.fromhex(value) if value != "NaN" else float("nan")
        return Fraction(found) if abs(found) < float("inf") and (found or str(found) == "0.0") else str(found)
    return Fraction(int(value))


def _classes(value: Seen) -> list[str]:
    found = (value["a"] or {}).get("class")
    return found["v"] if found else []


def _attributes(first: Seen, second: Seen, place: str) -> list[Change]:
    left, right = dict(first["a"] or {}), dict(second["a"] or {})
    changes = []
    if _classes(first)[:1] == ["AsIs"]:
        # I(x) is a vector that stays one; in Python every array does.
        left["class"] = {**left["class"], "v": _classes(first)[1:]}
        left = {key: value for key, value in left.items() if key != "class" or value["v"]}
    if "POSIXct" in _classes(first) and _no_zone(left.get("tzone")):
        # An instant without a zone is shown in UTC.
        left["tzone"] = right.get("tzone")
    if left.get("dim") and len(left["dim"]["v"]) == 1:
        # An array of one dimension is a vector.
        del left["dim"]
    if left.get("dimnames") and all(level == NULL for level in left["dimnames"]["v"]):
        del left["dimnames"]
    if _TABLES & {*_classes(first)} and _classes(second) == ["data.frame"]:
        # A tibble is a data frame in Python.
        left["class"] = right["class"]
    if "difftime" in _classes(first):
        left["units"] = right.get("units")
    for name in sorted({*left, *right}):
        a, b = left.get(name), right.get(name)
        if a is None or b is None:
            excuses = _NAMES_DROPPED if name in ("names", "dimnames", "row.names") else _DROPPED
            changes.append(Change(f"{place}@{name}: {'new' if a is None else 'lost'}: {a or b!r:.80}", excuses))
        elif a != b:
            changes += differences(a, b, f"{place}@{name}")
    return changes


def _no_zone(zone: Seen | None) -> bool:
    return zone is None or zone["v"] == [""]

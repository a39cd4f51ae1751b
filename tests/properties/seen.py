"""What R sees of a Python value, by the contract (shared_spec/artifact.md) and without the codec's help.

`Model().value(x)` gives the same description as describe.R gives of what R read, and collects the codes of the
announcements that must come with it. `ANY` stands for parts that the contract leaves open.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import math
import types
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from pyflow.codec.native import NativeProxy
from tests.properties.description import ANY, NA, NULL, PROXY, Seen, double, is_na, seen, text, with_class

INT32 = 2**31 - 1
EXACT = 2**53
UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
EPOCH = dt.datetime(1970, 1, 1)


class Refused(Exception):
    """R cannot hold the value and must say so: the code of its error."""


class Model:
    """Sees one value; `announced` are the codes of what must be announced with it, `perhaps` those that may be."""

    def __init__(self) -> None:
        self.announced: set[str] = set()
        self.perhaps: set[str] = set()

    # Vectors: a list of values, None for missing, becomes a description.

    def logicals(self, values: Iterable[bool | None]) -> Seen:
        return seen("logical", [None if v is None else bool(v) for v in values])

    def doubles(self, values: Iterable[float | None]) -> Seen:
        return seen("double", [double(v) for v in values])

    def small(self, values: list[int | None]) -> Seen:
        """Integers of at most 32 bits; the lowest has no place in R's integer."""
        if any(v == -INT32 - 1 for v in values if v is not None):
            return self.doubles(values)
        return seen("integer", [None if v is None else int(v) for v in values])

    def whole(self, values: list[int | None]) -> Seen:
        """Integers of more bits."""
        if all(v is None or -EXACT <= v <= EXACT for v in values):
            return self.doubles(values)
        if any(v is not None and not -(2**63) < v < 2**63 for v in values):
            raise Refused("integer_precision")
        return seen("integer64", [None if v is None else str(v) for v in values])

    def texts(self, values: list[str | None]) -> Seen:
        if any("\0" in v for v in values if v is not None):
            raise Refused("artifact_unsupported")
        return seen("character", list(values))

    def complexes(self, values: Iterable[complex | None]) -> Seen:
        return seen("complex", [[NA, NA] if v is None else [double(v.real), double(v.imag)] for v in values])

    def raws(self, values: list[bytes | None]) -> Seen:
        return seen("list", [NULL if v is None else self.raw(v) for v in values])

    def raw(self, value: bytes) -> Seen:
        return seen("raw", [value.hex()])

    def dates(self, days: Iterable[int | None]) -> Seen:
        return with_class(self.doubles(days), "Date")

    def ticks(self, values: Iterable[int | None], unit: str) -> list[float | None]:
        """Seconds of what is counted in a unit; what is not the nearest of doubles is announced."""
        per = UNITS[unit]
        found: list[float | None] = []
        for value in values:
            if value is None:
                found.append(None)
                continue
            # Beyond 2^53 R divides long doubles, which may miss the nearest double by one.
            number = value / per if abs(value) <= EXACT else float(np.longdouble(value) / per)
            if abs(value) > EXACT // 4:
                # R's own arithmetic may be a tick away.
                self.perhaps.add("timestamp_precision")
            if round(Fraction(number) * per) != value:
                self.announced.add("timestamp_precision")
            found.append(number)
        return found

    def instants(self, values: Iterable[int | None], unit: str, zone: str | None) -> Seen:
        """`zone` None is naive, "" an instant without a zone."""
        numbers = with_class(self.doubles(self.ticks(values, unit)), "POSIXct", "POSIXt")
        if zone != "":
            numbers["a"]["tzone"] = text("UTC" if zone is None else zone)
        return numbers

    def spans(self, values: Iterable[int | None], unit: str) -> Seen:
        numbers = with_class(self.doubles(self.ticks(values, unit)), "difftime")
        numbers["a"]["units"] = text("secs")
        return numbers

    def decimals(self, values: list[Decimal | None]) -> Seen:
        """The nearest doubles; announced where these do not show the same digits."""
        for value in values:
            if value is not None and f"{float(value):.{max(-int(value.as_tuple().exponent), 0)}f}" != f"{value:f}":
                self.announced.add("decimal_precision")
        return self.doubles(None if v is None else float(v) for v in values)

    def clock(self, values: list[dt.time | None]) -> Seen:
        if values:
            self.announced.add("time_as_text")
        return self.texts([None if v is None else v.isoformat() for v in values])

    # Scalars.

    def value(self, value: Any) -> Seen:
        kind = type(value)
        scalar = SCALARS.get(kind)
        if scalar is not None:
            return scalar(self, value)
        if value is None:
            return NULL
        if isinstance(value, NativeProxy):
            # An object of R is what it was.
            return ANY
        if kind in (list, tuple, set, frozenset, range):
            return self.sequence(value)
        if isinstance(value, defaultdict):
            self.announced.add("class_dropped")
        if isinstance(value, dict):
            return self.mapping(value)
        if isinstance(value, np.ndarray):
            return self.array(value)
        if isinstance(value, np.generic):
            return self.numpy_scalar(value)
        library = LIBRARIES.get(kind.__module__.partition(".")[0])
        if library is not None:
            return library(self, value)
        if dataclasses.is_dataclass(value) or isinstance(value, tuple | enum.Enum | types.SimpleNamespace):
            return self.object(value)
        return PROXY

    def object(self, value: Any) -> Seen:
        """An object whose data are plain is its data."""
        self.announced.add("class_dropped")
        if isinstance(value, enum.Enum):
            return self.value(value.value if isinstance(value, int | str) else value.name)
        return self.mapping(value._asdict() if isinstance(value, tuple) else vars(value))

    def sequence(self, value: Any) -> Seen:
        """A list; items that are all int in 64 bits are packed, and of one type in R too."""
        if type(value) is range and not value:
            return PROXY
        items = sorted(value) if isinstance(value, set | frozenset) else list(value)
        packed = all(type(item) is int and -(2**63) <= item < 2**63 for item in items)
        if not packed:
            return seen("list", [self.value(item) for item in items])
        fits = all(-INT32 <= item <= INT32 for item in items)
        found = self.small(items) if fits else self.whole(items)
        return seen("list", [seen(found["t"], [item]) for item in found["v"]])

    def integer(self, value: int) -> Seen:
        """One number alone is an integer where it fits."""
        if -(2**63) <= value < 2**63:
            return self.small([value]) if -INT32 <= value <= INT32 else self.whole([value])
        self.announced.add("bigint_as_text")
        return self.texts([str(value)])

    def moment(self, value: dt.datetime) -> Seen:
        if value.tzinfo is None and value.fold:
            return PROXY
        if value.tzinfo is None:
            return self.instants([_microseconds(value - EPOCH)], "us", None)
        if not 1 < value.year < dt.MAXYEAR:
            return PROXY
        since = value - EPOCH.replace(tzinfo=dt.UTC)
        return self.instants([_microseconds(since)], "us", zone_name(value.tzinfo))

    def time(self, value: dt.time) -> Seen:
        return PROXY if value.fold or value.tzinfo else self.clock([value])

    def span(self, value: dt.timedelta) -> Seen:
        ticks = _microseconds(value)
        return self.spans([ticks], "us") if -(2**63) <= ticks < 2**63 else PROXY

    def decimal(self, value: Decimal) -> Seen:
        return self.decimals([value]) if fits_decimal(value) else PROXY

    def mapping(self, value: Mapping[Any, Any]) -> Seen:
        if all(type(key) is str for key in value):
            for key in value:
                if "\0" in key:
                    raise Refused("artifact_corrupt")
            return seen("list", [self.value(item) for item in value.values()], names=text(*value))
        pairs = [[self.value(key), self.value(item)] for key, item in value.items()]
        return seen("list", [seen("list", pair, names=text("key", "value")) for pair in pairs])

    def numpy_scalar(self, value: np.generic) -> Seen:
        found = self.elements(np.array([value]))
        if found["t"] == "list":
            return found["v"][0]
        if value.dtype == np.int64 and -INT32 <= int(value) <= INT32:
            return self.small([int(value)])
        return found

    # Arrays.

    def array(self, value: np.ndarray[Any, Any]) -> Seen:
        if value.dtype == object:
            return self.objects(value)
        order = value.reshape(-1, order="F")
        missing = np.ma.getmaskarray(order) if isinstance(order, np.ma.MaskedArray) else None
        found = self.elements(np.asarray(order), missing)
        return found if value.ndim <= 1 else {**found, "a": {**found["a"], "dim": self.small(list(value.shape))}}

    def elements(self, values: np.ndarray[Any, Any], missing: np.ndarray[Any, Any] | None = None) -> Seen:
        """One-dimensional, of one dtype."""
        kind = values.dtype.kind
        items = values.tolist()
        if kind in "Mm":
            items = values.astype(np.int64).tolist()
            nat = np.isnat(values)
            missing = nat if missing is None else missing | nat
        if missing is not None:
            items = [None if gone else item for item, gone in zip(items, missing, strict=True)]
        if kind in "Mm":
            return self.numpy_ticks(values.dtype, items)
        if kind in "iu":
            wide = values.dtype.itemsize == 8 or (kind == "u" and values.dtype.itemsize == 4)
            return self.whole(items) if wide else self.small(items)
        if kind == "V":
            return self.table(values)
        makers: Mapping[str, Callable[[Any], Seen]] = {
            "b": self.logicals,
            "f": self.doubles,
            "c": self.complexes,
            "U": self.texts,
            "S": self.raws,
        }
        return makers[kind](items)

    def table(self, values: np.ndarray[Any, Any]) -> Seen:
        """A structured array is a data frame."""
        names = values.dtype.names or ()
        columns = [self.elements(np.ascontiguousarray(values[name])) for name in names]
        found = with_class(seen("list", columns, names=text(*names)), "data.frame")
        return {**found, "a": {**found["a"], "row.names": self.small([-len(values)])}}

    def numpy_ticks(self, dtype: np.dtype[Any], items: list[int | None]) -> Seen:
        unit, _ = np.datetime_data(dtype)
        if unit in UNITS:
            return self.instants(items, unit, None) if dtype.kind == "M" else self.spans(items, unit)
        to = "D" if dtype.kind == "M" and unit in "YMWD" else "s"
        changed = [
            None if v is None else int(np.array(v, dtype.str[1:]).astype(f"{dtype.kind}8[{to}]").astype(int))
            for v in items
        ]
        if to == "D":
            return self.dates(changed)
        return self.instants(changed, "s", None) if dtype.kind == "M" else self.spans(changed, "s")

    def objects(self, value: np.ndarray[Any, Any]) -> Seen:
        """One exact scalar type with None for missing is a vector of it, anything else a list."""
        flat = value.reshape(-1, order="F").tolist()
        found = self.column(flat)
        return found if value.ndim <= 1 else {**found, "a": {**found["a"], "dim": self.small(list(value.shape))}}

    def column(self, items: list[Any]) -> Seen:
        kinds = {type(item) for item in items if item is not None}
        if (
            len(kinds) == 2
            and float in kinds
            and kinds <= VECTORS.keys()
            and all(double(item) == "NaN" and math.copysign(1, item) > 0 for item in items if type(item) is float)
        ):
            kinds.discard(float)
            items = [None if type(item) is float else item for item in items]
        if len(kinds) == 1:
            vector = VECTORS.get(kinds.pop())
            odd = vector is VECTORS[float] and any(item is not None and is_na(item) for item in items)
            found = vector(self, items) if vector and not odd else None
            if found is not None:
                return found
        return seen("list", [self.value(item) for item in items])


def zone_name(zone: dt.tzinfo) -> str:
    if zone is dt.UTC:
        return "UTC"
    if isinstance(zone, dt.timezone):
        minutes = zone.utcoffset(None) // dt.timedelta(minutes=1)
        return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    return str(getattr(zone, "key", None) or getattr(zone, "zone", zone))


def _days(value: dt.date) -> int:
    return value.toordinal() - EPOCH.date().toordinal()


def _microseconds(value: dt.timedelta) -> int:
    return value // dt.timedelta(microseconds=1)


def fits_decimal(value: Decimal) -> bool:
    """Whether it has at most 38 digits and is a number that is not the negative zero."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or (sign and not value):
        return False
    return max(len(digits), -exponent, 1) <= 38 and exponent <= 38


def _integers(model: Model, items: list[int | None]) -> Seen | None:
    fits = all(item is None or -(2**63) <= item < 2**63 for item in items)
    return model.whole(items) if fits else None


def _decimals(model: Model, items: list[Decimal | None]) -> Seen | None:
    """Of one scale; a list where 38 digits are too few for it."""
    known = [item for item in items if item is not None]
    if not all(map(fits_decimal, known)):
        return None
    scale = max(-int(item.as_tuple().exponent) for item in known)
    digits = max(len(item.as_tuple().digits) + int(item.as_tuple().exponent) for item in known)
    return model.decimals(items) if max(digits, 0) + scale <= 38 and digits <= 38 else None


def _clock(model: Model, items: list[dt.time | None]) -> Seen | None:
    odd = any(item is not None and (item.fold or item.tzinfo) for item in items)
    return None if odd else model.clock(items)


def _spans(model: Model, items: list[dt.timedelta | None]) -> Seen | None:
    ticks = [None if item is None else _microseconds(item) for item in items]
    fits = all(tick is None or -(2**63) <= tick < 2**63 for tick in ticks)
    return model.spans(ticks, "us") if fits else None


def _moments(model: Model, items: list[dt.datetime | None]) -> Seen | None:
    zones = {item.tzinfo for item in items if item is not None}
    if len(zones) != 1:
        return None
    zone = zones.pop()
    if any(item.fold if zone is None else not 1 < item.year < dt.MAXYEAR for item in items if item is not None):
        return None
    epoch = EPOCH.replace(tzinfo=None if zone is None else dt.UTC)
    ticks = [None if item is None else _microseconds(item - epoch) for item in items]
    return model.instants(ticks, "us", None if zone is None else zone_name(zone))


SCALARS: Mapping[type, Callable[[Model, Any], Seen]] = {
    bool: lambda model, value: model.logicals([value]),
    int: Model.integer,
    float: lambda model, value: model.doubles([value]),
    complex: lambda model, value: model.complexes([value]),
    str: lambda model, value: model.texts([value]),
    bytes: Model.raw,
    bytearray: lambda model, value: model.raw(bytes(value)),
    dt.date: lambda model, value: model.dates([_days(value)]),
    dt.datetime: Model.moment,
    dt.time: Model.time,
    dt.timedelta: Model.span,
    Decimal: Model.decimal,
}
VECTORS: Mapping[type, Callable[[Model, Any], Seen | None]] = {
    bool: Model.logicals,
    int: _integers,
    float: Model.doubles,
    complex: Model.complexes,
    str: Model.texts,
    bytes: Model.raws,
    dt.date: lambda model, items: model.dates(None if v is None else _days(v) for v in items),
    dt.datetime: _moments,
    dt.time: _clock,
    dt.timedelta: _spans,
    Decimal: _decimals,
}


def _pandas(model: Model, value: Any) -> Seen:
    from tests.properties.seen_pandas import pandas_value

    return pandas_value(model, value)


def _scipy(model: Model, value: Any) -> Seen:
    """A matrix of the package Matrix, by its dense values."""
    letter = {"csc": "C", "csr": "R", "coo": "T"}[value.format]
    dense = model.array(np.asarray(value.todense()))
    return {**dense, "t": f"dg{letter}Matrix"}


def _arrow(model: Model, value: Any) -> Seen:
    """A table of Arrow, by columns."""
    from tests.properties.seen_pandas import arrow_table

    return arrow_table(model, value)


LIBRARIES: Mapping[str, Callable[[Model, Any], Seen]] = {"pandas": _pandas, "scipy": _scipy, "pyarrow": _arrow}

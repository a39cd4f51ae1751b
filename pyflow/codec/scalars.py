"""Scalars <-> storage values: one writer for each exact Python type, one reader for each logical type.

A writer gives (logical type, storage value, attr), or None when the format cannot hold the value exactly.
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from pyflow.codec.lazy import pandas, pytz
from pyflow.codec.types import (
    BIGINT,
    BOOL,
    BYTES,
    COMPLEX128,
    DATE,
    FLOAT64,
    INT64,
    STRING,
    TIME,
    Logical,
    canonical_json,
)
from pyflow.spec.errors import ArtifactError

Scalar = tuple[Logical, Any, str | None]

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
_EPOCH = dt.datetime(1970, 1, 1)
_EPOCH_UTC = _EPOCH.replace(tzinfo=dt.UTC)
_EPOCH_DAY = _EPOCH.date().toordinal()
_MICROSECOND = dt.timedelta(microseconds=1)
_MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}
_MAX_DIGITS = 38
NA_REAL: float = struct.unpack("<d", struct.pack("<Q", 0x7FF0_0000_0000_07A2))[0]

DURATION = Logical("duration", unit="us")
NAIVE = Logical("timestamp", unit="us")


def is_na_real(value: float) -> bool:
    """Whether a float is R's NA_real_."""
    return value != value and struct.unpack("<I", struct.pack("<d", value)[:4])[0] == 1954


def python_class(name: str) -> str:
    """The attr of a node that holds a class of Python."""
    return canonical_json({"class": {"python": name}})


def _write_int(value: int) -> Scalar:
    if INT64_MIN <= value <= INT64_MAX:
        return INT64, value, None
    # Hexadecimal goes through, whatever sys.set_int_max_str_digits says; Decimal makes digits of it.
    return BIGINT, bigint_text(value), None


def bigint_text(value: int) -> str:
    """All digits, also where str() refuses because they are many."""
    if value.bit_length() < 10_000:
        return str(value)
    half = value.bit_length() * 3 // 20
    high, low = divmod(abs(value), 10**half)
    return ("-" if value < 0 else "") + bigint_text(high) + bigint_text(low).rjust(half, "0")


def bigint_value(text: str) -> int:
    """The inverse of bigint_text; raises ValueError for anything else than digits."""
    if len(text) < 3_000:
        return int(text)
    half = len(text) // 2
    sign = -1 if text.startswith("-") else 1
    digits = text.removeprefix("-")
    high, low = digits[: len(digits) - half], digits[len(digits) - half :]
    return sign * (bigint_value(high) * 10**half + bigint_value(low))


def _write_float(value: float) -> Scalar:
    return FLOAT64, None if value != value and is_na_real(value) else value, None


def _write_text(value: str) -> Scalar | None:
    try:
        value.encode()
    except UnicodeEncodeError:
        return None
    return STRING, value, None


def _write_date(value: dt.date) -> Scalar:
    return DATE, value.toordinal() - _EPOCH_DAY, None


def _write_datetime(value: dt.datetime) -> Scalar | None:
    if value.tzinfo is None:
        return None if value.fold else (NAIVE, (value - _EPOCH) // _MICROSECOND, None)
    logical = _zone_type(value.tzinfo)
    # At the ends of the calendar the same instant in UTC has no date.
    if logical is None or not 1 < value.year < dt.MAXYEAR:
        return None
    return logical, (value - _EPOCH_UTC) // _MICROSECOND, None


def _zone_type(zone: dt.tzinfo) -> Logical | None:
    if zone is dt.UTC:
        return _zone_type_of("UTC", None)
    if type(zone) is ZoneInfo:
        return _zone_type_of(zone.key, "zoneinfo" if zone.key == "UTC" else None) if zone.key else None
    if is_pytz(zone):
        name = pytz_name(zone)
        return _zone_type_of(name, "pytz") if name else None
    if type(zone) is dt.timezone:
        offset = zone.utcoffset(None)
        if offset % dt.timedelta(minutes=1) or zone.tzname(None) != dt.timezone(offset).tzname(None):
            return None
        return _zone_type_of(offset_name(offset), None)
    return None


def is_pytz(zone: dt.tzinfo) -> bool:
    return type(zone).__module__.partition(".")[0] == "pytz"


def pytz_name(zone: Any) -> str | None:
    """The name of a pytz zone, or its offset; None for offsets that are not of whole minutes."""
    if zone.zone is not None:
        return str(zone.zone)
    offset = zone.utcoffset(None)
    return None if offset % dt.timedelta(minutes=1) else offset_name(offset)


@lru_cache(maxsize=256)
def _zone_type_of(name: str, tzinfo: str | None) -> Logical:
    return Logical("timestamp", unit="us", tz=name).hinted(tzinfo=tzinfo)


def offset_name(offset: dt.timedelta) -> str:
    """A fixed offset as Arrow writes it: +05:30."""
    minutes = offset // dt.timedelta(minutes=1)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


@lru_cache(maxsize=256)
def zone(name: str | None, tzinfo: str | None = None) -> dt.tzinfo | None:
    """The tzinfo of a time zone's name; "" is an instant without a zone, shown in UTC."""
    if name is None:
        return None
    library = pytz() if tzinfo == "pytz" else None
    if library is not None:
        fixed = name[0] in "+-"
        return library.FixedOffset(_offset(name) // dt.timedelta(minutes=1)) if fixed else library.timezone(name)
    if name == "" or (name == "UTC" and tzinfo is None):
        return dt.UTC
    if name[0] in "+-":
        return dt.timezone(_offset(name))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ArtifactError(
            f"the time zone {name!r:.50} is not known on this machine",
            code="time_zone_unknown",
            hint="Install the package tzdata, or use a name of the IANA time zone database, such as Europe/Berlin.",
        ) from error


def _offset(name: str) -> dt.timedelta:
    """The inverse of offset_name."""
    hours, minutes = name[1:].split(":")
    offset = dt.timedelta(hours=int(hours), minutes=int(minutes))
    return -offset if name[0] == "-" else offset


def _write_time(value: dt.time) -> Scalar | None:
    if value.tzinfo is not None or value.fold:
        return None
    return TIME, ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond, None


def _write_timedelta(value: dt.timedelta) -> Scalar | None:
    ticks = value // _MICROSECOND
    return (DURATION, ticks, None) if INT64_MIN <= ticks <= INT64_MAX else None


def _write_decimal(value: Decimal) -> Scalar | None:
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or (sign and not value):
        return None
    scale = -exponent
    precision = max(len(digits), scale, 1)
    if precision > _MAX_DIGITS or scale < -_MAX_DIGITS:
        return None
    unscaled = int("".join(map(str, digits)))
    return Logical("decimal", precision=precision, scale=scale), -unscaled if sign else unscaled, None


_BYTEARRAY = python_class("bytearray")

WRITERS: Mapping[type, Callable[[Any], Scalar | None]] = {
    bool: lambda value: (BOOL, value, None),
    int: _write_int,
    float: _write_float,
    complex: lambda value: (COMPLEX128, value, None),
    str: _write_text,
    bytes: lambda value: (BYTES, value, None),
    bytearray: lambda value: (BYTES, bytes(value), _BYTEARRAY),
    dt.date: _write_date,
    dt.datetime: _write_datetime,
    dt.time: _write_time,
    dt.timedelta: _write_timedelta,
    Decimal: _write_decimal,
}


def read(logical: Logical, value: Any) -> Any:
    """The Python value of a storage value; a missing one is None, or NA_real_ among floats."""
    if value is None:
        return NA_REAL if logical.type == "float64" else None
    reader = _READERS.get(logical.type)
    if reader is not None:
        return reader(logical, value)
    if logical.type == "category" and logical.levels is not None:
        return read(logical.levels, value)
    return value


def _read_timestamp(logical: Logical, value: int) -> Any:
    if logical.unit == "ns":
        if value % 1000:
            return np.datetime64(value, "ns") if logical.tz is None else _exact_instant(logical, value)
        ticks = value // 1000
    else:
        ticks = value * _MICROSECONDS[logical.unit or "us"]
    naive = _EPOCH + dt.timedelta(microseconds=ticks)
    if logical.tz is None:
        return naive
    return naive.replace(tzinfo=dt.UTC).astimezone(zone(logical.tz, logical.hint("tzinfo")))


def _exact_instant(logical: Logical, value: int) -> Any:
    """Nanoseconds in a time zone, which only pandas holds."""
    return pandas().Timestamp(value, unit="ns", tz="UTC").tz_convert(zone(logical.tz, logical.hint("tzinfo")))


def _read_duration(logical: Logical, value: int) -> Any:
    if logical.unit == "ns":
        return np.timedelta64(value, "ns") if value % 1000 else dt.timedelta(microseconds=value // 1000)
    return dt.timedelta(microseconds=value * _MICROSECONDS[logical.unit or "us"])


def _read_time(logical: Logical, value: int) -> dt.time:
    seconds, microsecond = divmod(value, 1_000_000)
    minutes, second = divmod(seconds, 60)
    return dt.time(minutes // 60, minutes % 60, second, microsecond)


def _read_decimal(logical: Logical, value: int) -> Decimal:
    digits = tuple(map(int, str(abs(value))))
    return Decimal((int(value < 0), digits, -logical.scale))


_READERS: Mapping[str, Callable[[Logical, Any], Any]] = {
    "bigint": lambda logical, value: bigint_value(value),
    "date": lambda logical, value: dt.date.fromordinal(value + _EPOCH_DAY),
    "time": _read_time,
    "timestamp": _read_timestamp,
    "duration": _read_duration,
    "decimal": _read_decimal,
}

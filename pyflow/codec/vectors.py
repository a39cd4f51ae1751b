"""numpy arrays and scalars <-> (logical type, Arrow array)."""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from pyflow.codec import arrays, scalars
from pyflow.codec.arrays import Values
from pyflow.codec.ipc import ArtifactFile
from pyflow.codec.types import BOOL, BYTES, COMPLEX128, FLOAT64, INT64, STRING, UNITS, Logical

Leaf = tuple[Logical, pa.Array]

# Units of datetime64 that Arrow lacks: the logical type that holds them exactly, and the numpy unit to go through.
_DATE_UNITS = {"Y": ("date", "D"), "M": ("date", "D"), "W": ("date", "D"), "D": ("date", "D")}
_CLOCK_UNITS = {"h": ("timestamp", "s"), "m": ("timestamp", "s")}
_SPAN_UNITS = {"W": "s", "D": "s", "h": "s", "m": "s"}
_NAN = struct.pack("<d", float("nan"))


def from_numpy(values: Values, missing: Values | None = None) -> Leaf | None:
    """A one-dimensional array (no object array); None when the format cannot hold its dtype."""
    kind, size = values.dtype.kind, values.dtype.itemsize
    if kind == "b":
        return BOOL, arrays.booleans(values, missing)
    if kind in "iu":
        logical = Logical(f"{'int' if kind == 'i' else 'uint'}{8 * size}")
        return _hinted(logical, values.dtype), arrays.fixed(logical, values, missing)
    if kind == "f" and size <= 8:
        logical = Logical("float64" if size == 8 else "float32")
        return _hinted(logical, values.dtype), arrays.floats(logical, values.astype(logical.type, copy=False), missing)
    if kind == "c" and size <= 16:
        return _hinted(COMPLEX128, values.dtype), arrays.complexes(values, missing)
    if kind in "Mm":
        return _from_ticks(values, missing)
    if kind == "U":
        return _from_text(values, missing)
    if kind == "S":
        return BYTES.hinted(dtype=values.dtype.str), arrays.blobs(BYTES, _without(values.tolist(), missing))
    if kind == "V" and missing is None:
        return _from_fields(values)
    return None


def _from_fields(values: Values) -> Leaf | None:
    """A structured array; None where names and types of its fields do not say all (titles, fields of arrays)."""
    names, described = values.dtype.names, _fields(values.dtype)
    align = True if values.dtype.isalignedstruct else None
    # A record array's dtype is the same but for the class of its items, which the node has.
    if not names or described is None or _dtype(described, align=bool(align)) != np.dtype((np.void, values.dtype)):
        return None
    leaves = [from_numpy(values[name]) for name in names]
    found = [leaf for leaf in leaves if leaf is not None]
    if len(found) != len(names):
        return None
    logical = Logical("struct", fields=tuple((name, leaf[0]) for name, leaf in zip(names, found, strict=True)))
    array = arrays.structs(names, [array for _, array in found], len(values))
    return logical.hinted(numpy=described, align=align), array


def _fields(dtype: np.dtype[Any]) -> list[Any] | None:
    """Names and types of the fields as JSON; None where one is an array or has no type of its own in the format."""
    described = []
    for name in dtype.names or ():
        field = dtype[name]
        kind = field.str if field.names is None else _fields(field)
        if field.subdtype is not None or kind is None:
            return None
        described.append([name, kind])
    return described


def _dtype(fields: Any, *, align: bool = False) -> np.dtype[Any]:
    """The inverse of `_fields`."""
    kinds = [(name, kind if isinstance(kind, str) else _dtype(kind)) for name, kind in fields]
    return np.dtype(kinds, align=align)


def _without(items: list[Any], missing: Values | None) -> list[Any]:
    if missing is not None:
        for position in np.flatnonzero(missing).tolist():
            items[position] = None
    return items


def _from_text(values: Values, missing: Values | None) -> Leaf | None:
    try:
        return STRING.hinted(dtype=values.dtype.str), arrays.texts(STRING, _without(values.tolist(), missing))
    except UnicodeEncodeError:
        return None


def _natural(logical: Logical) -> str:
    """The numpy dtype that a logical type has unless a hint says otherwise."""
    if logical.type in ("timestamp", "duration"):
        return f"{'datetime64' if logical.type == 'timestamp' else 'timedelta64'}[{logical.unit}]"
    return {"date": "datetime64[D]", "time": "object", "decimal": "object"}.get(logical.type, logical.type)


def _hinted(logical: Logical, dtype: np.dtype[Any]) -> Logical:
    return logical if dtype == _natural(logical) else logical.hinted(dtype=dtype.str)


def _from_ticks(values: Values, missing: Values | None) -> Leaf | None:
    unit, step = np.datetime_data(values.dtype)
    moment = values.dtype.kind == "M"
    if step != 1:
        return None
    if unit in UNITS:
        logical, through = Logical("timestamp" if moment else "duration", unit=unit), unit
    elif moment and unit in _DATE_UNITS:
        logical, through = Logical("date"), "D"
    elif moment and unit in _CLOCK_UNITS:
        logical, through = Logical("timestamp", unit="s"), "s"
    elif not moment and unit in _SPAN_UNITS:
        logical, through = Logical("duration", unit="s"), "s"
    else:
        return None
    nat = np.isnat(values)
    gone = nat if missing is None else nat | missing
    native = values.astype(values.dtype.newbyteorder("="), copy=False)
    changed = native.astype(f"{values.dtype.kind}8[{through}]", copy=False)
    ticks = changed.view(np.int64)
    if through != unit and not np.array_equal(changed.astype(native.dtype)[~gone], native[~gone]):
        return None
    if logical.type == "date" and (np.abs(ticks[~gone]) > 2**31 - 1).any():
        return None
    return _hinted(logical, values.dtype), arrays.fixed(logical, ticks, gone)


# Object arrays: one exact type of item, and one kind of missing value.

_OBJECT_TYPES = frozenset({bool, int, float, complex, str, bytes, dt.date, dt.datetime, dt.time, dt.timedelta, Decimal})


def from_objects(items: Sequence[Any]) -> Leaf | None:
    """Items of one exact scalar type, some of them None or (among text) NaN; None for anything else."""
    found = set(map(type, items))
    missing = None
    if type(None) in found:
        found.discard(type(None))
        missing = "None"
    elif float in found and len(found) == 2 and all(map(_is_nan, (item for item in items if type(item) is float))):
        # Text, dates or the like with NaN for missing, as pandas has kept it for long.
        found.discard(float)
        missing = "nan"
    if len(found) != 1 or not found <= _OBJECT_TYPES:
        return None
    kind = found.pop()
    written = _write_all(kind, items)
    if written is None:
        return None
    logical, storage = written
    try:
        array = arrays.build(logical, storage)
    except (OverflowError, ValueError, UnicodeEncodeError):
        return None
    return logical.hinted(dtype="object", missing=missing if missing != "None" else None), array


def _is_nan(value: float) -> bool:
    """Whether it is the NaN that reading gives for a missing value: R's missing number is another one."""
    return value != value and struct.pack("<d", value) == _NAN


def _write_all(kind: type, items: Sequence[Any]) -> tuple[Logical, list[Any]] | None:
    if kind is str or kind is bytes or kind is bool or kind is complex:
        logical = {str: STRING, bytes: BYTES, bool: BOOL, complex: COMPLEX128}[kind]
        return logical, [item if type(item) is kind else None for item in items]
    if kind is float:
        # Among floats NaN is a value; what R calls missing has no place beside None.
        return (
            None
            if any(item != item and scalars.is_na_real(item) for item in items if item is not None)
            else (
                FLOAT64,
                list(items),
            )
        )
    writer = scalars.WRITERS[kind]
    written = [writer(item) if type(item) is kind else (None, None, None) for item in items]
    if None in written:
        return None
    logicals = {entry[0] for entry in written if entry is not None and entry[0] is not None}
    values = [entry[1] for entry in written if entry is not None]
    if kind is Decimal:
        return _common_decimal(logicals, written)
    if kind is int and logicals != {INT64}:
        return None
    return (logicals.pop(), values) if len(logicals) == 1 else None


def _common_decimal(logicals: set[Any], written: list[Any]) -> tuple[Logical, list[Any]] | None:
    """Decimals of one column have one scale."""
    scale = max(logical.scale for logical in logicals)
    values = [None if logical is None else value * 10 ** (scale - logical.scale) for logical, value, _ in written]
    precision = max(scale, *(len(str(abs(value))) for value in values if value is not None), 1)
    if precision > 38:
        return None
    return Logical("decimal", precision=precision, scale=scale), values


# Reading.


def to_numpy(logical: Logical, array: pa.Array, file: ArtifactFile) -> Values:
    """A writable numpy array; numbers without nulls are not copied before they are written to."""
    dtype = logical.hint("dtype")
    if dtype == "object":
        return to_objects(logical, array)
    if logical.hint("numpy") is not None:
        return _read_fields(logical, array, file)
    reader = _READERS.get(logical.type)
    result = reader(logical, array, file) if reader else to_objects(logical, array)
    return result if dtype is None else result.astype(np.dtype(dtype), copy=False)


def to_objects(logical: Logical, array: pa.Array) -> Values:
    """An object array of Python values."""
    result = np.empty(len(array), dtype=object)
    gone = float("nan") if logical.hint("missing") == "nan" else None
    keeps = logical.hint("missing") is None and logical.hint("dtype") == "object"
    items = to_list(logical, array)
    if gone is not None or keeps:
        mask = arrays.missing_mask(array)
        for position in [] if mask is None else np.flatnonzero(mask).tolist():
            items[position] = gone
    # Item by item: numpy would make more dimensions of items that are lists.
    for position, item in enumerate(items):
        result[position] = item
    return result


def to_list(logical: Logical, array: pa.Array) -> list[Any]:
    """Python values; lists and structs become lists and dicts."""
    if logical.type == "list" and logical.item is not None:
        return _list_items(logical.item, array)
    if logical.type == "struct":
        parts = [to_list(field, array.field(k)) for k, (_, field) in enumerate(logical.fields)]
        names = [name for name, _ in logical.fields]
        mask = arrays.missing_mask(array)
        make = dict if len({*names}) == len(names) else list
        cells = zip(*parts, strict=True) if parts else [()] * len(array)
        rows = [make(zip(names, row, strict=True)) for row in cells]
        return rows if mask is None else [None if gone else row for row, gone in zip(rows, mask, strict=True)]
    values = arrays.storage(array, logical)
    if logical.type in _AS_STORED and None not in values:
        return values
    return [scalars.read(logical, value) for value in values]


_AS_STORED = frozenset(
    {"bool", "string", "bytes", "complex128", "float32", "float64", *(f"int{n}" for n in (8, 16, 32, 64))}
)


def _list_items(item: Logical, array: pa.Array) -> list[Any]:
    lengths, first = arrays.list_lengths(array)
    mask = arrays.missing_mask(array)
    values = to_list(item, array.values.slice(first, int(lengths.sum())))
    rows, place = [], 0
    for number, length in enumerate(lengths.tolist()):
        rows.append(None if mask is not None and mask[number] else values[place : place + length])
        place += length
    return rows


def _read_numbers(logical: Logical, array: pa.Array, file: ArtifactFile) -> Values:
    values = file.writable(arrays.numbers(array, logical))
    arrays.mark(values, array)
    return values


def _read_bool(logical: Logical, array: pa.Array, file: ArtifactFile) -> Values:
    return arrays.truths(array)


def _read_complex(logical: Logical, array: pa.Array, file: ArtifactFile) -> Values:
    values = arrays.complex_numbers(array)
    mask = arrays.missing_mask(array)
    if mask is not None:
        values.real.view(np.uint64)[mask] = arrays.NA_BITS
    return values


def _read_ticks(logical: Logical, array: pa.Array, file: ArtifactFile) -> Values:
    values = file.writable(arrays.numbers(array, logical))
    arrays.mark(values, array)
    return values.view(_natural(logical))


def _read_dates(logical: Logical, array: pa.Array, file: ArtifactFile) -> Values:
    values = arrays.numbers(array, logical).astype("M8[D]")
    mask = arrays.missing_mask(array)
    if mask is not None:
        values[mask] = np.datetime64("NaT")
    return values


def _read_fields(logical: Logical, array: pa.Array, file: ArtifactFile) -> Values:
    result = np.zeros(len(array), dtype=_dtype(logical.details("numpy"), align=logical.hint("align", False)))
    for number, (name, field) in enumerate(logical.fields):
        result[name] = to_numpy(field, array.field(number), file)
    return result


Reader = Callable[[Logical, pa.Array, ArtifactFile], Values]
_READERS: dict[str, Reader] = {
    **dict.fromkeys(("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"), _read_numbers),
    "float32": _read_numbers,
    "float64": _read_numbers,
    "bool": _read_bool,
    "complex128": _read_complex,
    "timestamp": _read_ticks,
    "duration": _read_ticks,
    "date": _read_dates,
}

"""Canonical Arrow arrays from values and back, at the level of buffers.

Canonical (artifact.md, section 2): offset 0, no validity without a null, under a null what R and numpy hold there,
buffers of the exact length, 64-bit offsets from 0, int32 dictionary indices. Neither pyarrow's array constructors
nor its to_numpy are used, because both import pandas, which an ordinary task does not need.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from pyflow.codec.types import FLOAT64, Logical, arrow_type

Values = np.ndarray[Any, np.dtype[Any]]

# How R holds NA_real_: a NaN whose low word is 1954.
NA_BITS = np.uint64(0x7FF0_0000_0000_07A2)
# What lies under a null: the bits that R and numpy hold for a missing value, so that both use the buffer as it is.
_LOWEST_INT32, _LOWEST_INT64 = np.uint32(1 << 31), np.uint64(1 << 63)
_MARKS: dict[int, np.unsignedinteger[Any]] = {
    pa.float64().id: NA_BITS,
    pa.float32().id: np.uint32(0x7FC0_0000),
    pa.int32().id: _LOWEST_INT32,
    pa.date32().id: _LOWEST_INT32,
    pa.int64().id: _LOWEST_INT64,
    pa.timestamp("s").id: _LOWEST_INT64,
    pa.duration("s").id: _LOWEST_INT64,
}
_LOW_WORD = np.uint64(0xFFFF_FFFF)
_NA_WORD = np.uint64(1954)
_BLOCK = 1 << 15

_FIXED = {
    **{name: np.dtype(name) for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")},
    "float32": np.dtype("float32"),
    "float64": np.dtype("float64"),
    "date": np.dtype("int32"),
    "time": np.dtype("int64"),
    "timestamp": np.dtype("int64"),
    "duration": np.dtype("int64"),
}


def na_mask(values: Values) -> Values | None:
    """Where a float64 array holds R's NA_real_; None if nowhere."""
    found: Values | None = None
    for start in range(0, len(values), _BLOCK):
        # In blocks that stay in the processor's cache; most have no NaN at all.
        part = values[start : start + _BLOCK]
        nan = np.isnan(part)
        if not nan.any():
            continue
        nan &= (part.view(np.uint64) & _LOW_WORD) == _NA_WORD
        if nan.any():
            found = np.zeros(len(values), dtype=bool) if found is None else found
            found[start : start + _BLOCK] = nan
    return found


# Values -> arrays. `missing` is a boolean mask or None.


def fixed(logical: Logical, values: Values, missing: Values | None = None) -> pa.Array:
    """An array of a fixed-width type (not bool, complex or decimal) from storage numbers, without a copy if it can."""
    dtype = _FIXED[logical.type]
    data = np.ascontiguousarray(values, dtype=dtype)
    missing = missing if missing is not None and missing.any() else None
    kind = arrow_type(logical)
    return _primitive(kind, len(data), data if missing is None else marked(data, missing, kind), missing)


def marked(values: Values, missing: Values, kind: pa.DataType) -> Values:
    """The contiguous values of a fixed-width type as they lie under its nulls; a copy if they do not yet."""
    cells, bits = _cells(values, kind)
    if (cells[missing] == bits).all():
        return values
    cells = cells.copy()
    cells[missing] = bits
    return cells.view(values.dtype)


def mark(values: Values, array: pa.Array) -> None:
    """The same in place, for the values of an array.

    What is right already is not written to, and no mask of the array's length is made: 100 tasks may share the values.
    """
    cells, bits = _cells(values, array.type)
    for start in range(0, len(array) if array.null_count else 0, _BLOCK):
        part, missing = cells[start : start + _BLOCK], missing_mask(array.slice(start, _BLOCK))
        if missing is not None and not (part[missing] == bits).all():
            part[missing] = bits


def _cells(values: Values, kind: pa.DataType) -> tuple[Values, Any]:
    width = values.dtype.itemsize
    if width > 8:
        return values.view(np.dtype((np.void, width))), np.void(bytes(width))
    return values.view(f"u{width}"), _MARKS.get(kind.id, 0)


def floats(logical: Logical, values: Values, missing: Values | None = None) -> pa.Array:
    """Like `fixed`, for float64: R's NA_real_ becomes a null."""
    found = na_mask(values) if values.dtype == np.float64 else None
    if found is not None:
        missing = found if missing is None else missing | found
    return fixed(logical, values, missing)


def booleans(values: Values, missing: Values | None = None) -> pa.Array:
    missing = missing if missing is not None and missing.any() else None
    data = np.asarray(values, dtype=bool)
    if missing is not None:
        data = data & ~missing
    return _primitive(pa.bool_(), len(data), np.packbits(data, bitorder="little"), missing)


def complexes(values: Values, missing: Values | None = None) -> pa.Array:
    kind = arrow_type(Logical("complex128"))
    data = np.asarray(values, dtype=np.complex128)
    missing = missing if missing is not None and missing.any() else None
    parts = [floats(FLOAT64, np.ascontiguousarray(part), missing) for part in (data.real, data.imag)]
    return pa.Array.from_buffers(kind, len(data), [validity(missing)], null_count(missing), children=parts)


def _primitive(kind: pa.DataType, length: int, data: Values, missing: Values | None) -> pa.Array:
    return pa.Array.from_buffers(kind, length, [validity(missing), pa.py_buffer(data)], null_count(missing))


def validity(missing: Values | None) -> pa.Buffer | None:
    if missing is None:
        return None
    bits = np.packbits(missing, bitorder="little")
    np.invert(bits, out=bits)
    bits[len(missing) // 8 :] &= (1 << len(missing) % 8) - 1
    return pa.py_buffer(bits)


def null_count(missing: Values | None) -> int:
    return 0 if missing is None else int(np.count_nonzero(missing))


def texts(logical: Logical, values: Sequence[str | None]) -> pa.Array:
    """Raises UnicodeEncodeError for text that is not Unicode (lone surrogates)."""
    return blobs(logical, [None if value is None else value.encode() for value in values])


def blobs(logical: Logical, values: Sequence[bytes | None]) -> pa.Array:
    missing = np.array([value is None for value in values], dtype=bool) if None in values else None
    present = values if missing is None else [value or b"" for value in values]
    lengths = np.fromiter(map(len, present), dtype=np.int64, count=len(values))
    buffers = [validity(missing), pa.py_buffer(offsets(lengths)), pa.py_buffer(b"".join(present))]
    return pa.Array.from_buffers(arrow_type(logical), len(values), buffers, null_count(missing))


def offsets(lengths: Values) -> Values:
    """Offsets from 0 for items of these lengths."""
    result = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=result[1:])
    return result


def lists(item: pa.Array, lengths: Values, missing: Values | None = None) -> pa.Array:
    """A large_list array whose items lie in `item`, one after the other."""
    kind = pa.large_list(item.type)
    buffers = [validity(missing), pa.py_buffer(offsets(lengths))]
    return pa.Array.from_buffers(kind, len(lengths), buffers, null_count(missing), children=[item])


def one_list(item: pa.Array) -> pa.Array:
    """A large_list array of one row, which has all of `item`."""
    buffers = [None, pa.py_buffer(struct.pack("<qq", 0, len(item)))]
    return pa.Array.from_buffers(pa.large_list(item.type), 1, buffers, 0, children=[item])


def structs(names: Sequence[str], fields: Sequence[pa.Array], length: int, missing: Values | None = None) -> pa.Array:
    """A struct array of these fields; it is canonical if none is missing and the fields are."""
    missing = missing if missing is not None and missing.any() else None
    kind = pa.struct([(name, part.type) for name, part in zip(names, fields, strict=True)])
    return pa.Array.from_buffers(kind, length, [validity(missing)], null_count(missing), children=list(fields))


def list_content(array: pa.Array) -> pa.Array:
    """The elements of all rows of a large_list array without nulls."""
    if len(array) == 0:
        return array.values.slice(0, 0)
    ends = memoryview(array.buffers()[1]).cast("q")
    first, last = ends[array.offset], ends[array.offset + len(array)]
    return array.values.slice(first, last - first)


def categories(logical: Logical, codes: Values, levels: pa.Array) -> pa.Array:
    """A dictionary array; a negative code is missing."""
    return dictionary(indices(codes, codes < 0), levels, ordered=logical.ordered)


def indices(codes: Values, missing: Values | None) -> pa.Array:
    """The indices of a dictionary array. Under a null is zero: some readers look that up, too."""
    missing = missing if missing is not None and missing.any() else None
    data = np.ascontiguousarray(codes if missing is None else np.where(missing, 0, codes), dtype=np.int32)
    return _primitive(pa.int32(), len(data), data, missing)


def dictionary(indices: pa.Array, levels: pa.Array, *, ordered: bool) -> pa.Array:
    kind = pa.dictionary(pa.int32(), levels.type, ordered=ordered)
    return pa.DictionaryArray.from_buffers(kind, len(indices), indices.buffers(), levels, indices.null_count)


def nulls(length: int) -> pa.Array:
    return pa.Array.from_buffers(pa.null(), length, [None], length)


def decimals(logical: Logical, values: Sequence[int | None]) -> pa.Array:
    """From unscaled integers."""
    missing = np.array([value is None for value in values], dtype=bool) if None in values else None
    data = b"".join((value or 0).to_bytes(16, "little", signed=True) for value in values)
    return pa.Array.from_buffers(
        arrow_type(logical), len(values), [validity(missing), pa.py_buffer(data)], null_count(missing)
    )


def build(logical: Logical, storage: Sequence[Any]) -> pa.Array:
    """An array from storage values, None for missing (see `storage` for what they are).

    Not for category, list and struct. Numbers out of range raise OverflowError.
    """
    kind = logical.type
    if kind in ("string", "bigint"):
        return texts(logical, storage)
    if kind == "bytes":
        return blobs(logical, storage)
    if kind == "decimal":
        return decimals(logical, storage)
    if kind == "null":
        return nulls(len(storage))
    missing = np.array([value is None for value in storage], dtype=bool) if None in storage else None
    present = storage if missing is None else [0 if value is None else value for value in storage]
    if kind == "bool":
        return booleans(np.array(present, dtype=bool), missing)
    if kind == "complex128":
        return complexes(np.array(present, dtype=np.complex128), missing)
    return floats(logical, np.array(present, dtype=_FIXED[kind]), missing)


# Arrays -> values. All respect an array's offset, so that slices can be read.


def missing_mask(array: pa.Array) -> Values | None:
    """Where the array is null; None if nowhere."""
    if array.null_count == 0:
        return None
    if array.type == pa.null():
        return np.ones(len(array), dtype=bool)
    present = _bits(array.buffers()[0], array.offset, len(array))
    return np.logical_not(present, out=present)


def _bits(buffer: pa.Buffer, start: int, length: int) -> Values:
    first = start // 8
    packed = np.frombuffer(buffer, dtype=np.uint8)[first : (start + length + 7) // 8]
    return np.unpackbits(packed, bitorder="little")[start - 8 * first :][:length].view(bool)


def _window(buffer: pa.Buffer | None, dtype: np.dtype[Any], start: int, length: int) -> Values:
    if buffer is None or buffer.size == 0:
        return np.zeros(length, dtype=dtype)
    return np.frombuffer(buffer, dtype=dtype, count=length, offset=start * dtype.itemsize)


def numbers(array: pa.Array, logical: Logical) -> Values:
    """The storage numbers of a fixed-width array as a read-only view of its buffer."""
    return _window(array.buffers()[1], _FIXED[logical.type], array.offset, len(array))


def truths(array: pa.Array) -> Values:
    if len(array) == 0:
        return np.zeros(0, dtype=bool)
    return _bits(array.buffers()[1], array.offset, len(array))


def complex_numbers(array: pa.Array) -> Values:
    """Of a complex128 array; a missing part is R's NA_real_."""
    result = np.empty(len(array), dtype=np.complex128)
    for part, place in ((array.field(0), result.real), (array.field(1), result.imag)):
        place[...] = numbers(part, FLOAT64)
        mask = missing_mask(part)
        if mask is not None:
            place.view(np.uint64)[mask] = NA_BITS
    return result


def codes(array: pa.Array) -> Values:
    """The int32 codes of a dictionary array, -1 for missing, as a copy."""
    result = numbers(array.indices, Logical("int32")).copy()
    mask = missing_mask(array)
    if mask is not None:
        result[mask] = -1
    return result


def list_ends(array: pa.Array) -> Values:
    """The 64-bit offsets of a list, text or bytes array: one more than its items."""
    return _window(array.buffers()[1], np.dtype(np.int64), array.offset, len(array) + 1)


def list_lengths(array: pa.Array) -> tuple[Values, int]:
    """Lengths of a large_list's items, and where the first begins among its child's elements."""
    ends = list_ends(array)
    return np.diff(ends), int(ends[0])


def storage(array: pa.Array, logical: Logical) -> list[Any]:
    """Plain Python values, None for missing: numbers, text, bytes; days, ticks of the unit, unscaled decimals.

    Not for list and struct; a category gives its levels' storage values.
    """
    kind = logical.type
    if kind in ("string", "bigint", "bytes"):
        return array.to_pylist()
    if kind == "null":
        return [None] * len(array)
    if kind == "category":
        levels = storage(array.dictionary, logical.levels) if logical.levels else []
        return [None if code < 0 else levels[code] for code in codes(array).tolist()]
    values = _plain(array, logical)
    mask = missing_mask(array)
    if mask is not None:
        for position in np.flatnonzero(mask).tolist():
            values[position] = None
    return values


def _plain(array: pa.Array, logical: Logical) -> list[Any]:
    if logical.type == "bool":
        return truths(array).tolist()
    if logical.type == "complex128":
        return complex_numbers(array).tolist()
    if logical.type == "decimal":
        data = array.buffers()[1].to_pybytes()[16 * array.offset : 16 * (array.offset + len(array))]
        return [int.from_bytes(data[16 * k : 16 * k + 16], "little", signed=True) for k in range(len(array))]
    return numbers(array, logical).tolist()

"""Brings any Arrow array of a type the format knows into canonical form, copying only what is not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.types as kinds

from pyflow.codec import arrays
from pyflow.codec.arrays import Values
from pyflow.codec.types import INT32


def canonical(array: pa.Array) -> pa.Array:
    """An equal array in canonical form. Under a null struct its fields are null too."""
    kind = array.type
    if kinds.is_null(kind):
        return arrays.nulls(len(array))
    if kinds.is_dictionary(kind):
        return _dictionary(array)
    missing = arrays.missing_mask(array)
    if kinds.is_boolean(kind):
        return arrays.booleans(arrays.truths(array), missing)
    if kinds.is_large_string(kind) or kinds.is_large_binary(kind):
        return _variable(array, missing)
    if kinds.is_large_list(kind):
        lengths, _ = arrays.list_lengths(array)
        if missing is not None:
            lengths = np.where(missing, 0, lengths)
        return arrays.lists(canonical(array.flatten()), lengths, missing)
    if kinds.is_struct(kind):
        parts = [canonical(part) for part in array.flatten()]
        return pa.Array.from_buffers(
            kind, len(array), [arrays.validity(missing)], arrays.null_count(missing), children=parts
        )
    return _fixed(array, missing)


def _dictionary(array: pa.DictionaryArray) -> pa.Array:
    found = array.indices if array.indices.type == pa.int32() else array.indices.cast(pa.int32())
    indices = arrays.indices(arrays.numbers(found, INT32), arrays.missing_mask(found))
    return arrays.dictionary(indices, canonical(array.dictionary), ordered=array.type.ordered)


def _fixed(array: pa.Array, missing: Values | None) -> pa.Array:
    width = array.type.bit_width // 8
    data = _part(array.buffers()[1], width * array.offset, width * len(array))
    if missing is not None:
        cells = np.frombuffer(data, dtype=np.dtype((np.void, width)) if width > 8 else f"u{width}")
        data = pa.py_buffer(arrays.marked(cells, missing, array.type))
    return pa.Array.from_buffers(array.type, len(array), [arrays.validity(missing), data], arrays.null_count(missing))


def _variable(array: pa.Array, missing: Values | None) -> pa.Array:
    """Text and bytes; what lies under a null, or outside of the slice, is left out. What is canonical is not copied,
    and no array of its length is made for it."""
    _, ends, data = array.buffers()
    ends_here = arrays.list_ends(array)
    first, last = int(ends_here[0]), int(ends_here[-1])
    if missing is not None and (ends_here[:-1][missing] != ends_here[1:][missing]).any():
        keep = np.where(missing, None, np.array(array.to_pylist(), dtype=object)).tolist()
        blobs = [value.encode() if isinstance(value, str) else value for value in keep]
        content = pa.py_buffer(b"".join(blob or b"" for blob in blobs))
        ends = pa.py_buffer(arrays.offsets(np.where(missing, 0, np.diff(ends_here))))
    else:
        content = _part(data, first, last - first)
        exact = 8 * (len(array) + 1)
        whole = array.offset == 0 and first == 0 and ends is not None and ends.size >= exact
        ends = ends.slice(0, exact) if whole else pa.py_buffer(ends_here - first)
    return pa.Array.from_buffers(
        array.type, len(array), [arrays.validity(missing), ends, content], arrays.null_count(missing)
    )


def _part(buffer: pa.Buffer | None, start: int, length: int) -> pa.Buffer:
    return pa.py_buffer(b"") if buffer is None or length == 0 else buffer.slice(start, length)

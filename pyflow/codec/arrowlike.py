"""Arrow's own arrays <-> (logical type, canonical array). A hint `arrow` keeps the type where it is another one."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.types as kinds

from pyflow.codec.canonical import canonical
from pyflow.codec.types import BOOL, BYTES, DATE, NULL, STRING, TIME, Logical, arrow_type
from pyflow.codec.vectors import Leaf

_SIMPLE = {
    pa.null(): NULL,
    pa.bool_(): BOOL,
    pa.float16(): Logical("float32"),
    pa.float32(): Logical("float32"),
    pa.float64(): Logical("float64"),
    pa.string(): STRING,
    pa.large_string(): STRING,
    pa.string_view(): STRING,
    pa.binary(): BYTES,
    pa.large_binary(): BYTES,
    pa.binary_view(): BYTES,
    pa.date32(): DATE,
    pa.date64(): DATE,
    pa.time32("s"): TIME,
    pa.time32("ms"): TIME,
    pa.time64("us"): TIME,
    pa.time64("ns"): TIME,
    **{
        getattr(pa, name)(): Logical(name)
        for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
    },
}
_BY_TEXT = {str(kind): kind for kind in _SIMPLE}
_SIZED = re.compile(r"(fixed_size_binary|fixed_size_list|decimal\d+|index)\[(\w+)(?:,(-?\d+))?\]")


def logical_of(kind: pa.DataType) -> Logical | None:
    """The logical type that holds values of an Arrow type; None if there is none."""
    known = _SIMPLE.get(kind)
    if known is not None:
        return known if arrow_type(known) == kind else known.hinted(arrow=str(kind))
    if kinds.is_timestamp(kind):
        return Logical("timestamp", unit=kind.unit, tz=kind.tz)
    if kinds.is_duration(kind):
        return Logical("duration", unit=kind.unit)
    if kinds.is_fixed_size_binary(kind):
        return BYTES.hinted(arrow=f"fixed_size_binary[{kind.byte_width}]")
    if kinds.is_decimal(kind):
        return _decimal(kind)
    if kinds.is_dictionary(kind):
        levels = logical_of(kind.value_type)
        hint = None if kind.index_type == pa.int32() else f"index[{kind.index_type}]"
        return levels and Logical("category", ordered=kind.ordered, levels=levels).hinted(arrow=hint)
    return _nested(kind)


def _decimal(kind: pa.DataType) -> Logical | None:
    if kind.precision > 38:
        return None
    logical = Logical("decimal", precision=kind.precision, scale=kind.scale)
    if kinds.is_decimal128(kind):
        return logical
    return logical.hinted(arrow=f"decimal{kind.bit_width}[{kind.precision},{kind.scale}]")


def _nested(kind: pa.DataType) -> Logical | None:
    if kinds.is_struct(kind):
        fields = [(field.name, logical_of(field.type)) for field in kind]
        known = tuple((name, logical) for name, logical in fields if logical is not None)
        return Logical("struct", fields=known) if len(known) == len(fields) else None
    if kinds.is_fixed_size_list(kind):
        hint = f"fixed_size_list[{kind.list_size}]"
    elif kinds.is_list(kind) or kinds.is_large_list(kind):
        hint = None if kinds.is_large_list(kind) else "list"
    else:
        return None
    item = logical_of(kind.value_type)
    return item and Logical("list", item=item).hinted(arrow=hint)


def from_arrow(values: pa.Array | pa.ChunkedArray) -> Leaf | None:
    """An array of pyarrow; None when the format has no exact form for it."""
    logical = logical_of(values.type)
    if logical is None:
        return None
    if isinstance(values, pa.ChunkedArray):
        # Combining copies even a single chunk.
        values = values.chunk(0) if values.num_chunks == 1 else values.unify_dictionaries().combine_chunks()
        if isinstance(values, pa.ChunkedArray):
            values = values.chunk(0) if values.num_chunks else pa.array([], type=values.type)
    target = arrow_type(logical)
    try:
        values = values if values.type == target else values.cast(target)
    except pa.ArrowException:
        return None
    return logical, canonical(values)


def original_type(logical: Logical) -> pa.DataType:
    """The Arrow type that a value had before it was written."""
    hint = logical.hint("arrow")
    if logical.type == "category" and logical.levels is not None:
        index = _BY_TEXT[_sized(hint)[1]] if hint else pa.int32()
        return pa.dictionary(index, original_type(logical.levels), ordered=logical.ordered)
    if logical.type == "struct":
        return pa.struct([(name, original_type(field)) for name, field in logical.fields])
    if logical.type == "list" and logical.item is not None:
        item = original_type(logical.item)
        if hint is None:
            return pa.large_list(item)
        return pa.list_(item) if hint == "list" else pa.list_(item, int(_sized(hint)[1]))
    if hint is None:
        return arrow_type(logical)
    if hint in _BY_TEXT:
        return _BY_TEXT[hint]
    name, size, scale = _sized(hint)
    return pa.binary(int(size)) if name == "fixed_size_binary" else getattr(pa, name)(int(size), int(scale))


def _sized(hint: str) -> tuple[str, str, str]:
    found = _SIZED.fullmatch(hint)
    if found is None:
        raise ValueError(f"unknown Arrow type {hint!r}")
    return found[1], found[2], found[3] or "0"


def restore(logical: Logical, array: pa.Array) -> pa.Array:
    """The array with the type that it had before it was written."""
    kind = original_type(logical)
    if array.type == kind:
        return array
    if _has_fixed_list(kind):
        # pyarrow 26 crashes when it casts a missing list to a list of fixed size.
        return pa.array(array.to_pylist(), type=kind)
    return array.cast(kind)


def _has_fixed_list(kind: pa.DataType) -> bool:
    return kinds.is_fixed_size_list(kind) or any(_has_fixed_list(kind.field(k).type) for k in range(kind.num_fields))

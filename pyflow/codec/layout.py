"""Layouts (artifact.md, section 5): where an artifact's buffers lie, and artifacts from buffers that R wrote."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.types as kinds

from pyflow.codec import arrays, columns, ipc, preview, untree
from pyflow.codec.canonical import canonical
from pyflow.codec.nodes import open_tree, root_kind
from pyflow.codec.table import open_form_table
from pyflow.codec.types import INT32, Logical, parse_logical
from pyflow.ports import Encoded
from pyflow.spec.errors import StoreError

Layout = dict[str, Any]
_SIMPLE: Mapping[str, pa.DataType] = {
    "null": pa.null(),
    "bool": pa.bool_(),
    **{f"{sign}int{bits}": getattr(pa, f"{sign}int{bits}")() for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "float32": pa.float32(),
    "float64": pa.float64(),
    "large_utf8": pa.large_utf8(),
    "large_binary": pa.large_binary(),
    "date32": pa.date32(),
}
_NAMES = {kind: name for name, kind in _SIMPLE.items()}
# Types of scalars that the metadata tells.
_TOLD = frozenset({"bool", "int32", "int64", "float64", "string"})
_ALIGNMENT = 8
_ONES = np.array([byte.bit_count() for byte in range(256)], dtype=np.uint8)
_DEPTH = 64


# The way to R.


def layout_of(path: Path, wanted: Sequence[str] | None = None) -> Layout:
    """The layout of an artifact file; raises StoreError as decoding it does. The values themselves are not looked at:
    R checks the offsets, the text and the codes that it reads.

    `wanted` leaves all other columns of a table out, but not in form tree, where R does it. Raises NotFoundError
    `column_missing` or ArtifactError `not_a_table`.
    """
    with ipc.naming(path), untree.reading():
        return _layout_of(path, wanted)


def _layout_of(path: Path, wanted: Sequence[str] | None) -> Layout:
    file = ipc.open_file(path, whole=False)
    names, arrays_of, meta = file.batch.schema.names, file.batch.columns, file.meta
    if wanted is not None and meta.get("form") == "table":
        table = columns.pick(open_form_table(file), wanted)
        names, arrays_of, meta = table.names, [array for _, array in table.columns], table.meta
    elif wanted is not None and meta.get("kind") != "table":
        raise columns.not_a_table(file)
    described = [_describe(name, array, file.memory.address) for name, array in zip(names, arrays_of, strict=True)]
    return {
        "version": ipc.VERSION,
        "path": str(path),
        "size": file.memory.size,
        "rows": file.batch.num_rows,
        "metadata": dict(meta),
        "columns": described,
    }


def _describe(name: str, array: pa.Array, base: int) -> Layout:
    kind = array.type
    entry: Layout = {"name": name, "length": len(array), "nulls": array.null_count, "children": []}
    if kinds.is_dictionary(kind):
        entry |= _described_buffers(array.indices, base)
        entry |= {"format": "dictionary", "dictionary": _describe("", array.dictionary, base)}
        return entry
    entry |= {"format": _format(kind), **_described_buffers(array, base), **_parameters(kind)}
    if kinds.is_struct(kind):
        entry["children"] = [_describe(kind.field(k).name, array.field(k), base) for k in range(kind.num_fields)]
    elif kinds.is_large_list(kind):
        entry["children"] = [_describe("item", array.values, base)]
    return entry


def _format(kind: pa.DataType) -> str:
    known = _NAMES.get(kind)
    if known is not None:
        return known
    for test, name in _TESTS:
        if test(kind):
            return name
    raise ipc.corrupt(f"it has a column of the Arrow type {kind}, which the format does not use")


_TESTS: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (kinds.is_timestamp, "timestamp"),
    (kinds.is_duration, "duration"),
    (kinds.is_time64, "time64"),
    (kinds.is_decimal128, "decimal128"),
    (kinds.is_struct, "struct"),
    (kinds.is_large_list, "large_list"),
)


def _parameters(kind: pa.DataType) -> Layout:
    if kinds.is_timestamp(kind):
        return {"unit": kind.unit, "timezone": kind.tz}
    if kinds.is_duration(kind) or kinds.is_time64(kind):
        return {"unit": kind.unit}
    return {"precision": kind.precision, "scale": kind.scale} if kinds.is_decimal128(kind) else {}


def _described_buffers(array: pa.Array, base: int) -> Layout:
    own = array.buffers()[: _buffer_count(array.type)]
    sizes = _exact_sizes(array)
    found = [_place(buffer, size, base) for buffer, size in zip(own, sizes, strict=True)]
    if own[0] is not None and _count_nulls(own[0], len(array)) != array.null_count:
        raise ipc.corrupt("a column has another number of nulls than it says")
    if not array.null_count or kinds.is_null(array.type):
        found[:1] = [None]
    return {"buffers": found}


def _count_nulls(validity: pa.Buffer, length: int) -> int:
    whole, rest = divmod(length, 8)
    if validity.size < whole + (rest > 0):
        raise ipc.corrupt("a validity bitmap is too short")
    bits = np.frombuffer(validity, np.uint8)
    last = int(bits[whole]) & ((1 << rest) - 1) if rest else 0
    return length - int(_ONES[bits[:whole]].sum(dtype=np.int64)) - last.bit_count()


def _place(buffer: pa.Buffer | None, size: int, base: int) -> list[int] | None:
    if buffer is None:
        return None
    return [0, 0] if size == 0 or buffer.size == 0 else [buffer.address - base, min(size, buffer.size)]


def _buffer_count(kind: pa.DataType) -> int:
    if kinds.is_null(kind) or kinds.is_struct(kind):
        return 1
    return 3 if kinds.is_large_string(kind) or kinds.is_large_binary(kind) else 2


def _exact_sizes(array: pa.Array) -> list[int]:
    """The bytes that each buffer needs for the array's length."""
    kind, length = array.type, len(array)
    bits = (length + 7) // 8
    if kinds.is_null(kind) or kinds.is_struct(kind):
        return [bits]
    if kinds.is_large_string(kind) or kinds.is_large_binary(kind):
        ends = array.buffers()[1]
        last = int(np.frombuffer(ends, np.int64, 1, 8 * length)[0]) if length and ends else 0
        return [bits, 8 * (length + 1), last]
    if kinds.is_large_list(kind):
        return [bits, 8 * (length + 1)]
    return [bits, bits if kinds.is_boolean(kind) else length * kind.bit_width // 8]


# The way back.


def invalid(why: str) -> StoreError:
    """The error for a layout that does not describe an artifact."""
    return StoreError(
        f"the layout is not valid: {why}",
        code="layout_invalid",
        hint="This is a fault of rflow or of the program that wrote the layout; please report it.",
    )


def from_layout(data: Mapping[str, Any]) -> Encoded:
    """The artifact whose buffers lie in the file `path`; raises StoreError `layout_invalid` or `artifact_version`.

    `type` and `preview`, where the layout has them, are taken over. The file is not needed afterwards.
    """
    try:
        return _from_layout(data)
    except StoreError as error:
        raise error if error.code in ("layout_invalid", "artifact_version") else invalid(error.message) from error
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError, pa.ArrowException, OSError) as error:
        raise invalid(f"{type(error).__name__}: {error}") from error


def _from_layout(data: Mapping[str, Any]) -> Encoded:
    meta = {key: value for key, value in data["metadata"].items() if key != "version"}
    ipc.check_version(data["metadata"].get("version", ipc.VERSION))
    ipc.check_version(data["version"])
    memory = _scratch(Path(data["path"]))
    found = [_array(entry, memory, 0) for entry in data["columns"]]
    found = [_with_order(*pair) for pair in zip(found, _logicals(meta, len(found)), strict=True)]
    if any(len(column) != data["rows"] for column in found):
        raise invalid(f"its columns have not all {data['rows']!r} rows")
    chunks, file = ipc.write_checked(meta, [str(entry["name"] or "") for entry in data["columns"]], found)
    _check_artifact(file)
    kind, shown, scalar = data.get("type"), data.get("preview"), None
    plain = meta["kind"] == "scalar" and {pool.get("type") for pool in meta["pools"]} <= _TOLD
    if not kind or shown is None or plain:
        value = untree.decode(file, lambda proxy: proxy)
        kind, shown = kind or preview.type_name(value), preview.preview(value) if shown is None else shown
        scalar = preview.scalar(value)
    return Encoded(chunks, str(meta["kind"]), str(kind), str(shown)[: preview.LIMIT], scalar=scalar)


def _check_artifact(file: ipc.ArtifactFile) -> None:
    """The metadata and the columns belong together, as a reader of the file will find them."""
    form = file.meta.get("form")
    if form == "table":
        open_form_table(file)
        kind = "table"
    elif form == "tree":
        kind = root_kind(open_tree(file).types)
    else:
        raise invalid(f"its form is {form!r:.50} instead of table or tree")
    if file.meta.get("kind") != kind:
        raise invalid(f"its kind is {file.meta.get('kind')!r:.50}, but the value is a {kind}")


def _logicals(meta: Mapping[str, Any], count: int) -> list[Logical | None]:
    """The logical types of the columns; of the first column of a tree, the nodes, there is none."""
    tree = meta.get("form") == "tree"
    declared = [parse_logical(item) for item in meta["pools" if tree else "columns"]]
    found: list[Logical | None] = [None, *declared] if tree else [*declared]
    if len(found) != count:
        raise invalid(f"its metadata describes {len(found)} columns, but there are {count}")
    return [item and Logical("list", item=item) for item in found] if tree else found


def _with_order(array: pa.Array, logical: Logical | None) -> pa.Array:
    """Whether levels are ordered is said by the logical type alone."""
    if logical is None:
        return array
    if kinds.is_dictionary(array.type) and logical.type == "category":
        return arrays.dictionary(array.indices, array.dictionary, ordered=logical.ordered)
    if logical.type == "list" and kinds.is_large_list(array.type):
        item = _with_order(array.values, logical.item)
        kind = pa.large_list(item.type)
        return pa.Array.from_buffers(kind, len(array), array.buffers()[:2], array.null_count, children=[item])
    if logical.type == "struct" and kinds.is_struct(array.type) and array.type.num_fields == len(logical.fields):
        parts = [_with_order(array.field(k), field) for k, (_, field) in enumerate(logical.fields)]
        kind = pa.struct([(array.type.field(k).name, part.type) for k, part in enumerate(parts)])
        return pa.Array.from_buffers(kind, len(array), array.buffers()[:1], array.null_count, children=parts)
    return array


def _scratch(path: Path) -> pa.Buffer:
    """The scratch file's bytes, mapped; an empty file is an empty buffer."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        return pa.py_buffer(mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) if size else b"")


def _array(entry: Mapping[str, Any], memory: pa.Buffer, depth: int) -> pa.Array:
    """The canonical array of one column, its buffers checked before anything is read from them."""
    if depth > _DEPTH:
        raise invalid(f"column {entry['name']!r:.50} is nested deeper than {_DEPTH}")
    length = _whole(entry["length"], "length")
    if entry["format"] == "dictionary":
        return _dictionary_array(entry, memory, length, depth)
    return canonical(_checked_array(entry, memory, length, depth))


def _checked_array(entry: Mapping[str, Any], memory: pa.Buffer, length: int, depth: int) -> pa.Array:
    children = [_array(child, memory, depth + 1) for child in entry.get("children") or []]
    kind = _arrow_type(entry, children)
    if kinds.is_null(kind):
        return arrays.nulls(length)
    buffers = [_cut(buffer, memory) for buffer in entry["buffers"]]
    if len(buffers) != _buffer_count(kind):
        raise invalid(f"a column of format {entry['format']} has {len(buffers)} buffers")
    buffers = [_or_empty(buffer) if number else buffer for number, buffer in enumerate(buffers)]
    nulls = _nulls(entry, buffers[0], length)
    _check_sizes(entry, kind, length, buffers)
    array = pa.Array.from_buffers(kind, length, [buffers[0] if nulls else None, *buffers[1:]], nulls, 0, children)
    _check_children(entry, kind, array, children)
    array.validate(full=True)
    return array


def _whole(value: Any, what: str) -> int:
    # jsonlite writes whole doubles beyond 2^31 with a decimal point or an exponent.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**62:
        raise invalid(f"{what} is {value!r:.50}")
    return value


def _arrow_type(entry: Mapping[str, Any], children: Sequence[pa.Array]) -> pa.DataType:
    name = entry["format"]
    if name in _SIMPLE:
        kind = _SIMPLE[name]
    elif name == "timestamp":
        kind = pa.timestamp(entry["unit"], entry.get("timezone"))
    elif name in ("duration", "time64"):
        kind = getattr(pa, name)(entry["unit"])
    elif name == "decimal128":
        kind = pa.decimal128(entry["precision"], entry["scale"])
    elif name == "struct":
        names = [str(child["name"]) for child in entry.get("children") or []]
        kind = pa.struct([(label, child.type) for label, child in zip(names, children, strict=True)])
    elif name == "large_list" and len(children) == 1:
        kind = pa.large_list(children[0].type)
    else:
        raise invalid(f"unknown format {name!r:.50} with {len(children)} children")
    if children and not kinds.is_nested(kind):
        raise invalid(f"a column of format {name} has children")
    return kind


def _dictionary_array(entry: Mapping[str, Any], memory: pa.Buffer, length: int, depth: int) -> pa.Array:
    levels = _array(entry["dictionary"], memory, depth + 1)
    plain = {**entry, "format": "int32", "children": []}
    indices = _checked_array(plain, memory, length, depth + 1)
    codes, missing = arrays.numbers(indices, INT32), arrays.missing_mask(indices)
    wrong = (codes < 0) | (codes >= max(len(levels), 1))
    if (wrong if missing is None else wrong & ~missing).any():
        raise invalid(f"column {entry['name']!r:.50} has codes outside of its {len(levels)} levels")
    if len(indices) > indices.null_count and not len(levels):
        raise invalid(f"column {entry['name']!r:.50} has codes but no levels")
    return arrays.dictionary(arrays.indices(codes, missing), levels, ordered=False)


def _cut(place: Any, memory: pa.Buffer) -> pa.Buffer | None:
    if place is None:
        return None
    start, size = (_whole(number, "a buffer's place") for number in place)
    if start + size > memory.size:
        raise invalid(f"a buffer [{start}, {size}] lies outside of the file, which has {memory.size} bytes")
    if start % _ALIGNMENT:
        raise invalid(f"a buffer begins at {start}, which is no multiple of {_ALIGNMENT}")
    return memory.slice(start, size)


def _or_empty(buffer: pa.Buffer | None) -> pa.Buffer:
    return pa.py_buffer(b"") if buffer is None else buffer


def _nulls(entry: Mapping[str, Any], validity: pa.Buffer | None, length: int) -> int:
    """The number of nulls, counted."""
    declared = _whole(entry.get("nulls", 0), "nulls")
    if validity is None:
        found = 0
    elif validity.size < (length + 7) // 8:
        raise invalid(f"the validity of column {entry['name']!r:.50} has {validity.size} bytes for {length} values")
    else:
        found = _count_nulls(validity, length)
    if found != declared:
        raise invalid(f"column {entry['name']!r:.50} has {found} nulls, but says {declared}")
    return found


def _check_sizes(entry: Mapping[str, Any], kind: pa.DataType, length: int, buffers: Sequence[pa.Buffer | None]) -> None:
    """Every buffer holds what the length asks for; offsets go up, from 0 or more to within the data."""
    if len(buffers) < 2 or buffers[1] is None:
        return
    offsets = kinds.is_large_string(kind) or kinds.is_large_binary(kind) or kinds.is_large_list(kind)
    if kinds.is_boolean(kind):
        needed = (length + 7) // 8
    else:
        needed = 8 * (length + 1) if offsets else length * kind.bit_width // 8
    if buffers[1].size < needed and not (offsets and length == 0):
        raise invalid(f"column {entry['name']!r:.50} has {buffers[1].size} bytes for {length} values ({needed} needed)")
    if not offsets or length == 0:
        return
    ends = np.frombuffer(buffers[1], np.int64, length + 1)
    if ends[0] < 0 or (np.diff(ends) < 0).any():
        raise invalid(f"the offsets of column {entry['name']!r:.50} do not go up")
    if len(buffers) == 3 and buffers[2] is not None and ends[-1] > buffers[2].size:
        raise invalid(f"the offsets of column {entry['name']!r:.50} go beyond its {buffers[2].size} bytes of data")


def _check_children(entry: Mapping[str, Any], kind: pa.DataType, array: pa.Array, children: Sequence[pa.Array]) -> None:
    if kinds.is_struct(kind):
        lengths = {len(child) for child in children}
        if lengths - {len(array)}:
            raise invalid(f"the fields of column {entry['name']!r:.50} have the lengths {sorted(lengths)}")
    elif kinds.is_large_list(kind) and len(array):
        _, ends = array.buffers()[:2]
        last = int(np.frombuffer(ends, np.int64, 1, 8 * len(array))[0])
        if last > len(children[0]):
            raise invalid(f"the offsets of column {entry['name']!r:.50} go beyond its {len(children[0])} items")

"""Damaged and hostile artifact files from sound ones, by a seeded random source."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import pyarrow as pa

HUGE = (2**31 - 1, 2**31, 2**40, 2**62, 2**63 - 1, -1, -(2**31), -(2**63), 0, 1, 10**30)
_WORDS = (
    "",
    "x",
    "native",
    "list",
    "table",
    "vector",
    "scalar",
    "float64",
    "string",
    "python",
    "../../etc/passwd",
    "\0",
    "é",
)
_METADATA = b"pyflow"


def damaged(data: bytes, number: int) -> tuple[str, bytes]:
    """What was done, and the damaged file; the same for the same number."""
    source = random.Random(number)
    kind = source.choice(sorted(WAYS))
    return kind, WAYS[kind](data, source)


def _truncated(data: bytes, source: random.Random) -> bytes:
    return data[: source.randrange(len(data) + 1)]


def _flipped(data: bytes, source: random.Random) -> bytes:
    result = bytearray(data)
    for _ in range(source.choice((1, 1, 2, 8))):
        result[source.randrange(len(result))] ^= 1 << source.randrange(8)
    return bytes(result)


def _flipped_header(data: bytes, source: random.Random) -> bytes:
    """In the schema, the batch's own metadata or the footer, which are flatbuffers."""
    result = bytearray(data)
    middle = len(data) // 2
    place = source.choice((source.randrange(min(len(data), 800)), source.randrange(max(middle, 0), len(data))))
    result[place] ^= 1 << source.randrange(8)
    return bytes(result)


def _words(data: bytes, source: random.Random) -> bytes:
    """A whole number of four or eight bytes becomes a huge or negative one."""
    result = bytearray(data)
    size = source.choice((4, 8))
    place = source.randrange(max(len(data) // size, 1)) * size
    value = source.choice(HUGE) & (2 ** (8 * size) - 1)
    result[place : place + size] = value.to_bytes(size, "little")
    return bytes(result[: len(data)])


def _swapped(data: bytes, source: random.Random) -> bytes:
    """Two blocks change places."""
    size = 8 * source.randrange(1, 9)
    if len(data) < 4 * size:
        return data[::-1]
    a, b = sorted(source.sample(range(len(data) // size - 1), 2))
    blocks = [data[place * size : (place + 1) * size] for place in range(len(data) // size)]
    blocks[a], blocks[b] = blocks[b], blocks[a]
    return b"".join(blocks) + data[len(data) // size * size :]


def _inserted(data: bytes, source: random.Random) -> bytes:
    place = source.randrange(len(data))
    return data[:place] + source.randbytes(source.choice((1, 8, 64))) + data[place:]


def _other_metadata(data: bytes, source: random.Random) -> bytes:
    """A sound Arrow file whose pyflow key says something else."""

    def change(batch: pa.RecordBatch, meta: Any) -> tuple[pa.RecordBatch, Any]:
        for _ in range(source.choice((1, 1, 2, 4))):
            meta = mutated(meta, source)
        return batch, meta

    return remade(data, change)


def _deep_metadata(data: bytes, source: random.Random) -> bytes:
    """JSON, or a logical type, that is nested deeper than any stack."""
    depth = source.choice((70, 1000, 100_000))
    kind = source.choice(("json", "list", "struct", "attr"))

    def change(batch: pa.RecordBatch, meta: Any) -> tuple[pa.RecordBatch, Any]:
        opened, closed = {
            "json": ("[", "]"),
            "attr": ('{"class":', "}"),
            "list": ('{"type":"list","item":', "}"),
            "struct": ('{"type":"struct","fields":[["a",', "]]}"),
        }[kind]
        inner = '{"type":"int8"}' if kind in ("list", "struct") else "1"
        text = opened * depth + inner + closed * depth
        key = source.choice(("columns", "pools", "index", "python", "class"))
        plain = json.dumps({**meta, key: "HERE"})
        return batch, plain.replace('"HERE"', f"[{text}]" if key in ("columns", "pools") else text)

    return remade(data, change)


def _other_nodes(data: bytes, source: random.Random) -> bytes:
    """A tree whose nodes say something else."""

    def change(batch: pa.RecordBatch, meta: Any) -> tuple[pa.RecordBatch, Any]:
        if batch.schema.names[:1] != ["nodes"]:
            return batch, mutated(meta, source)
        rows = batch.column(0).to_pylist()[0]
        for _ in range(source.choice((1, 1, 2, 3))):
            _change_node(rows, source)
        column = pa.array([rows], batch.column(0).type)
        return batch.set_column(0, batch.schema.field(0), column), meta

    return remade(data, change)


def _change_node(rows: list[dict[str, Any]], source: random.Random) -> None:
    row = source.choice(rows)
    key = source.choice(("type", "pool", "start", "size", "attr", "name", "copy", "drop"))
    if key == "type":
        types = (
            "null scalar vector packed named array list dict map table attributes native object sparse odd"
        ).split()
        row["type"] = source.choice((*types, None))
    elif key == "pool":
        row["pool"] = source.choice((-1, 0, 1, 2, 7, 2**31 - 1, -(2**31), None))
    elif key in ("start", "size"):
        row[key] = source.choice((*(value for value in HUGE if abs(value) < 2**63), None, 2, 3))
    elif key == "attr":
        row["attr"] = _changed_attr(row["attr"], source)
    elif key == "name":
        row["name"] = source.choice((*_WORDS, None))
    elif key == "copy":
        rows.insert(source.randrange(len(rows) + 1), dict(row))
    else:
        rows.remove(row)
        rows.extend([dict(row)] if not rows else [])


def _changed_attr(attr: str | None, source: random.Random) -> str | None:
    if attr is None or source.random() < 0.2:
        return source.choice(
            ("{}", "[]", "1", "", "{", "null", "[" * 100_000, '{"class":' * 3000, '{"dim":[-1,-1]}', '{"dim":[1e300]}')
        )
    try:
        return json.dumps(mutated(json.loads(attr), source))
    except (ValueError, RecursionError):
        return None  # damaged before


def _deep_nodes(data: bytes, source: random.Random) -> bytes:
    """Lists in lists, deeper than any stack."""
    depth = source.choice((70, 5000, 200_000))
    kind = source.choice(("list", "dict", "attributes", "map"))

    def change(batch: pa.RecordBatch, meta: Any) -> tuple[pa.RecordBatch, Any]:
        if batch.schema.names[:1] != ["nodes"]:
            return batch, mutated(meta, source)
        row = {"name": "a", "type": kind, "pool": -1, "start": 0, "size": 1, "attr": None}
        rows = [row] * depth + [{**row, "type": "null", "size": 0}]
        column = pa.array([rows], batch.column(0).type)
        return batch.set_column(0, batch.schema.field(0), column), meta

    return remade(data, change)


def _long_nulls(data: bytes, source: random.Random) -> bytes:
    """A column of type null needs no bytes for its length, however long."""
    length = source.choice((10**6, 2**31, 2**40, 2**62))
    nulls = pa.Array.from_buffers(pa.null(), length, [None], length)
    if source.random() < 0.5:
        meta = {"version": 1, "kind": "table", "form": "table", "columns": [{"type": "null"}], "rows": length}
        return _file(pa.RecordBatch.from_arrays([nulls], names=["a"]), meta)
    offsets = pa.py_buffer((0).to_bytes(8, "little") + length.to_bytes(8, "little"))
    pool = pa.Array.from_buffers(pa.large_list(pa.null()), 1, [None, offsets], children=[nulls])
    kind = source.choice(("vector", "packed", "scalar"))
    fields = [("name", pa.large_utf8()), ("type", pa.large_utf8()), ("pool", pa.int32())]
    fields += [("start", pa.int64()), ("size", pa.int64()), ("attr", pa.large_utf8())]
    node = {"name": None, "type": kind, "pool": 0, "start": 0, "size": length, "attr": None}
    nodes = pa.array([[node]], pa.large_list(pa.struct(fields)))
    meta = {"version": 1, "kind": "vector", "form": "tree", "pools": [{"type": "null"}]}
    return _file(pa.RecordBatch.from_arrays([nodes, pool], names=["nodes", "p0"]), meta)


def remade(data: bytes, change: Callable[[pa.RecordBatch, Any], tuple[pa.RecordBatch, Any]]) -> bytes:
    """The same Arrow file but for what `change` makes of its batch and metadata."""
    reader = pa.ipc.open_file(pa.BufferReader(data))
    batch = reader.get_batch(0)
    meta = json.loads((reader.schema.metadata or {})[_METADATA])
    return _file(*change(batch, meta))


def _file(batch: pa.RecordBatch, meta: Any) -> bytes:
    text = meta if isinstance(meta, str) else json.dumps(meta)
    batch = batch.replace_schema_metadata({_METADATA: text.encode("utf-8", "surrogatepass")})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, batch.schema, options=pa.ipc.IpcWriteOptions(allow_64bit=True)) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def mutated(value: Any, source: random.Random) -> Any:
    """JSON with one part changed."""
    value = copy.deepcopy(value)
    places: list[tuple[Any, Any]] = []
    _collect(value, places)
    if not places:
        return source.choice((None, [], {}, 1, "x"))
    holder, key = source.choice(places)
    how = source.random()
    if how < 0.2 and isinstance(holder, dict):
        del holder[key]
    elif how < 0.3 and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    else:
        holder[key] = source.choice(
            (None, True, [], {}, "", 1.5, -0.5, 1e300, *HUGE, *_WORDS, [1], {"type": "int8"}, {"a": {}})
        )
    return value


def _collect(value: Any, places: list[tuple[Any, Any]]) -> None:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        places.append((value, key))
        _collect(part, places)


WAYS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "truncated": _truncated,
    "flipped": _flipped,
    "flipped-header": _flipped_header,
    "words": _words,
    "swapped": _swapped,
    "inserted": _inserted,
    "other-metadata": _other_metadata,
    "deep-metadata": _deep_metadata,
    "other-nodes": _other_nodes,
    "deep-nodes": _deep_nodes,
    "long-nulls": _long_nulls,
}

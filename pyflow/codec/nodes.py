"""Form tree (artifact.md, section 4): a value as nodes in pre-order whose leaves lie in pools of one type each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from pyflow.codec import arrays, ipc
from pyflow.codec.canonical import canonical
from pyflow.codec.types import BYTES, INT32, INT64, STRING, Logical, arrow_type, parse_logical, to_json, to_json_text
from pyflow.ports import Buffer

KINDS = {
    "null": "scalar",
    "scalar": "scalar",
    "vector": "vector",
    "named": "vector",
    "packed": "list",
    "list": "list",
    "dict": "dict",
    "map": "dict",
    "array": "array",
    "sparse": "array",
    "table": "table",
    "native": "native",
}
# What stands before the value that says the kind: the node itself, and of an object its native.
_BEFORE = {"attributes": 1, "object": 2}
LEAVES = frozenset({"scalar", "vector", "packed", "native"})
CONTAINERS = frozenset({"named", "array", "sparse", "list", "dict", "map", "table", "attributes", "object"})
_FIELDS = ("name", "type", "pool", "start", "size", "attr")
_NODE = pa.struct(
    [
        ("name", pa.large_utf8()),
        ("type", pa.large_utf8()),
        ("pool", pa.int32()),
        ("start", pa.int64()),
        ("size", pa.int64()),
        ("attr", pa.large_utf8()),
    ]
)
_BLOCK = 1024
Mark = tuple[int, list[int]]
_FEW = 8


@dataclass
class _Pool:
    """A pool that is being filled: finished arrays, then storage values that wait to become one."""

    logical: Logical
    done: list[pa.Array] = field(default_factory=list)
    waiting: list[Any] = field(default_factory=list)
    length: int = 0

    def add(self, value: Any) -> int:
        self.waiting.append(value)
        self.length += 1
        return self.length - 1

    def extend(self, array: pa.Array) -> int:
        self.flush()
        self.done.append(array)
        self.length += len(array)
        return self.length - len(array)

    def flush(self) -> None:
        if self.waiting:
            self.done.append(arrays.build(self.logical, self.waiting))
            self.waiting = []

    def truncate(self, length: int) -> None:
        """Take back what was added since the pool had this length."""
        self.flush()
        while self.length > length:
            last = self.done.pop()
            self.length -= len(last)
            if self.length < length:
                self.done.append(canonical(last.slice(0, length - self.length)))
                self.length = length

    def array(self) -> pa.Array:
        self.flush()
        if len(self.done) == 1:
            return self.done[0]
        if not self.done:
            return arrays.build(self.logical, [])
        return canonical(pa.concat_arrays(self.done))


class NodeWriter:
    """Takes a value's nodes in pre-order; `finish` gives the file."""

    def __init__(self) -> None:
        self._columns: tuple[list[Any], ...] = ([], [], [], [], [], [])
        self._pools: list[_Pool] = []
        self._by_type: dict[Logical, int] = {}

    def _node(self, name: str | None, kind: str, pool: int, start: int, size: int, attr: str | None) -> None:
        for column, value in zip(self._columns, (name, kind, pool, start, size, attr), strict=True):
            column.append(value)

    def _pool(self, logical: Logical) -> int:
        found = self._by_type.get(logical)
        if found is None:
            found = len(self._pools)
            self._pools.append(_Pool(logical))
            if logical.shares_pool:
                self._by_type[logical] = found
        return found

    def null(self, name: str | None, attr: str | None = None) -> None:
        self._node(name, "null", -1, 0, 0, attr)

    def scalar(self, name: str | None, logical: Logical, value: Any, attr: str | None = None) -> None:
        """`value` is a storage value (arrays.storage), None for missing."""
        pool = self._pool(logical)
        self._node(name, "scalar", pool, self._pools[pool].add(value), 1, attr)

    def leaf(self, name: str | None, kind: str, logical: Logical, array: pa.Array, attr: str | None = None) -> None:
        """A vector, a packed list, or a scalar that is an array already; the array is canonical."""
        pool = self._pool(logical)
        self._node(name, kind, pool, self._pools[pool].extend(array), len(array), attr)

    def native(self, name: str | None, data: bytes, attr: str) -> None:
        pool = self._pool(BYTES)
        self._node(name, "native", pool, self._pools[pool].add(data), 1, attr)

    def open(self, name: str | None, kind: str, size: int, attr: str | None = None) -> None:
        """A container; its `size` children (with all that is in them) are to follow."""
        self._node(name, kind, -1, 0, size, attr)

    def mark(self) -> Mark:
        """Where the writer is now, for `back`."""
        return len(self._columns[0]), [pool.length for pool in self._pools]

    def back(self, mark: Mark) -> None:
        """Take back all that was written since."""
        nodes, lengths = mark
        for column in self._columns:
            del column[nodes:]
        del self._pools[len(lengths) :]
        self._by_type = {logical: pool for logical, pool in self._by_type.items() if pool < len(lengths)}
        for pool, length in zip(self._pools, lengths, strict=True):
            pool.truncate(length)

    @property
    def kind(self) -> str:
        """The artifact's kind, by its root."""
        return root_kind(self._columns[1])

    def key(self) -> tuple[Any, ...]:
        """What orders equal-looking values in a set: the nodes, then the pools."""
        pools = [(to_json_text(p.logical), repr(arrays.storage(p.array(), p.logical))) for p in self._pools]
        return (repr(self._columns), pools)

    def finish(self) -> list[Buffer]:
        """The artifact file."""
        columns = tuple(map(tuple, self._columns))
        nodes = _few_nodes(columns) if len(columns[0]) <= _FEW else _nodes(columns)
        contents = [nodes, *(pool.array() for pool in self._pools)]
        columns = [arrays.one_list(content) for content in contents]
        meta = {"kind": self.kind, "form": "tree", "pools": [to_json(pool.logical) for pool in self._pools]}
        return ipc.write(meta, _column_names(len(columns)), columns)


def _nodes(columns: tuple[tuple[Any, ...], ...]) -> pa.Array:
    names, types, pools, starts, sizes, attrs = columns
    parts = [
        arrays.texts(STRING, names),
        arrays.texts(STRING, types),
        arrays.fixed(INT32, np.array(pools, dtype=np.int32)),
        arrays.fixed(INT64, np.array(starts, dtype=np.int64)),
        arrays.fixed(INT64, np.array(sizes, dtype=np.int64)),
        arrays.texts(STRING, attrs),
    ]
    return pa.Array.from_buffers(_NODE, len(names), [None], 0, children=parts)


# Most small values look alike: one scalar, one packed list.
_few_nodes = lru_cache(maxsize=256)(_nodes)


@lru_cache(maxsize=64)
def _column_names(count: int) -> tuple[str, ...]:
    return ("nodes", *(f"p{k}" for k in range(count - 1)))


def root_kind(types: list[str]) -> str:
    """The kind that follows from the root's type; attributes takes that of its first child, an object of its second."""
    node = 0
    while node < len(types) and types[node] in _BEFORE:
        node += _BEFORE[types[node]]
    return KINDS.get(types[node], "list") if node < len(types) else "list"


@dataclass(frozen=True)
class Pool:
    """A pool of an open artifact."""

    logical: Logical
    array: pa.Array
    _blocks: dict[int, list[Any]] = field(default_factory=dict)

    def value(self, position: int) -> Any:
        """One storage value; blocks of them are converted at a time, because scalars lie side by side."""
        number, place = divmod(position, _BLOCK)
        block = self._blocks.get(number)
        if block is None:
            block = arrays.storage(self.array.slice(number * _BLOCK, _BLOCK), self.logical)
            self._blocks[number] = block
        return block[place]


@dataclass(frozen=True)
class Tree:
    """The nodes of an open artifact, checked: containers hold what they say and leaves lie inside of their pools."""

    names: list[str | None]
    types: list[str]
    pools: list[int]
    starts: list[int]
    sizes: list[int]
    attrs: list[str | None]
    pool: tuple[Pool, ...]
    file: ipc.ArtifactFile

    def attr(self, node: int) -> Mapping[str, Any]:
        text = self.attrs[node]
        if text is None:
            return {}
        return _parse_attr(text) if len(text) < _BLOCK else json.loads(text)

    def leaf(self, node: int) -> tuple[Logical, pa.Array]:
        """A leaf's logical type and elements, without a copy."""
        pool = self.pool[self.pools[node]]
        return pool.logical, pool.array.slice(self.starts[node], self.sizes[node])

    @cached_property
    def ends(self) -> list[int]:
        """For each node the place just behind all that is in it."""
        count = len(self.types)
        ends = [0] * count
        for node in range(count - 1, -1, -1):
            end = node + 1
            if self.types[node] in CONTAINERS:
                for _ in range(self.sizes[node]):
                    if end >= count:
                        raise ipc.corrupt("a container has fewer children than it says")
                    end = ends[end]
            ends[node] = end
        return ends

    def children(self, node: int) -> Iterator[int]:
        child = node + 1
        for _ in range(self.sizes[node]):
            yield child
            child = self.ends[child]


@lru_cache(maxsize=512)
def _parse_attr(text: str) -> Mapping[str, Any]:
    return json.loads(text)


def open_tree(file: ipc.ArtifactFile) -> Tree:
    """The nodes of an artifact of form tree; raises StoreError `artifact_corrupt`."""
    batch = file.batch
    if batch.num_rows != 1 or batch.schema.names[:1] != ["nodes"]:
        raise ipc.corrupt("form tree needs one row and a first column 'nodes'")
    pools = _open_pools(file)
    nodes = batch.column(0)
    if nodes.type != pa.large_list(_NODE) or nodes.null_count:
        raise ipc.corrupt(f"column 'nodes' has the type {nodes.type}")
    rows = arrays.list_content(ipc.checked(nodes))
    parts = {name: rows.field(number) for number, name in enumerate(_FIELDS)}
    tree = Tree(
        names=parts["name"].to_pylist(),
        types=parts["type"].to_pylist(),
        pools=arrays.storage(parts["pool"], INT32),
        starts=arrays.storage(parts["start"], INT64),
        sizes=arrays.storage(parts["size"], INT64),
        attrs=parts["attr"].to_pylist(),
        pool=pools,
        file=file,
    )
    _check(tree)
    return tree


def _open_pools(file: ipc.ArtifactFile) -> tuple[Pool, ...]:
    declared = file.meta.get("pools")
    if not isinstance(declared, list) or len(declared) != file.batch.num_columns - 1:
        raise ipc.corrupt("its metadata does not describe each pool")
    pools = []
    for number, data in enumerate(declared):
        column = file.batch.column(number + 1)
        try:
            logical = parse_logical(data)
            expected = pa.large_list(arrow_type(logical))
        except (ValueError, pa.ArrowException) as error:
            raise ipc.corrupt(str(error)) from error
        if column.type != expected or column.null_count:
            raise ipc.corrupt(f"pool {number} has the type {column.type} instead of {expected}")
        pools.append(Pool(logical, arrays.list_content(column)))
    return tuple(pools)


def _check(tree: Tree) -> None:
    """Everything that the readers rely on."""
    count = len(tree.types)
    lengths = [len(pool.array) for pool in tree.pool]
    columns = zip(tree.types, tree.pools, tree.starts, tree.sizes, strict=True)
    for node, (kind, pool, start, size) in enumerate(columns):
        if None in (kind, pool, start, size) or size < 0:
            raise ipc.corrupt(f"node {node} is incomplete")
        if kind in LEAVES:
            if not 0 <= pool < len(lengths) or start < 0 or start > lengths[pool] - size:
                raise ipc.corrupt(f"node {node} ({kind}) lies outside of its pool")
            if kind in ("scalar", "native") and size != 1:
                raise ipc.corrupt(f"node {node} ({kind}) has the size {size}")
            if kind == "native" and tree.pool[pool].logical.type != "bytes":
                raise ipc.corrupt(f"node {node} (native) lies in a pool that is not of bytes")
        elif kind not in CONTAINERS and kind != "null":
            raise ipc.corrupt(f"node {node} has the unknown type {kind!r}")
    if count == 0 or tree.ends[0] != count:
        raise ipc.corrupt("its nodes are not one value")

"""Foreach items (task.md, "Foreach items"): count them, take one out, without opening the rest.

The split step's language says what an item is. Files are mapped, so what is not touched is not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pyflow.codec import ipc, native, preview, untree
from pyflow.codec.canonical import canonical
from pyflow.codec.nodes import NodeWriter, Tree, open_tree
from pyflow.codec.table import OpenTable, open_form_table
from pyflow.codec.tree import Encoder
from pyflow.codec.types import canonical_json
from pyflow.ports import Buffer, Encoded
from pyflow.spec.errors import ArtifactError

_NAME = "item"


def count(path: Path, language: str) -> int:
    """How many items; raises ArtifactError `foreach_not_iterable`."""
    with ipc.naming(path), untree.reading():
        return _open(path, language).count()


def item(path: Path, index: int, language: str) -> Encoded:
    """Item `index` as an artifact; raises IndexError outside of 0 .. count - 1."""
    with ipc.naming(path), untree.reading():
        found = _open(path, language)
        total = found.count()
        if 0 <= index < total:
            return found.item(index)
    raise IndexError(f"there is no foreach item {index}: {path} has {total} items")


def _open(path: Path, language: str) -> _Rows | _Items:
    file = ipc.open_file(path, whole=False)
    if file.meta.get("form") == "table":
        return _Rows(open_form_table(file))
    return _Items(open_tree(file), language)


def _cut(array: pa.Array, index: int) -> pa.Array:
    """One element, checked because the file as a whole was not."""
    return canonical(ipc.checked(array.slice(index, 1)))


def _described(chunks: Sequence[Buffer]) -> Encoded:
    file = ipc.open_file(b"".join(chunks))
    value = untree.decode(file, lambda proxy: proxy)
    kind = str(file.meta["kind"])
    return Encoded(chunks, kind, preview.type_name(value), preview.preview(value), scalar=preview.scalar(value))


def encode_item(value: Any) -> Encoded:
    """A Python value as an item."""
    encoder = Encoder(_NAME)
    chunks, kind = encoder.encode(value)
    shown, warnings = preview.preview(value), tuple(encoder.warnings)
    return Encoded(chunks, kind, preview.type_name(value), shown, warnings, preview.scalar(value))


class _Rows:
    """The rows of an artifact of form table."""

    def __init__(self, table: OpenTable) -> None:
        self.table = table

    def count(self) -> int:
        return self.table.rows

    def item(self, index: int) -> Encoded:
        table = self.table
        columns = [_cut(array, index) for _, array in table.columns]
        meta = {**table.meta, "rows": 1}
        if "index" in meta:
            meta["index"] = _one_of_index(meta["index"], index)
        return _described(ipc.write(meta, [name or "" for name in table.names], columns))


def _one_of_index(index: Mapping[str, Any], row: int) -> Mapping[str, Any]:
    if index["kind"] != "range":
        return index
    start = index["start"] + row * index["step"]
    return {**index, "start": start, "stop": start + index["step"]}


class _Items:
    """The items of an artifact of form tree."""

    def __init__(self, tree: Tree, language: str) -> None:
        self.tree = tree
        self.r = language == "r"
        self.root = 0
        while (before := self._before()) > 0:
            self.root += before
        self.type = tree.types[self.root]
        if self.type in ("scalar", "native"):
            ipc.checked(tree.leaf(self.root)[1])

    def _before(self) -> int:
        """How many nodes stand before the value whose items are asked for: only Python opens its own objects here."""
        tree, kind = self.tree, self.tree.types[self.root]
        if kind != "object":
            return 1 if kind == "attributes" else 0
        own = not self.r and tree.attr(self.root + 1).get("language") == "python"
        return 0 if own else 2

    def count(self) -> int:
        """Raises ArtifactError `foreach_not_iterable` for a value without items."""
        tree, root = self.tree, self.root
        if self.type in ("vector", "packed", "list", "dict"):
            return tree.sizes[root]
        if self.type == "map":
            return tree.sizes[root] // 2
        if self.type == "named":
            return tree.sizes[root + 1]
        if self.type == "table":
            return int(tree.attr(root)["rows"])
        if self.type in ("array", "sparse"):
            return self._array_count()
        if self.type in ("native", "object"):
            return self._native_count()
        if self.type == "null" and self.r:
            return 0
        if self.type == "scalar":
            return self._scalar_count()
        raise self._refuse("None" if self.type == "null" else f"a value of the type {self.type}")

    def _refuse(self, what: str) -> ArtifactError:
        return ArtifactError(
            f"foreach needs a list, a vector, a table or a dictionary, but got {what}",
            code="foreach_not_iterable",
            hint="Store the items as a list; for a single item, a list of length one.",
        )

    def _array_count(self) -> int:
        dim = self.tree.attr(self.root)["dim"]
        if not self.r and not dim:
            raise self._refuse("an array without dimensions")
        return int(np.prod(dim)) if self.r else int(dim[0])

    def _scalar_count(self) -> int:
        pool = self.tree.pool[self.tree.pools[self.root]]
        value = pool.value(self.tree.starts[self.root])
        if self.r:
            # A raw vector of any length is one value of type bytes; every other scalar is one item.
            return len(value) if pool.logical.type == "bytes" and value is not None else 1
        if isinstance(value, str | bytes) and pool.logical.type in ("string", "bytes"):
            return len(value)
        raise self._refuse(f"the single value {preview.preview(untree.decode_node(self.tree, self.root))}")

    def _native_count(self) -> int:
        value = self._native()
        if isinstance(value, Sized):
            return len(value)
        if isinstance(value, Iterable):
            return sum(1 for _ in value)
        raise self._refuse(f"an object of class {preview.type_name(value)}")

    def _native(self) -> Any:
        """A native opened in the language of the split, which is ours only if it is Python's."""
        if self.type == "object":
            return untree.decode_node(self.tree, self.root)
        proxy: native.NativeProxy = untree.decode_node(self.tree, self.root, lambda found: found)
        if self.r or proxy.language != "python":
            raise self._refuse(f"an object of class {proxy.cls[0] if proxy.cls else 'unknown'}")
        return native.open_native(proxy)

    def item(self, index: int) -> Encoded:
        take = _TAKE[self.type]
        return take(self, index)

    def _leaf_item(self, index: int) -> Encoded:
        return self._element(self.root, index)

    def _element(self, node: int, index: int) -> Encoded:
        """An element of a leaf: in R a length-one vector, in Python what [index] gives."""
        tree = self.tree
        logical, array = tree.leaf(node)
        writer = NodeWriter()
        one = _cut(array, index)
        if self.r or tree.types[node] == "packed":
            # A factor of length one stays a factor, and the row of a table a table.
            writer.leaf(None, "vector" if logical.type in ("category", "struct") else "scalar", logical, one)
            return _described(writer.finish())
        writer.leaf(None, "vector", logical, one, tree.attrs[node])
        value = untree.decode(ipc.open_file(b"".join(writer.finish())))
        return encode_item(_first(value))

    def _named_item(self, index: int) -> Encoded:
        values = self.root + 1
        return self._element(values, index) if self.tree.types[values] == "vector" else self._child(values, index)

    def _child_item(self, index: int) -> Encoded:
        return self._child(self.root, index)

    def _child(self, node: int, index: int) -> Encoded:
        child = next(islice(self.tree.children(node), index, None))
        return self._copied(child)

    def _copied(self, *nodes: int) -> Encoded:
        writer = NodeWriter()
        for node in nodes:
            copy_nodes(self.tree, node, writer, name=None)
        return _described(writer.finish())

    def _dict_item(self, index: int) -> Encoded:
        child = next(islice(self.tree.children(self.root), index, None))
        return self._copied(child) if self.r else encode_item(self.tree.names[child])

    def _map_item(self, index: int) -> Encoded:
        key, value = islice(self.tree.children(self.root), 2 * index, 2 * index + 2)
        if not self.r:
            return self._copied(key)
        writer = NodeWriter()
        writer.open(None, "dict", 2)
        copy_nodes(self.tree, key, writer, name="key")
        copy_nodes(self.tree, value, writer, name="value")
        return _described(writer.finish())

    def _array_item(self, index: int) -> Encoded:
        tree = self.tree
        if tree.types[self.root + 1] == "vector":
            ipc.checked(tree.leaf(self.root + 1)[1])
        if not self.r:
            return encode_item(untree.decode_node(tree, self.root)[index])
        attr = tree.attr(self.root)
        if attr.get("order", "F") == "C":
            place = np.unravel_index(index, attr["dim"], order="F")
            index = int(np.ravel_multi_index(place, attr["dim"], order="C"))
        elements = self.root + 1
        return self._element(elements, index) if tree.types[elements] == "vector" else self._child(elements, index)

    def _sparse_item(self, index: int) -> Encoded:
        value = untree.decode_node(self.tree, self.root).tocsr()
        if not self.r:
            return encode_item(value[index])
        column, row = divmod(index, value.shape[0])
        return encode_item(value[row, column].item())

    def _table_item(self, index: int) -> Encoded:
        tree, attr = self.tree, dict(self.tree.attr(self.root))
        attr["rows"] = 1
        if "index" in attr:
            attr["index"] = _one_of_index(attr["index"], index)
        writer = NodeWriter()
        writer.open(None, "table", tree.sizes[self.root], canonical_json(attr))
        for child in tree.children(self.root):
            self._table_cell(writer, child, index)
        return _described(writer.finish())

    def _table_cell(self, writer: NodeWriter, child: int, index: int) -> None:
        tree = self.tree
        name, kind = tree.names[child], tree.types[child]
        if kind in ("vector", "packed"):
            logical, array = tree.leaf(child)
            writer.leaf(name, kind, logical, _cut(array, index), tree.attrs[child])
        elif kind == "list":
            writer.open(name, kind, 1, tree.attrs[child])
            copy_nodes(tree, next(islice(tree.children(child), index, None)), writer, name=None)
        elif kind == "native":
            ipc.checked(tree.leaf(child)[1])
            proxy = native.pack(untree.decode_node(tree, child)[index : index + 1])
            writer.native(name, proxy.bytes, canonical_json(proxy.attr()))
        else:
            raise self._refuse(f"a table whose column {name!r} has no rows ({kind})")

    def _scalar_item(self, index: int) -> Encoded:
        value = untree.decode_node(self.tree, self.root)
        if not self.r:
            return encode_item(value[index])
        logical, array = self.tree.leaf(self.root)
        if logical.type == "bytes" and value is not None:
            return encode_item(bytes(value[index : index + 1]))
        writer = NodeWriter()
        writer.leaf(None, "scalar", logical, canonical(array), self.tree.attrs[self.root])
        return _described(writer.finish())

    def _native_item(self, index: int) -> Encoded:
        value = self._native()
        if isinstance(value, Sequence):
            return encode_item(value[index])
        return encode_item(next(islice(iter(value), index, None)))


_TAKE: Mapping[str, Callable[[_Items, int], Encoded]] = {
    "vector": _Items._leaf_item,
    "packed": _Items._leaf_item,
    "named": _Items._named_item,
    "list": _Items._child_item,
    "dict": _Items._dict_item,
    "map": _Items._map_item,
    "array": _Items._array_item,
    "sparse": _Items._sparse_item,
    "table": _Items._table_item,
    "scalar": _Items._scalar_item,
    "native": _Items._native_item,
    "object": _Items._native_item,
}


def _first(value: Any) -> Any:
    """The element of a vector of length one, as iterating over it gives it."""
    return next(iter(value))


def copy_nodes(tree: Tree, node: int, writer: NodeWriter, name: str | None) -> None:
    """Write a node with all that is in it; `name` is its name in the new place."""
    for place in range(node, tree.ends[node]):
        shown = name if place == node else tree.names[place]
        kind, attr = tree.types[place], tree.attrs[place]
        if kind == "null":
            writer.null(shown, attr)
        elif tree.pools[place] >= 0:
            logical, array = tree.leaf(place)
            writer.leaf(shown, kind, logical, canonical(ipc.checked(array)), attr)
        else:
            writer.open(shown, kind, tree.sizes[place], attr)

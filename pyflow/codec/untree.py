"""An open artifact -> the Python value. The mirror image of tree.py."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa

from pyflow.codec import arrays, arrowlike, arrowtables, ipc, native, scalars, vectors
from pyflow.codec.lazy import pandas_values
from pyflow.codec.nodes import Tree, open_tree
from pyflow.codec.table import OpenTable, open_form_table
from pyflow.codec.types import Logical
from pyflow.spec.caught import CaughtError
from pyflow.spec.errors import PyflowError

_BAD_DATA = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    OverflowError,
    RecursionError,
    pa.ArrowException,
)
_SEQUENCES: Mapping[str, Callable[[list[Any]], Any]] = {"tuple": tuple, "set": set, "frozenset": frozenset}
_DICTS: Mapping[str, Callable[[Any], Any]] = {
    "collections.OrderedDict": OrderedDict,
    "collections.Counter": Counter,
    "pyflow.CaughtError": CaughtError,
}
OpenNative = Callable[[native.NativeProxy], Any]


def open_own(proxy: native.NativeProxy) -> Any:
    """Python's natives as objects, those of other languages as proxies."""
    return native.open_native(proxy) if proxy.language == "python" else proxy


def decode(file: ipc.ArtifactFile, opener: OpenNative = open_own) -> Any:
    """The value of an artifact; raises StoreError `artifact_corrupt`. `opener` says what natives become."""
    with reading():
        if file.meta.get("form") == "table":
            return decode_table(open_form_table(file))
        return decode_node(open_tree(file), 0, opener)


@contextmanager
def reading() -> Iterator[None]:
    """What damaged data makes the readers raise becomes `artifact_corrupt`."""
    try:
        yield
    except PyflowError:
        raise
    except _BAD_DATA as error:
        raise ipc.corrupt(f"{type(error).__name__}: {error}") from error


def decode_node(tree: Tree, node: int, opener: OpenNative = open_own) -> Any:
    """The value of one node with all that is in it."""
    return _READERS[tree.types[node]](_Reader(tree, opener), node)


def decode_table(table: OpenTable) -> Any:
    """A table as the class that it had; pandas.DataFrame where it had none of Python."""
    if table.python_class in arrowtables.CLASSES:
        return arrowtables.to_table(table, table.python_class)
    return pandas_values().to_frame(table)


class _Reader:
    """Reads the nodes of one tree."""

    def __init__(self, tree: Tree, opener: OpenNative) -> None:
        self.tree = tree
        self.opener = opener

    def node(self, node: int) -> Any:
        return _READERS[self.tree.types[node]](self, node)

    def children(self, node: int) -> Iterator[Any]:
        for child in self.tree.children(node):
            yield self.node(child)

    def python_class(self, node: int) -> str | None:
        return None if self.tree.attrs[node] is None else (self.tree.attr(node).get("class") or {}).get("python")

    def null(self, node: int) -> Any:
        return None if self.python_class(node) is None else pandas_values().missing(self.python_class(node))

    def scalar(self, node: int) -> Any:
        tree = self.tree
        pool = tree.pool[tree.pools[node]]
        value = pool.value(tree.starts[node])
        kind = self.python_class(node)
        if kind is None:
            if pool.logical.type in ("list", "struct"):
                return vectors.to_list(*tree.leaf(node))[0]
            return scalars.read(pool.logical, value)
        if kind.startswith("numpy."):
            return vectors.to_numpy(*tree.leaf(node), tree.file)[0]
        if kind == "bytearray":
            return bytearray(value)
        if kind in ("pandas.Timestamp", "pandas.Timedelta"):
            return pandas_values().moment(pool.logical, value)
        if kind == "pandas.NA":
            return pandas_values().missing(kind)
        return scalars.read(pool.logical, value)

    def packed(self, node: int) -> Any:
        logical, array = self.tree.leaf(node)
        return _sequence(self.python_class(node), vectors.to_list(logical, array))

    def list(self, node: int) -> Any:
        items = [*self.children(node)]
        kind = self.python_class(node)
        if kind == "numpy.ndarray":
            return _object_array(items)
        if kind == "pandas.Series":
            return pandas_values().make_series(items, None, self.tree.attr(node).get("name"))
        return _sequence(kind, items)

    def dict(self, node: int) -> Any:
        names = (self.tree.names[child] or "" for child in self.tree.children(node))
        items = dict(zip(names, self.children(node), strict=True))
        return _DICTS.get(self.python_class(node) or "", _same)(items)

    def map(self, node: int) -> Any:
        flat = [*self.children(node)]
        if len(flat) % 2:
            raise ipc.corrupt("a map has a key without a value")
        return _DICTS.get(self.python_class(node) or "", _same)(dict(zip(flat[::2], flat[1::2], strict=True)))

    def vector(self, node: int) -> Any:
        return _vector(*self.tree.leaf(node), self.tree.attr(node), self.tree.file)

    def named(self, node: int) -> Any:
        tree, attr = self.tree, self.tree.attr(node)
        first, *levels = tree.children(node)
        values = self.series_values(first)
        if "range" in attr:
            index = pandas_values().make_range(attr["range"])
        else:
            hints = [tree.leaf(level)[0].hint("freq") if tree.types[level] == "vector" else None for level in levels]
            names = attr.get("names") or [None] * len(levels)
            index = pandas_values().make_index([self.series_values(level) for level in levels], names, hints)
        return pandas_values().make_series(values, index, tree.attr(first).get("name"))

    def series_values(self, node: int) -> Any:
        """The values of a Series, of an index level, or of a column: for pandas, whatever class they have alone."""
        if self.tree.types[node] == "vector":
            return pandas_values().values(*self.tree.leaf(node), self.tree.file)
        return [*self.children(node)] if self.tree.types[node] == "list" else self.node(node)

    def array(self, node: int) -> Any:
        tree, attr = self.tree, self.tree.attr(node)
        elements = next(tree.children(node))
        if tree.types[elements] == "vector":
            logical, array = tree.leaf(elements)
            values = _numbers(logical, array, tree.attr(elements), tree.file)
        else:
            values = _object_array([*self.children(elements)])
        return values.reshape(attr["dim"], order=attr.get("order", "F"))

    def table(self, node: int) -> Any:
        tree, attr = self.tree, self.tree.attr(node)
        children = [*tree.children(node)]
        columns = tuple(tree.leaf(c) if tree.types[c] == "vector" else self.series_values(c) for c in children)
        names = tuple(tree.names[child] for child in children)
        return decode_table(OpenTable(names, columns, int(attr["rows"]), attr, tree.file))

    def attributes(self, node: int) -> Any:
        return self.node(next(self.tree.children(node)))

    def native(self, node: int) -> Any:
        _, array = self.tree.leaf(node)
        return self.opener(native.proxy_from(self.tree.attr(node), array.to_pylist()[0]))


_READERS: Mapping[str, Callable[[_Reader, int], Any]] = {
    name: getattr(_Reader, name)
    for name in (
        *("null", "scalar", "vector", "packed", "named", "array"),
        *("list", "dict", "map", "table", "attributes", "native"),
    )
}


def _same(value: Any) -> Any:
    return value


def _sequence(kind: str | None, items: list[Any]) -> Any:
    if kind == "range":
        step = items[1] - items[0] if len(items) > 1 else 1
        return range(items[0], items[-1] + (1 if step > 0 else -1), step)
    return items if kind is None else _SEQUENCES.get(kind, list)(items)


def _object_array(items: list[Any]) -> Any:
    result = np.empty(len(items), dtype=object)
    for position, item in enumerate(items):
        result[position] = item
    return result


def _vector(logical: Logical, array: pa.Array, attr: Mapping[str, Any], file: ipc.ArtifactFile) -> Any:
    kind = (attr.get("class") or {}).get("python")
    if kind is None:
        return _foreign_vector(logical, array, file)
    if kind.startswith("numpy."):
        return _numbers(logical, array, attr, file)
    if kind.startswith("pyarrow."):
        restored = arrowlike.restore(logical, array)
        return restored if kind == "pyarrow.Array" else pa.chunked_array([restored])
    if kind == "polars.Series":
        return arrowtables.to_polars_series(attr.get("name"), logical, array)
    values = pandas_values().values(logical, array, file)
    if kind == "pandas.Index":
        return pandas_values().make_index([values], [attr.get("name")], [logical.hint("freq")])
    return values if kind == "pandas.array" else pandas_values().make_series(values, None, attr.get("name"))


def _numbers(logical: Logical, array: pa.Array, attr: Mapping[str, Any], file: ipc.ArtifactFile) -> Any:
    values = vectors.to_numpy(logical, array, file)
    if (attr.get("class") or {}).get("python") != "numpy.ma.MaskedArray":
        return values
    mask = arrays.missing_mask(array)
    return np.ma.MaskedArray(values, mask=np.ma.nomask if mask is None else mask)


def _foreign_vector(logical: Logical, array: pa.Array, file: ipc.ArtifactFile) -> Any:
    """A vector of another language: numpy, but pandas where numpy has no missing value, no time zone, no levels."""
    whole = logical.type == "bool" or "int" in logical.type
    if logical.type == "category":
        return pandas_values().values(logical, array, file)
    if (whole and array.null_count) or (logical.type == "timestamp" and logical.tz is not None):
        return pandas_values().make_series(pandas_values().values(logical, array, file), None, None)
    return vectors.to_numpy(logical, array, file)

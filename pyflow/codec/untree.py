"""An open artifact -> the Python value. The mirror image of tree.py."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from pyflow.codec import arrays, arrowlike, arrowtables, ipc, native, objects, scalars, sparse, vectors
from pyflow.codec.lazy import pandas_values
from pyflow.codec.nodes import Tree, open_tree
from pyflow.codec.notes import Notes, place_of
from pyflow.codec.table import OpenTable, open_form_table
from pyflow.codec.types import INTEGERS, Logical
from pyflow.spec.caught import CaughtError
from pyflow.spec.errors import ArtifactError, PyflowError

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


def decode(file: ipc.ArtifactFile, opener: OpenNative = open_own, notes: Notes | None = None) -> Any:
    """The value of an artifact; raises StoreError `artifact_corrupt`. `opener` says what natives become; `notes` takes
    what the value loses by being read in Python."""
    with reading():
        if file.meta.get("form") == "table":
            table = open_form_table(file)
            if notes is not None:
                notes.columns(table.names, table.columns)
            return decode_table(table)
        return decode_node(open_tree(file), 0, opener, notes)


@contextmanager
def reading() -> Iterator[None]:
    """What damaged data makes the readers raise becomes `artifact_corrupt`."""
    try:
        yield
    except PyflowError:
        raise
    except _BAD_DATA as error:
        raise ipc.corrupt(f"{type(error).__name__}: {error}") from error


def decode_node(tree: Tree, node: int, opener: OpenNative = open_own, notes: Notes | None = None) -> Any:
    """The value of one node with all that is in it."""
    return _READERS[tree.types[node]](_Reader(tree, opener, notes or Notes()), node)


def table_root(tree: Tree) -> int | None:
    """The node of a table that is all of the artifact, attributes left aside; None if it is something else."""
    root = 0
    while tree.types[root] == "attributes":
        root += 1
    return root if tree.types[root] == "table" else None


def decode_children(tree: Tree, table: OpenTable, notes: Notes) -> Any:
    """A table whose columns are nodes of the tree, the only ones that are read."""
    return _Reader(tree, open_own, notes).table_of(table)


def decode_table(table: OpenTable) -> Any:
    """A table as the class that it had; pandas.DataFrame where it had none of Python."""
    if table.python_class in arrowtables.CLASSES:
        return arrowtables.to_table(table, table.python_class)
    return pandas_values().to_frame(table)


class _Reader:
    """Reads the nodes of one tree."""

    def __init__(self, tree: Tree, opener: OpenNative, notes: Notes) -> None:
        self.tree = tree
        self.opener = opener
        self.notes = notes

    def note(self, code: str, node: int, what: str) -> None:
        self.notes.add(code, partial(place_of, self.tree, node), what)

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
        kind = self.python_class(node)
        if pool.logical.type in ("list", "struct"):
            return self.nested_scalar(node, kind)
        value = pool.value(tree.starts[node])
        self.leaf_notes(node)
        if kind is None:
            if value is None and pool.logical.type != "float64":
                self.note("missing_as_none", node, f"is a missing {pool.logical.type} of R; in Python it is None")
            return scalars.read(pool.logical, value)
        if kind.startswith("numpy."):
            return vectors.to_numpy(*tree.leaf(node), tree.file)[0]
        if kind == "bytearray":
            return bytearray(value)
        if kind in ("pandas.Timestamp", "pandas.Timedelta"):
            return pandas_values().moment(pool.logical, value)
        if kind == "pandas.Period":
            return pandas_values().single(*tree.leaf(node), tree.file)
        if kind == "pandas.NA":
            return pandas_values().missing(kind)
        return scalars.read(pool.logical, value)

    def nested_scalar(self, node: int, kind: str | None) -> Any:
        """One struct or list: what was a scalar of pandas or numpy, else a dict or a list."""
        logical, array = self.tree.leaf(node)
        if kind == "pandas.Interval":
            return pandas_values().single(logical, array, self.tree.file)
        if logical.hint("numpy") is not None:
            values = vectors.to_numpy(logical, array, self.tree.file)
            return values.view(np.recarray)[0] if kind == "numpy.record" else values[0]
        return vectors.to_list(logical, array)[0]

    def packed(self, node: int) -> Any:
        logical, array = self.tree.leaf(node)
        return _sequence(self.python_class(node), vectors.to_list(logical, array))

    def list(self, node: int) -> Any:
        if any(self.tree.names[child] is not None for child in self.tree.children(node)):
            self.note("names_dropped", node, "is a list of which some items have names; in Python they have none")
        items = [*self.children(node)]
        kind = self.python_class(node)
        if kind == "numpy.ndarray":
            return _object_array(items)
        if kind == "pandas.Series":
            return pandas_values().make_series(items, None, self.tree.attr(node).get("name"))
        return _sequence(kind, items)

    def dict(self, node: int) -> Any:
        names = [self.tree.names[child] or "" for child in self.tree.children(node)]
        items = dict(zip(names, self.children(node), strict=True))
        if len(items) < len(names):
            self.note("names_repeated", node, "is a list whose names repeat; in Python it is a list of (name, value)")
            return [*zip(names, self.children(node), strict=True)]
        return _DICTS.get(self.python_class(node) or "", _same)(items)

    def map(self, node: int) -> Any:
        flat = [*self.children(node)]
        if len(flat) % 2:
            raise ipc.corrupt("a map has a key without a value")
        return _DICTS.get(self.python_class(node) or "", _same)(dict(zip(flat[::2], flat[1::2], strict=True)))

    def vector(self, node: int) -> Any:
        self.leaf_notes(node)
        return _vector(*self.tree.leaf(node), self.tree.attr(node), self.tree.file)

    def leaf_notes(self, node: int) -> None:
        logical, array = self.tree.leaf(node)
        if logical.r or logical.python or logical.levels or logical.inner:
            self.notes.leaf(partial(place_of, self.tree, node), logical, array)

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
            self.leaf_notes(node)
            return pandas_values().values(*self.tree.leaf(node), self.tree.file)
        return [*self.children(node)] if self.tree.types[node] == "list" else self.node(node)

    def column(self, node: int) -> Any:
        """A column of a table: an Arrow array with its logical type, or a value for each row. R's attributes of it, and
        R's object that it stands for, are announced."""
        kind = self.tree.types[node]
        if kind == "vector":
            self.leaf_notes(node)
            return self.tree.leaf(node)
        if kind == "attributes":
            return self.column(self.described(node))
        if kind == "object" and self.tree.attr(node).get("form") == "record":
            return self.column(self.stand_in(node))
        if kind == "table" and (self.tree.attr(node).get("index") or {}).get("kind") == "columns":
            self.note("names_dropped", node, "has row names, which a nested table has not in Python")
        values = self.series_values(node)
        if kind == "table" and getattr(getattr(values, "columns", None), "is_unique", True) is False:
            self.note("names_repeated", node, "has names that repeat; in Python its rows are lists of (name, value)")
        if kind == "table" and pandas_values().lacks(values):
            self.note("missing_as_none", node, "is a nested table of R with missing cells; in Python they are None")
        return values

    def array(self, node: int) -> Any:
        tree, attr = self.tree, self.tree.attr(node)
        elements, *dimnames = tree.children(node)
        if any(tree.types[child] != "null" for child in dimnames):
            self.note("names_dropped", node, "has dimnames, which an array of numpy has not")
        if tree.types[elements] == "vector":
            self.leaf_notes(elements)
            logical, array = tree.leaf(elements)
            if logical.type == "category":
                self.note("level_dropped", node, "is an array of a factor; in Python it is its text")
            values = _numbers(logical, array, tree.attr(elements), tree.file)
        else:
            values = _object_array([*self.children(elements)])
        return values.reshape(attr["dim"], order=attr.get("order", "F"))

    def table(self, node: int) -> Any:
        tree, attr = self.tree, self.tree.attr(node)
        children = tuple(tree.children(node))
        names = tuple(tree.names[child] for child in children)
        return self.table_of(OpenTable(names, children, int(attr["rows"]), attr, tree.file))

    def table_of(self, table: OpenTable) -> Any:
        """A table whose columns are still nodes."""
        return decode_table(replace(table, columns=tuple(self.column(node) for node in table.columns)))

    def attributes(self, node: int) -> Any:
        return self.node(self.described(node))

    def described(self, node: int) -> int:
        """The value's node below attributes, which are announced."""
        value, about = self.tree.children(node)
        names = ", ".join(self.tree.names[child] or "" for child in self.tree.children(about))
        self.note("attributes_dropped", node, f"has attributes of R that have no place in Python ({names})")
        return value

    def stand_in(self, node: int) -> int:
        """The node of the data that stand for another language's object, announced."""
        kept, data = self.tree.children(node)
        proxy = native.proxy_from(self.tree.attr(kept), self.tree.leaf(kept)[1].to_pylist()[0])
        self.notes.stands_for(partial(place_of, self.tree, node), proxy, "")
        return data

    def sparse(self, node: int) -> Any:
        tree = self.tree
        children = [*tree.children(node)]
        if any(tree.types[child] != "null" for child in children[3:]):
            self.note("names_dropped", node, "has dimnames, which a sparse matrix of Python has not")
        parts = [
            None if tree.types[child] == "null" else vectors.to_numpy(*tree.leaf(child), tree.file)
            for child in children[:3]
        ]
        missing = None if parts[0] is None or parts[0].dtype != bool else arrays.missing_mask(tree.leaf(children[0])[1])
        if missing is not None:
            self.note("missing_as_nan", node, "has missing truth values; in Python they are 1, 0 and NaN")
            parts[0] = np.where(missing, scalars.NA_REAL, parts[0])
        return sparse.make(tree.attr(node), parts)

    def object(self, node: int) -> Any:
        tree, attr = self.tree, self.tree.attr(node)
        kept, data = tree.children(node)
        proxy = native.proxy_from(tree.attr(kept), tree.leaf(kept)[1].to_pylist()[0])
        if self.opener is not open_own:
            return self.opener(proxy)
        if proxy.language != "python":
            self.notes.stands_for(partial(place_of, tree, node), proxy, "")
            return self.node(data)
        try:
            found = native.open_native(proxy)
            return found if attr.get("whole") else objects.make(attr["form"], found, self.node(data))
        except (ArtifactError, ValueError, KeyError, TypeError, AttributeError) as error:
            self.notes.stands_for(partial(place_of, tree, node), proxy, str(error))
            return self.node(data)

    def native(self, node: int) -> Any:
        _, array = self.tree.leaf(node)
        return self.opener(native.proxy_from(self.tree.attr(node), array.to_pylist()[0]))


_READERS: Mapping[str, Callable[[_Reader, int], Any]] = {
    name: getattr(_Reader, name)
    for name in (
        *("null", "scalar", "vector", "packed", "named", "array", "sparse"),
        *("list", "dict", "map", "table", "attributes", "object", "native"),
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
    if kind == "pandas.array":
        return pandas_values().as_array(values)
    return pandas_values().make_series(values, None, attr.get("name"))


def _numbers(logical: Logical, array: pa.Array, attr: Mapping[str, Any], file: ipc.ArtifactFile) -> Any:
    """A numpy array; masked if it was, or if whole numbers or truth values are missing."""
    kind = (attr.get("class") or {}).get("python")
    if kind is None and logical.type == "string" and array.null_count == len(array):
        # An object array of None alone, or of nothing, would not show that it is text.
        return np.ma.MaskedArray(np.zeros(len(array), "U1"), mask=True) if len(array) else np.array([], dtype=str)
    values = vectors.to_numpy(logical, array, file)
    if kind == "numpy.recarray":
        return values.view(np.recarray)
    masked = kind is None and array.null_count > 0 and _is_whole(logical)
    if kind != "numpy.ma.MaskedArray" and not masked:
        return values
    mask = arrays.missing_mask(array)
    return np.ma.MaskedArray(values, mask=np.ma.nomask if mask is None else mask)


def _is_whole(logical: Logical) -> bool:
    return logical.type == "bool" or logical.type in INTEGERS


def _foreign_vector(logical: Logical, array: pa.Array, file: ipc.ArtifactFile) -> Any:
    """A vector of another language: numpy, but pandas where numpy has no missing value, no time zone, no levels."""
    if logical.type == "category":
        return pandas_values().values(logical, array, file)
    # As in _numbers, but a vector may be a Series.
    nothing = logical.type == "string" and 0 < len(array) == array.null_count
    if nothing or (_is_whole(logical) and array.null_count) or (logical.type == "timestamp" and logical.tz is not None):
        return pandas_values().make_series(pandas_values().values(logical, array, file), None, None)
    return _numbers(logical, array, {}, file)

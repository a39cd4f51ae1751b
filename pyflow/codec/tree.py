"""Any Python value -> an artifact: what kind it is decides which module writes it.

Values are recognised by their exact type. Objects of other classes (data classes, named tuples, enums, dictionaries
with a default, ...) are their data with their class beside it (objects.py), or native if there is more to them.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from pyflow.codec import arrays, arrowlike, arrowtables, ipc, native, objects, preview, scalars, sparse, vectors
from pyflow.codec.lazy import pandas_values
from pyflow.codec.nodes import NodeWriter
from pyflow.codec.scalars import python_class
from pyflow.codec.table import Part, Table, Unfit
from pyflow.codec.types import BOOL, FLOAT64, INT64, STRING, canonical_json, to_json
from pyflow.ports import Buffer
from pyflow.spec.caught import CaughtError
from pyflow.spec.config import ConfigValue
from pyflow.spec.errors import ArtifactError, Where

# A range longer than this is kept as a native object instead of as its numbers.
_LONGEST_RANGE = 1_000_000
_PACKED = {bool: BOOL, int: INT64, float: FLOAT64, str: STRING}
_SEQUENCES: Mapping[type, str | None] = {
    list: None,
    **{kind: python_class(kind.__name__) for kind in (tuple, set, frozenset, range)},
}
_DICTS: Mapping[type, str | None] = {
    dict: None,
    ConfigValue: None,
    OrderedDict: python_class("collections.OrderedDict"),
    Counter: python_class("collections.Counter"),
    CaughtError: python_class("pyflow.CaughtError"),
}


class _Cyclic(Exception):
    """A container that holds itself."""


class _NotPlain(Exception):
    """A native inside of an object that is being taken apart."""


class Encoder:
    """Writes one value; `chunks` and `kind` are the result, `warnings` what could not be kept exactly."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.warnings: list[str] = []
        self._writer = NodeWriter()
        self._place: list[str] = []
        self._inside: set[int] = set()
        self._objects = 0

    def encode(self, value: Any) -> tuple[Sequence[Buffer], str]:
        """The file and the artifact's kind; raises ArtifactError for what cannot be kept."""
        try:
            table = self._root_table(value)
            if table is not None:
                return table, "table"
            try:
                self.write(None, value)
            except (_Cyclic, RecursionError):
                # Nodes have no form for it, but pickle keeps such values.
                self._writer, self._place, self._objects = NodeWriter(), [], 0
                self._native(None, value)
            return self._writer.finish(), self._writer.kind
        except native.Unsupported as error:
            raise self._unsupported(value, error) from error.__cause__

    def _unsupported(self, value: Any, error: native.Unsupported) -> ArtifactError:
        place = "".join(self._place)
        kind = error.kind or native.qualified(type(value))
        text = f"{self.name}{place} is a {kind}, which cannot be kept as an artifact: {error}"
        return ArtifactError(text, hint=error.advice, where=Where(artifact=self.name))

    def _root_table(self, value: Any) -> Sequence[Buffer] | None:
        make = _table_maker(value)
        if make is None:
            return None
        try:
            table = make(value)
        except Unfit:
            return None
        if not table.flat:
            return None
        self._announce(table)
        columns = [to_json(part.logical) for part in table.parts if part.logical is not None]
        meta = {"kind": "table", "form": "table", "columns": columns, "rows": table.rows, **table.meta}
        beside = None if table.pandas is None else table.pandas()
        return ipc.write(meta, table.names, [part.array for part in table.parts], beside)

    def write(self, name: str | None, value: Any) -> None:
        """Add a value's nodes."""
        kind = type(value)
        scalar = scalars.WRITERS.get(kind)
        if scalar is not None:
            written = scalar(value)
            if written is None:
                self._native(name, value)
            else:
                self._writer.scalar(name, *written)
        elif value is None:
            self._writer.null(name)
        elif kind in _SEQUENCES:
            self._sequence(name, value)
        elif kind in _DICTS:
            self._dict(name, value)
        elif isinstance(value, native.NativeProxy):
            self._proxy(name, value)
        elif not self._library_value(name, value):
            self._native(name, value)

    def _native(self, name: str | None, value: Any) -> None:
        if self._objects:
            raise _NotPlain
        try:
            proxy = native.pack(value)
        except native.Unsupported as error:
            error.kind = error.kind or native.qualified(type(value))
            raise
        self._proxy(name, proxy)

    def _proxy(self, name: str | None, proxy: native.NativeProxy) -> None:
        if self._objects:
            raise _NotPlain
        self._writer.native(name, proxy.bytes, canonical_json(proxy.attr()))

    def _object(self, name: str | None, value: Any) -> bool:
        """An object as its data with its class beside it; False if there is more to it."""
        found = objects.plain(value)
        if found is None:
            return False
        if id(value) in self._inside:
            raise _Cyclic
        whole = found.maker is None
        proxy = native.describe(type(value), value if whole else found.maker, preview.fields(value, found.value))
        before = self._writer.mark(), len(self._place), len(self.warnings), set(self._inside)
        self._writer.open(name, "object", 2, canonical_json({"form": found.form} | ({"whole": True} if whole else {})))
        self._writer.native(None, proxy.bytes, canonical_json(proxy.attr()))
        self._inside.add(id(value))
        self._objects += 1
        try:
            self.write(None, found.value)
        except _NotPlain:
            mark, places, warnings, self._inside = before
            self._writer.back(mark)
            del self._place[places:], self.warnings[warnings:]
            return False
        finally:
            self._objects -= 1
        self._inside.discard(id(value))
        return True

    # Containers.

    def _children(self, container: Any, children: Sequence[tuple[str | None, Any, str]]) -> None:
        """Write what is in a container; each child has a name, a value and how users write the way to it."""
        if id(container) in self._inside:
            raise _Cyclic
        self._inside.add(id(container))
        for name, value, place in children:
            self._place.append(place)
            self.write(name, value)
            self._place.pop()
        self._inside.discard(id(container))

    def _sequence(self, name: str | None, value: Any) -> None:
        kind = type(value)
        if kind is range and len(value) > _LONGEST_RANGE:
            self._native(name, value)
            return
        items = self._sorted(value) if kind in (set, frozenset) else list(value)
        packed = _pack(items)
        if packed is not None:
            logical, array = packed
            self._writer.leaf(name, "packed", logical, array, _SEQUENCES[kind])
        elif kind is range:
            self._native(name, value)
        else:
            self._writer.open(name, "list", len(items), _SEQUENCES[kind])
            self._children(value, [(None, item, f"[{number}]") for number, item in enumerate(items)])

    def _sorted(self, items: Any) -> list[Any]:
        """A set's items in an order that depends on the items alone."""
        kinds = set(map(type, items))
        if kinds <= {int} or kinds <= {str}:
            return sorted(items)
        return sorted(items, key=self._key)

    def _key(self, item: Any) -> Any:
        encoder = Encoder(self.name)
        encoder.write(None, item)
        return encoder._writer.key()

    def _dict(self, name: str | None, value: Mapping[Any, Any]) -> None:
        attr = _DICTS[type(value)]
        if all(type(key) is str for key in value) and _all_unicode(value):
            self._writer.open(name, "dict", len(value), attr)
            self._children(value, [(key, item, f"[{key!r}]") for key, item in value.items()])
            return
        self._writer.open(name, "map", 2 * len(value), attr)
        pairs = [
            pair for key, item in value.items() for pair in ((None, key, " (key)"), (None, item, f"[{key!r:.80}]"))
        ]
        self._children(value, pairs)

    # Values of libraries, by the library's name; none of them is imported before a value of it is met.

    def _library_value(self, name: str | None, value: Any) -> bool:
        writer = _LIBRARIES.get(type(value).__module__.partition(".")[0], Encoder._object)
        try:
            return writer(self, name, value)
        except Unfit:
            return False

    def _scipy_value(self, name: str | None, value: Any) -> bool:
        found = sparse.leaves(value)
        if found is None:
            return False
        attr, leaves = found
        self._writer.open(name, "sparse", len(leaves), canonical_json(attr))
        for leaf in leaves:
            self._writer.leaf(None, "vector", *leaf)
        return True

    def _numpy_value(self, name: str | None, value: Any) -> bool:
        if isinstance(value, np.generic):
            return self._numpy_scalar(name, value)
        if type(value) is np.ma.MaskedArray:
            kind, missing, data = "numpy.ma.MaskedArray", np.ma.getmaskarray(value), value.data
        elif type(value) is np.ndarray:
            kind, missing, data = "numpy.ndarray", None, value
        elif type(value) is np.recarray:
            kind, missing, data = "numpy.recarray", None, value.view(np.ndarray)
        else:
            return False
        if data.dtype == object:
            return missing is None and self._object_array(name, value)
        order = "F" if data.flags.f_contiguous and not data.flags.c_contiguous else "C"
        flat = data.reshape(-1, order=order)
        leaf = vectors.from_numpy(flat, None if missing is None else missing.reshape(-1, order=order))
        if leaf is None:
            return False
        if data.ndim != 1:
            self._writer.open(name, "array", 1, canonical_json({"dim": list(data.shape), "order": order}))
            name = None
        self._writer.leaf(name, "vector", *leaf, python_class(kind))
        return True

    def _numpy_scalar(self, name: str | None, value: Any) -> bool:
        leaf = vectors.from_numpy(np.array([value]))
        if leaf is None or leaf[1].type == pa.null():
            return False
        self._writer.leaf(name, "scalar", *leaf, python_class(f"numpy.{type(value).__name__}"))
        return True

    def _object_array(self, name: str | None, value: Any) -> bool:
        items = value.reshape(-1).tolist() if value.dtype == object else []
        if value.ndim != 1:
            self._writer.open(name, "array", 1, canonical_json({"dim": list(value.shape), "order": "C"}))
            name = None
        self.part(name, Part(items=items), {"class": {"python": "numpy.ndarray"}}, value)
        return True

    def part(self, name: str | None, part: Part, attr: Mapping[str, Any], owner: Any) -> None:
        """A column, an index level, or the values of a Series or an object array."""
        leaf = (part.logical, part.array) if part.logical is not None else None
        if leaf is None and part.items is not None:
            leaf = vectors.from_objects(part.items)
        text = canonical_json(attr) if attr else None
        if leaf is not None:
            self._writer.leaf(name, "vector", *leaf, text)
        elif part.items is not None:
            self._writer.open(name, "list", len(part.items), text)
            self._children(owner, [(None, item, f"[{number}]") for number, item in enumerate(part.items)])
        else:
            self._native(name, part.value)

    def _arrow_value(self, name: str | None, value: Any) -> bool:
        if isinstance(value, pa.Table | pa.RecordBatch):
            return self._table(name, value)
        if not isinstance(value, pa.Array | pa.ChunkedArray):
            return False
        kind = "pyarrow.Array" if isinstance(value, pa.Array) else "pyarrow.ChunkedArray"
        leaf = arrowlike.from_arrow(value)
        if leaf is None:
            return False
        self._writer.leaf(name, "vector", *leaf, python_class(kind))
        return True

    def _polars_value(self, name: str | None, value: Any) -> bool:
        if type(value).__name__ == "DataFrame":
            return self._table(name, value)
        if type(value).__name__ != "Series":
            return False
        attr = {"class": {"python": "polars.Series"}, "name": value.name}
        self._writer.leaf(name, "vector", *arrowtables.from_polars_series(value), canonical_json(attr))
        return True

    def _pandas_value(self, name: str | None, value: Any) -> bool:
        if _table_maker(value) is not None:
            return self._table(name, value)
        return pandas_values().write(self, self._writer, name, value)

    def _table(self, name: str | None, value: Any) -> bool:
        make = _table_maker(value)
        if make is None:
            return False
        table = make(value)
        self._announce(table)
        meta = {"rows": table.rows, **table.meta}
        self._writer.open(name, "table", len(table.parts), canonical_json(meta))
        for column, part in zip(table.names, table.parts, strict=True):
            self._place.append(f"[{column!r}]")
            self.part(column, part, {}, part)
            self._place.pop()
        return True

    def _announce(self, table: Table) -> None:
        self.warnings.extend(f"{self.name}: {warning}" for warning in table.warnings)


def _pack(items: list[Any]) -> vectors.Leaf | None:
    """Items of one of the four packed types, none missing."""
    kinds = set(map(type, items))
    if len(kinds) != 1:
        return None
    logical = _PACKED.get(next(iter(kinds)))
    if logical is None:
        return None
    try:
        array = arrays.build(logical, items)
    except (OverflowError, UnicodeEncodeError):
        return None
    return None if array.null_count else (logical, array)


def _all_unicode(keys: Any) -> bool:
    try:
        "".join(keys).encode()
    except UnicodeEncodeError:
        return False
    return True


def _table_maker(value: Any) -> Callable[[Any], Table] | None:
    """What makes a Table of this value, if it is a table of a known library."""
    kind = type(value)
    if kind in (pa.Table, pa.RecordBatch):
        return arrowtables.from_table
    if kind.__name__ != "DataFrame":
        return None
    library = kind.__module__.partition(".")[0]
    if library == "polars":
        return arrowtables.from_polars
    if library == "pandas":
        return pandas_values().from_frame
    return None


_LIBRARIES: Mapping[str, Callable[[Encoder, str | None, Any], bool]] = {
    "numpy": Encoder._numpy_value,
    "pandas": Encoder._pandas_value,
    "pyarrow": Encoder._arrow_value,
    "polars": Encoder._polars_value,
    "scipy": Encoder._scipy_value,
}

"""Tables of any library, as columns that the format knows and columns that it does not (artifact.md, section 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from pyflow.codec import ipc
from pyflow.codec.types import Logical, arrow_type, parse_logical


class Unfit(Exception):
    """The format has no place for something of this value; it is kept as a native object instead."""


@dataclass(frozen=True)
class Part:
    """A column, an index level or a Series' values: a leaf, else a list of items, else one native object."""

    logical: Logical | None = None
    array: pa.Array | None = None
    items: Sequence[Any] | None = None
    value: Any = None


@dataclass(frozen=True)
class Table:
    """A table to be written: its columns, then its index levels; `meta` has `index`, `labels`, `class`, `python`.
    `pandas` makes the schema's key of that name for a flat table."""

    names: tuple[str, ...]
    parts: tuple[Part, ...]
    rows: int
    meta: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    pandas: Callable[[], Mapping[str, Any]] | None = None

    @property
    def flat(self) -> bool:
        """Whether every column has a logical type, so that the columns can be the batch's columns."""
        return all(part.logical is not None for part in self.parts)


@dataclass(frozen=True)
class OpenTable:
    """A table that was read: each column is (logical type, array), or the Python value of a node."""

    names: tuple[str | None, ...]
    columns: tuple[Any, ...]
    rows: int
    meta: Mapping[str, Any]
    file: ipc.ArtifactFile

    @property
    def levels(self) -> int:
        """How many of the last columns are index levels."""
        index = self.meta.get("index") or {}
        count = index.get("count", 0) if index.get("kind") == "columns" else 0
        if not 0 <= count <= len(self.columns):
            raise ipc.corrupt(f"its index has {count!r} levels, but there are {len(self.columns)} columns")
        return count

    @property
    def python_class(self) -> str:
        return (self.meta.get("class") or {}).get("python", "pandas.DataFrame")


def open_form_table(file: ipc.ArtifactFile) -> OpenTable:
    """The table of an artifact of form table; raises StoreError `artifact_corrupt`."""
    meta, batch = file.meta, file.batch
    logicals = column_types(meta, batch.schema)
    rows = meta.get("rows")
    if not isinstance(rows, int) or rows < 0 or (logicals and rows != batch.num_rows):
        raise ipc.corrupt(f"its metadata says {rows!r} rows, but it has {batch.num_rows}")
    columns = tuple(zip(logicals, batch.columns, strict=True))
    return OpenTable(tuple(batch.schema.names), columns, rows, meta, file)


def column_types(meta: Mapping[str, Any], schema: pa.Schema) -> list[Logical]:
    """The logical types of a form table's columns, checked against their Arrow types."""
    declared = meta.get("columns")
    if not isinstance(declared, list) or len(declared) != len(schema):
        raise ipc.corrupt("its metadata does not describe each column")
    logicals = []
    for data, column in zip(declared, schema, strict=True):
        try:
            logical = parse_logical(data)
            expected = arrow_type(logical)
        except (ValueError, pa.ArrowException) as error:
            raise ipc.corrupt(str(error)) from error
        if column.type != expected:
            raise ipc.corrupt(f"column {column.name!r} has the type {column.type} instead of {expected}")
        logicals.append(logical)
    return logicals


def label(value: Any) -> Any:
    """A column label or a name as JSON; raises Unfit for what JSON has no form for."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or type(value) in (str, bool, int) or (type(value) is float and np.isfinite(value)):
        return value
    if type(value) is tuple:
        return [label(part) for part in value]
    raise Unfit(f"a label of the type {type(value).__name__}")


def from_label(data: Any) -> Any:
    """The inverse of `label`."""
    return tuple(from_label(part) for part in data) if isinstance(data, list) else data

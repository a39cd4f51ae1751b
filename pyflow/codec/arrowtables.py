"""pyarrow's and polars' tables <-> tables of the format."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from pyflow.codec import arrowlike
from pyflow.codec.lazy import polars
from pyflow.codec.table import OpenTable, Part, Table, Unfit
from pyflow.codec.types import Logical

CLASSES = ("pyarrow.Table", "pyarrow.RecordBatch", "polars.DataFrame")


def from_table(value: pa.Table | pa.RecordBatch) -> Table:
    """A pyarrow.Table or RecordBatch; raises Unfit for column types that the format lacks."""
    table = value if isinstance(value, pa.Table) else pa.Table.from_batches([value])
    parts = []
    for field, column in zip(table.schema, table.columns, strict=True):
        part = _column(field.name, column)
        details = {"nullable": None if field.nullable else False, "metadata": _text_pairs(field.metadata)}
        parts.append(Part(part[0].hinted(**details), part[1]))
    meta: dict[str, Any] = {"class": {"python": f"pyarrow.{type(value).__name__}"}}
    pairs = _text_pairs(table.schema.metadata)
    if pairs:
        meta["python"] = {"metadata": [list(pair) for pair in pairs]}
    return Table(tuple(table.schema.names), tuple(parts), table.num_rows, meta)


def _column(name: str, column: pa.ChunkedArray) -> tuple[Logical, pa.Array]:
    leaf = arrowlike.from_arrow(column)
    if leaf is None:
        raise Unfit(f"column {name!r} has the Arrow type {column.type}")
    return leaf


def _text_pairs(metadata: Any) -> tuple[tuple[str, str], ...] | None:
    """Metadata as pairs of text, in order; raises Unfit for bytes that are not text."""
    if not metadata:
        return None
    try:
        return tuple((key.decode(), value.decode()) for key, value in metadata.items())
    except UnicodeDecodeError:
        raise Unfit("schema metadata that is not text") from None


def from_polars(frame: Any) -> Table:
    """A polars.DataFrame; raises Unfit when polars would not read the same column types back."""
    pl = polars()
    arrow = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    parts = []
    for name, kind, column in zip(frame.columns, frame.dtypes, arrow.columns, strict=True):
        logical, array = _column(name, column)
        hint = _polars_hint(pl, kind)
        logical = logical.hinted(polars=hint)
        if _to_series(pl, name, logical, array.slice(0, 0)).dtype != kind:
            raise Unfit(f"column {name!r} has the polars type {kind}")
        parts.append(Part(logical, array))
    return Table(tuple(frame.columns), tuple(parts), frame.height, {"class": {"python": "polars.DataFrame"}})


def _polars_hint(pl: Any, kind: Any) -> str | None:
    return "Enum" if isinstance(kind, pl.Enum) else None


def _to_series(pl: Any, name: str | None, logical: Logical, array: pa.Array) -> Any:
    if logical.hint("polars") == "Enum":
        levels = array.dictionary.to_pylist()
        return pl.Series(name, pl.from_arrow(array.cast(pa.large_utf8())), dtype=pl.Enum(levels))
    series = pl.from_arrow(arrowlike.restore(logical, array))
    return series.alias(name or "")


def from_polars_series(series: Any) -> tuple[Logical, pa.Array]:
    """A polars.Series; raises Unfit as from_polars does."""
    part = from_polars(series.to_frame()).parts[0]
    if part.logical is None:
        raise Unfit("a series without a logical type")
    return part.logical, part.array


def to_polars_series(name: str | None, logical: Logical, array: pa.Array) -> Any:
    return _to_series(polars(), name, logical, array)


def to_table(table: OpenTable, kind: str) -> Any:
    """The table as the class that it had."""
    if any(not isinstance(column, tuple) for column in table.columns):
        raise ValueError(f"a {kind} cannot hold columns of any objects")
    if kind == "polars.DataFrame":
        pl = polars()
        columns = zip(table.names, table.columns, strict=True)
        series = [_to_series(pl, name, logical, array) for name, (logical, array) in columns]
        return pl.DataFrame(series) if series else pl.DataFrame()
    restored = [arrowlike.restore(logical, array) for logical, array in table.columns]
    fields = [_field(name, *entry) for name, *entry in zip(table.names, table.columns, restored, strict=True)]
    metadata = (table.meta.get("python") or {}).get("metadata")
    schema = pa.schema(fields, metadata=dict(metadata) if metadata else None)
    make = pa.RecordBatch if kind == "pyarrow.RecordBatch" else pa.Table
    return make.from_arrays(restored, schema=schema)


def _field(name: str | None, column: tuple[Logical, pa.Array], restored: pa.Array) -> pa.Field:
    logical, _ = column
    metadata = logical.hint("metadata")
    return pa.field(name or "", restored.type, logical.hint("nullable", True), dict(metadata) if metadata else None)

"""pandas values that are not data frames: Series, Index, arrays, and scalars."""

from __future__ import annotations

from typing import Any, Protocol

import pandas as pd
import pyarrow as pa

from pyflow.codec import frames, scalars
from pyflow.codec.indexes import index_meta, restore_range, with_freq
from pyflow.codec.ipc import ArtifactFile
from pyflow.codec.nodes import NodeWriter
from pyflow.codec.scalars import python_class
from pyflow.codec.table import Part, Unfit, from_label, label
from pyflow.codec.types import NULL, Logical, canonical_json


class PartWriter(Protocol):
    def part(self, name: str | None, part: Part, attr: dict[str, Any], owner: Any) -> None: ...


def write(encoder: PartWriter, writer: NodeWriter, name: str | None, value: Any) -> bool:
    """Write a value of pandas; False if it has no form of its own. Raises Unfit before anything is written."""
    if type(value) is pd.Series:
        _write_series(encoder, writer, name, value)
    elif type(value) in (pd.Timestamp, pd.Timedelta):
        return _write_moment(writer, name, value)
    elif type(value) in (pd.Period, pd.Interval):
        part = frames.part(pd.array([value]))
        if part.logical is None or part.logical.hint("dtype") == "object":
            return False
        writer.leaf(name, "scalar", part.logical, part.array, python_class(f"pandas.{type(value).__name__}"))
    elif value is pd.NaT:
        writer.null(name, python_class("pandas.NaT"))
    elif value is pd.NA:
        writer.scalar(name, NULL, None, python_class("pandas.NA"))
    elif isinstance(value, pd.Index) and not isinstance(value, pd.MultiIndex | pd.RangeIndex):
        _write_values(encoder, name, value, {"class": {"python": "pandas.Index"}, "name": label(value.name)})
    elif isinstance(value, pd.api.extensions.ExtensionArray):
        _write_values(encoder, name, value, {"class": {"python": "pandas.array"}})
    else:
        return False
    return True


def _write_values(encoder: PartWriter, name: str | None, value: Any, attr: dict[str, Any]) -> None:
    part = frames.part(value)
    if part.logical is None:
        # A list of nodes or a native in its place would lose what kind of array it is.
        raise Unfit(f"an array of the type {value.dtype}")
    encoder.part(name, Part(with_freq(part.logical, value), part.array), attr, value)


def _write_series(encoder: PartWriter, writer: NodeWriter, name: str | None, value: pd.Series) -> None:
    values = frames.part(value)
    if values.logical is None and values.items is None:
        raise Unfit(f"a Series of the type {value.dtype}")
    attr: dict[str, Any] = {"class": {"python": "pandas.Series"}}
    if value.name is not None:
        attr["name"] = label(value.name)
    index, levels = index_meta(value.index, frames.part)
    if index is None:
        encoder.part(name, values, attr, value)
        return
    about = {"range": index} if index["kind"] == "range" else {"names": index["names"]}
    writer.open(name, "named", 1 + len(levels), canonical_json(about))
    encoder.part(None, values, attr, value)
    for level in levels:
        encoder.part(None, level, {}, level)


def _write_moment(writer: NodeWriter, name: str | None, value: Any) -> bool:
    unit = value.unit
    if isinstance(value, pd.Timedelta):
        ticks = value.to_timedelta64().view("int64")
        logical = Logical("duration", unit=unit)
    else:
        zone, library = (None, None) if value.tz is None else frames.zone_hint(value.tz)
        if (value.tz is not None and zone is None) or (value.tz is None and value.fold):
            return False
        ticks = value.asm8.view("int64")
        logical = Logical("timestamp", unit=unit, tz=zone).hinted(tzinfo=library)
    writer.scalar(name, logical, int(ticks), python_class(f"pandas.{type(value).__name__}"))
    return True


# Reading.


def single(logical: Logical, array: pa.Array, file: ArtifactFile) -> Any:
    """A pandas.Period or Interval."""
    return frames.values(logical, array, file)[0]


def moment(logical: Logical, value: int | None) -> Any:
    """A pandas.Timestamp or Timedelta; NaT for a missing one."""
    if value is None:
        return pd.NaT
    if logical.type == "duration":
        return pd.Timedelta(value, unit=logical.unit).as_unit(logical.unit)
    stamp = pd.Timestamp(value, unit=logical.unit, tz=None if logical.tz is None else "UTC").as_unit(logical.unit)
    return stamp if logical.tz is None else stamp.tz_convert(scalars.zone(logical.tz, logical.hint("tzinfo")))


def missing(name: str) -> Any:
    return pd.NA if name == "pandas.NA" else pd.NaT


def make_series(values: Any, index: Any, name: Any) -> pd.Series:
    """A Series of decoded values."""
    if isinstance(values, list):
        values = frames.object_values(values, len(values))
    dtype = values.dtype if values.dtype == object else None
    return pd.Series(values, index=index, dtype=dtype, name=from_label(name), copy=False)


def as_array(values: Any) -> Any:
    """pandas' own kind of array: of instants and durations without a zone it is not numpy's."""
    return pd.array(values, copy=False) if values.dtype.kind in "mM" else values


def make_index(levels: list[Any], names: list[Any], freqs: list[Any]) -> Any:
    """A row index of decoded levels."""
    levels = [frames.object_values(level, len(level)) if isinstance(level, list) else level for level in levels]
    return frames.make_index(levels, [from_label(name) for name in names], freqs)


def make_range(meta: dict[str, Any]) -> Any:
    return restore_range(meta)


values = frames.values
lacks = frames.lacks
from_frame = frames.from_frame
to_frame = frames.to_frame

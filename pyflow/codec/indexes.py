"""Row indexes and column labels of pandas as metadata of a table (artifact.md, section 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from pyflow.codec.table import Part, Unfit, from_label, label
from pyflow.codec.types import Logical

Meta = dict[str, Any]


def index_meta(index: pd.Index, part: Callable[[Any], Part]) -> tuple[Meta | None, tuple[Part, ...]]:
    """The `index` key of a table's metadata (None: rows are numbered), and the levels to be stored."""
    names = [label(name) for name in index.names]
    if isinstance(index, pd.RangeIndex):
        if (index.start, index.step) == (0, 1) and names == [None]:
            return None, ()
        return {"kind": "range", "start": index.start, "stop": index.stop, "step": index.step, "name": names[0]}, ()
    if isinstance(index, pd.MultiIndex):
        levels = tuple(part(index.get_level_values(number)) for number in range(index.nlevels))
    else:
        level = part(index)
        levels = (level if level.logical is None else Part(with_freq(level.logical, index), level.array),)
    return {"kind": "columns", "count": len(levels), "names": names}, levels


def with_freq(logical: Logical, values: Any) -> Logical:
    """The logical type of an index's values with its frequency; that of periods is in their type."""
    return (
        logical if isinstance(values.dtype, pd.PeriodDtype) else logical.hinted(freq=getattr(values, "freqstr", None))
    )


def restore_range(meta: Mapping[str, Any]) -> pd.RangeIndex:
    return pd.RangeIndex(meta["start"], meta["stop"], meta["step"], name=from_label(meta.get("name")))


def label_meta(columns: pd.Index) -> tuple[tuple[str, ...], Meta]:
    """The fields' names; and `labels` and `python` of the metadata, where the names do not say all."""
    how: Meta = {}
    labels: list[Any] | None = None
    if isinstance(columns, pd.MultiIndex):
        how["kind"] = "multi"
        labels = [label(tuple(item)) for item in columns]
    elif isinstance(columns, pd.RangeIndex):
        how |= {"kind": "range", "start": columns.start, "stop": columns.stop, "step": columns.step}
    elif isinstance(columns, pd.DatetimeIndex | pd.TimedeltaIndex):
        how |= {"kind": "ticks", "dtype": str(columns.dtype), "freq": columns.freqstr}
        labels = [int(item) for item in columns.asi8]
    elif isinstance(columns, pd.PeriodIndex):
        how |= {"kind": "period", "dtype": str(columns.dtype)}
        labels = [int(item) for item in columns.asi8]
    elif isinstance(columns, pd.CategoricalIndex):
        how |= {"kind": "category", "categories": [label(item) for item in columns.categories]}
        how |= {"ordered": bool(columns.ordered), "dtype": str(columns.categories.dtype)}
        labels = [int(code) for code in columns.codes]
    elif columns.dtype == object or columns.dtype.kind in "biuf" or isinstance(columns.dtype, pd.StringDtype):
        labels = _plain_labels(columns, how)
    else:
        raise Unfit(f"column labels of the type {columns.dtype}")
    if list(columns.names) != [None] * columns.nlevels:
        how["names"] = [label(name) for name in columns.names]
    meta: Meta = {}
    if labels is not None:
        meta["labels"] = labels
    if how:
        meta["python"] = {"columns": how}
    return tuple(_text(item) for item in columns), meta


def _text(item: Any) -> str:
    return item if isinstance(item, str) else str(item)


def _plain_labels(columns: pd.Index, how: Meta) -> list[Any] | None:
    if not (isinstance(columns.dtype, pd.StringDtype) and columns.dtype.na_value is not pd.NA):
        how["dtype"] = str(columns.dtype)
    if all(type(item) is str for item in columns):
        return None
    return [None if item is pd.NA else label(item) for item in columns]


def labels_from(names: tuple[str | None, ...], meta: Mapping[str, Any]) -> pd.Index:
    """The column index of a table that was read."""
    how = (meta.get("python") or {}).get("columns") or {}
    kind = how.get("kind")
    labels = meta.get("labels")
    index_names = [from_label(name) for name in how.get("names") or [None]]
    if kind == "range":
        return pd.RangeIndex(how["start"], how["stop"], how["step"], name=index_names[0])
    if kind == "multi":
        tuples = [from_label(item) for item in labels or []]
        if not tuples:
            return pd.MultiIndex.from_arrays([[]] * len(index_names), names=index_names)
        return pd.MultiIndex.from_tuples(tuples, names=how.get("names") and index_names)
    if kind == "ticks":
        ticks = np.array(labels, dtype=np.int64)
        return pd.Index(_ticks(ticks, how["dtype"], how.get("freq")), name=index_names[0])
    if kind == "period":
        ordinals = np.array(labels, dtype=np.int64)
        return pd.PeriodIndex(pd.arrays.PeriodArray(ordinals, dtype=how["dtype"]), name=index_names[0])
    if kind == "category":
        categories = pd.Index([from_label(item) for item in how["categories"]], dtype=how["dtype"])
        dtype = pd.CategoricalDtype(categories, ordered=how["ordered"])
        return pd.CategoricalIndex(pd.Categorical.from_codes(labels or [], dtype=dtype), name=index_names[0])
    items = list(names) if labels is None else [from_label(item) for item in labels]
    return pd.Index(items, dtype=how.get("dtype", "str"), name=index_names[0])


def _ticks(ticks: np.ndarray[Any, Any], dtype: str, freq: str | None) -> pd.Index:
    if dtype.startswith("timedelta64"):
        return pd.TimedeltaIndex(ticks.view(dtype), freq=freq)
    unit, _, zone = dtype.removeprefix("datetime64[").removesuffix("]").partition(", ")
    index = pd.DatetimeIndex(ticks.view(f"M8[{unit}]"))
    index = index.tz_localize("UTC").tz_convert(zone) if zone else index
    index.freq = freq
    return index

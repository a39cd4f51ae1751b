"""What R sees of values of pandas, by the contract (shared_spec/artifact.md)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tests.properties.description import ANY, NULL, PROXY, Seen, seen, text, with_class
from tests.properties.seen import INT32, VECTORS, Model, zone_name


def pandas_value(model: Model, value: Any) -> Seen:
    if isinstance(value, pd.DataFrame):
        return frame(model, value)
    if isinstance(value, pd.Series):
        return series(model, value)
    if value is pd.NaT:
        return NULL
    if value is pd.NA:
        return model.logicals([None])
    if isinstance(value, pd.Period):
        return period(model, pd.array([value]))
    if isinstance(value, pd.Interval):
        both = interval(model, pd.arrays.IntervalArray([value]))
        return seen("list", both["v"], names=both["a"]["names"])
    if isinstance(value, pd.Timestamp):
        zone = None if value.tz is None else zone_name(value.tz)
        return model.instants([int(value.asm8.astype(np.int64))], value.unit, zone)
    if isinstance(value, pd.Timedelta):
        return model.spans([int(value.asm8.astype(np.int64))], value.unit)
    if isinstance(value, pd.MultiIndex | pd.RangeIndex):
        return PROXY
    found = leaf(model, value)
    # An index of any objects is native as a whole.
    return PROXY if found["t"] == "list" and value.dtype == np.dtype(object) and not _bytes(value) else found


def _bytes(values: Any) -> bool:
    kinds = {type(item) for item in values if item is not None}
    return kinds == {bytes}


def leaf(model: Model, values: Any) -> Seen:
    """The values of a Series, an index or an array."""
    dtype = values.dtype
    if isinstance(dtype, np.dtype):
        plain = np.asarray(values)
        return model.column(plain.tolist()) if plain.dtype.hasobject else model.elements(plain)
    if type(values) is pd.arrays.NumpyExtensionArray:
        return PROXY
    gone = np.asarray(values.isna())
    if isinstance(dtype, pd.CategoricalDtype):
        return category(model, getattr(values, "cat", values), dtype)
    if isinstance(dtype, pd.DatetimeTZDtype):
        ticks = np.asarray(getattr(values, "array", values).asi8).tolist()
        return model.instants(_without(ticks, gone), dtype.unit, zone_name(dtype.tz))
    if isinstance(dtype, pd.PeriodDtype):
        return period(model, getattr(values, "array", values))
    if isinstance(dtype, pd.IntervalDtype):
        return interval(model, getattr(values, "array", values))
    if isinstance(dtype, pd.SparseDtype):
        return leaf(model, pd.Series(np.asarray(values)))
    if isinstance(dtype, pd.ArrowDtype):
        return arrow(model, getattr(values, "array", values).__arrow_array__())
    if isinstance(dtype, pd.StringDtype):
        return model.texts([item if isinstance(item, str) else None for item in values.tolist()])
    items = _without(values.tolist(), gone)
    if dtype.name == "boolean":
        return model.logicals(items)
    if dtype.name.startswith("Float"):
        return model.doubles(items)
    wide = dtype.name in ("Int64", "UInt32", "UInt64")
    return model.whole(items) if wide else model.small(items)


def period(model: Model, values: Any) -> Seen:
    """The instants at which they begin."""
    model.announced.add("period_as_start")
    return model.instants([None if p is pd.NaT else p.start_time.as_unit("s")._value for p in values], "s", None)


def interval(model: Model, values: Any) -> Seen:
    """A table of both ends."""
    model.announced.add("interval_as_table")
    ends = [leaf(model, values.left), leaf(model, values.right)]
    found = with_class(seen("list", ends, names=text("left", "right")), "data.frame")
    return {**found, "a": {**found["a"], "row.names": model.small([-len(values)])}}


def _without(items: list[Any], gone: Any) -> list[Any]:
    return [None if missing else item for item, missing in zip(items, gone, strict=True)]


def arrow(model: Model, array: Any) -> Seen:
    """The values of an Arrow array, by its type."""
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    kind = array.type
    if pa.types.is_struct(kind):
        return nested(model, array)
    if pa.types.is_large_list(kind) or pa.types.is_list(kind):
        return seen("list", [arrow(model, item.values) if item.is_valid else NULL for item in array])
    if pa.types.is_dictionary(kind):
        codes = [None if code is None else code + 1 for code in array.indices.to_pylist()]
        levels = {"levels": text(*array.dictionary.to_pylist())}
        return with_class({**model.small(codes), "a": levels}, *(("ordered",) if kind.ordered else ()), "factor")
    if pa.types.is_timestamp(kind):
        return model.instants(array.cast(pa.int64()).to_pylist(), kind.unit, kind.tz)
    if pa.types.is_duration(kind):
        return model.spans(array.cast(pa.int64()).to_pylist(), kind.unit)
    if pa.types.is_integer(kind):
        wide = kind.bit_width == 64 or kind == pa.uint32()
        return model.whole(array.to_pylist()) if wide else model.small(array.to_pylist())
    items = array.to_pylist()
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return model.raws(items)
    for test, make in _ARROW:
        if test(kind):
            return make(model, items)
    return seen("logical", items)


_ARROW = (
    (pa.types.is_boolean, Model.logicals),
    (pa.types.is_floating, Model.doubles),
    (pa.types.is_string, Model.texts),
    (pa.types.is_large_string, Model.texts),
    (pa.types.is_decimal, Model.decimals),
    (pa.types.is_time, Model.clock),
    (pa.types.is_date, VECTORS[dt.date]),
)


def nested(model: Model, array: Any) -> Seen:
    """A struct is a table; a missing row is missing in every column."""
    names = [array.type.field(number).name for number in range(array.type.num_fields)]
    columns = [arrow(model, part) for part in array.flatten()]
    found = with_class(seen("list", columns, names=text(*names)), "data.frame")
    return {**found, "a": {**found["a"], "row.names": model.small([-len(array)])}}


def category(model: Model, values: Any, dtype: pd.CategoricalDtype) -> Seen:
    """A factor; its levels are text, which is announced where they were something else."""
    codes = [None if code < 0 else int(code) + 1 for code in np.asarray(values.codes)]
    plain = all(type(level) is str for level in dtype.categories)
    if not plain:
        model.announced.add("levels_as_text")
    levels = model.texts(dtype.categories.tolist()) if plain else ANY
    if isinstance(dtype.categories, pd.IntervalIndex):
        levels = text(*map(str, dtype.categories))
    found = with_class(
        {**model.small(codes), "a": {"levels": levels}}, *(("ordered",) if dtype.ordered else ()), "factor"
    )
    return found


def series(model: Model, value: pd.Series) -> Seen:
    found = leaf(model, value)
    index = value.index
    if isinstance(index, pd.RangeIndex) and (index.start, index.step, index.name) == (0, 1, None):
        return found
    return {**found, "a": {**found["a"], "names": level_text(model, index)}}


def level_text(model: Model, index: pd.Index) -> Any:
    """Names from an index of text or whole numbers."""
    for number in range(index.nlevels):
        leaf(model, index.get_level_values(number))
    words = isinstance(index.dtype, pd.StringDtype)
    if not words:
        model.announced.add("levels_as_text")
    if isinstance(index, pd.MultiIndex):
        return ANY
    items = index.tolist()
    if all(type(item) is str for item in items) or all(type(item) is int for item in items):
        return text(*map(str, items))
    return ANY


def frame(model: Model, value: pd.DataFrame) -> Seen:
    columns = [leaf(model, value.iloc[:, number]) for number in range(value.shape[1])]
    names = [label if isinstance(label, str) else str(label) for label in value.columns]
    if names and not all(isinstance(label, str) for label in value.columns):
        model.announced.add("levels_as_text")
    found = with_class(seen("list", columns, names=text(*names)), "data.frame")
    return {**found, "a": {**found["a"], **rows(model, value.index)}}


def rows(model: Model, index: pd.Index) -> dict[str, Any]:
    """Row names, and whether R keeps an index that it has no place for."""
    automatic = {"row.names": model.small([-len(index)])}
    kept = {"pandas.index": model.logicals([True])}
    if isinstance(index, pd.RangeIndex):
        plain = (index.start, index.step) == (0, 1)
        names = index.tolist()
        if plain or names == [*range(1, len(names) + 1)]:
            return automatic
        return {"row.names": model.small(names)}
    for number in range(index.nlevels):
        leaf(model, index.get_level_values(number))
    if isinstance(index, pd.MultiIndex):
        return {**automatic, **kept}
    items = index.tolist()
    if not items and isinstance(index.dtype, pd.StringDtype):
        return {"row.names": text(), **({} if index.name is None else kept)}
    if not items and index.dtype.kind not in "iuf":
        return {**automatic, **kept}
    known = not index.has_duplicates and not index.hasnans
    whole = index.dtype.kind in "iuf" and all(item == int(item) and abs(item) <= INT32 for item in items if known)
    words = all(type(item) is str for item in items) and not isinstance(index.dtype, pd.CategoricalDtype)
    if not known or not (whole or words):
        return {**automatic, **kept}
    name = {} if index.name is None else kept
    if whole and items == [*range(1, len(items) + 1)]:
        return {**automatic, **name}
    return {"row.names": model.small([int(i) for i in items]) if whole else text(*items), **name}


def arrow_table(model: Model, table: Any) -> Seen:
    """A table of Arrow."""
    columns = [arrow(model, table.column(number)) for number in range(table.num_columns)]
    found = with_class(seen("list", columns, names=text(*table.column_names)), "data.frame")
    return {**found, "a": {**found["a"], "row.names": model.small([-table.num_rows])}}

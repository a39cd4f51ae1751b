"""pandas values <-> parts and tables. The only module that imports pandas; it is loaded when a table is met."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pyflow.codec import arrays, arrowlike, scalars, vectors
from pyflow.codec.indexes import index_meta, label_meta, labels_from, restore_range
from pyflow.codec.ipc import ArtifactFile
from pyflow.codec.table import OpenTable, Part, Table, Unfit, from_label
from pyflow.codec.types import STRING, Logical
from pyflow.codec.vectors import Leaf
from pyflow.spec.errors import ArtifactError

_OBJECT = np.dtype(object)


def zone_name(zone: Any) -> str | None:
    """A time zone's name, if it can be found again by this name with the same meaning."""
    name = str(zone)
    if zone is None or name == "UTC":
        return name
    if name.startswith("UTC") and len(name) == 9:
        name = name[3:]
    key = getattr(zone, "key", None) or getattr(zone, "zone", None) or name
    try:
        scalars.zone(key)
    except ArtifactError:
        return None
    return str(key)


def part(values: Any) -> Part:
    """The values of a Series, an Index or an extension array."""
    dtype = values.dtype
    if isinstance(dtype, np.dtype):
        return _numpy_part(np.asarray(values))
    leaf = _extension_leaf(getattr(values, "array", values), dtype)
    return Part(value=getattr(values, "array", values)) if leaf is None else Part(*leaf)


def _numpy_part(values: np.ndarray[Any, Any]) -> Part:
    if values.dtype == object:
        items = values.tolist()
        leaf = vectors.from_objects(items)
        return Part(items=items) if leaf is None else Part(*leaf)
    leaf = vectors.from_numpy(values)
    if leaf is None:
        return Part(value=pd.array(values))
    logical, array = leaf
    # Without a hint whole numbers and truth values become the nullable types.
    return Part(logical.hinted(dtype=values.dtype.name) if values.dtype.kind in "biu" else logical, array)


def _extension_leaf(values: Any, dtype: Any) -> Leaf | None:
    if isinstance(dtype, pd.CategoricalDtype):
        return _categorical_leaf(values, dtype)
    if isinstance(dtype, pd.DatetimeTZDtype):
        name = zone_name(dtype.tz)
        if name is None:
            return None
        logical = Logical("timestamp", unit=dtype.unit, tz=name)
        return logical, arrays.fixed(logical, values.asi8, values.isna())
    if isinstance(dtype, pd.StringDtype):
        storage = None if dtype.storage == "pyarrow" else dtype.storage
        return STRING.hinted(dtype=_string_name(dtype), storage=storage), _text(values)
    if isinstance(dtype, pd.ArrowDtype):
        leaf = arrowlike.from_arrow(values.__arrow_array__())
        return None if leaf is None else (leaf[0].hinted(dtype="arrow"), leaf[1])
    if dtype.name in _MASKED:
        leaf = arrowlike.from_arrow(values.__arrow_array__())
        return None if leaf is None else (leaf[0].hinted(dtype=dtype.name), leaf[1])
    return None


def _string_name(dtype: Any) -> str | None:
    """None for pandas' own default, `str`."""
    return "string" if dtype.na_value is pd.NA else None


def _text(values: Any) -> pa.Array:
    if values.dtype.storage == "pyarrow":
        leaf = arrowlike.from_arrow(values.__arrow_array__())
        if leaf is not None and leaf[0].type == "string":
            return leaf[1]
    return arrays.texts(STRING, [item if isinstance(item, str) else None for item in values.tolist()])


def _categorical_leaf(values: Any, dtype: Any) -> Leaf | None:
    levels = part(dtype.categories)
    if levels.logical is None or levels.array is None:
        return None
    freq = getattr(dtype.categories, "freqstr", None)
    logical = Logical("category", ordered=bool(dtype.ordered), levels=levels.logical.hinted(freq=freq))
    return logical, arrays.categories(logical, np.asarray(values.codes, dtype=np.int32), levels.array)


_NULLABLE = {
    "bool": "boolean",
    **{f"int{bits}": f"Int{bits}" for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": f"UInt{bits}" for bits in (8, 16, 32, 64)},
}
_MASKED = {
    "boolean": pd.arrays.BooleanArray,
    "Float32": pd.arrays.FloatingArray,
    "Float64": pd.arrays.FloatingArray,
    **{name: pd.arrays.IntegerArray for name in _NULLABLE.values() if name != "boolean"},
}


def from_frame(frame: pd.DataFrame) -> Table:
    """A pandas.DataFrame; raises Unfit for labels that the format has no place for."""
    if type(frame) is not pd.DataFrame:
        raise Unfit("a subclass of DataFrame")
    index, levels = index_meta(frame.index, part)
    names, meta = label_meta(frame.columns)
    columns = tuple(part(frame.iloc[:, number]) for number in range(frame.shape[1]))
    if index is not None:
        meta["index"] = index
    fields = (*names, *(f"__index_level_{number}__" for number in range(len(levels))))
    warnings: tuple[str, ...] = ()
    if frame.attrs:
        warnings = ("DataFrame.attrs is not kept (attributes_dropped); store it under a name of its own",)
    return Table(fields, (*columns, *levels), len(frame), meta, warnings)


# Reading.


def values(logical: Logical, array: pa.Array, file: ArtifactFile) -> Any:
    """A column as an array for pandas; what pandas may hold without a copy is not copied."""
    dtype = logical.hint("dtype")
    if dtype == "object":
        return vectors.to_objects(logical, array)
    if dtype == "arrow":
        original = arrowlike.restore(logical, array)
        return pd.array(pa.chunked_array([original]), dtype=pd.ArrowDtype(original.type))
    kind = logical.type
    if kind == "string":
        return _strings(logical, array)
    if kind == "category":
        return _categorical(logical, array, file)
    if kind == "timestamp" and logical.tz is not None:
        ticks = vectors.to_numpy(Logical("timestamp", unit=logical.unit), array, file)
        return pd.array(ticks, copy=False).tz_localize("UTC").tz_convert(scalars.zone(logical.tz))
    masked = dtype if dtype in _MASKED else _NULLABLE.get(kind)
    if masked is not None and (dtype is None or dtype in _MASKED):
        return _masked(masked, logical, array, file)
    if kind == "date" and dtype is None:
        return pd.array(pa.chunked_array([array]), dtype=pd.ArrowDtype(array.type))
    return vectors.to_numpy(logical, array, file)


def _masked(name: str, logical: Logical, array: pa.Array, file: ArtifactFile) -> Any:
    plain = logical.plain
    missing = arrays.missing_mask(array)
    if missing is None:
        missing = np.zeros(len(array), dtype=bool)
    data = arrays.truths(array) if plain.type == "bool" else file.writable(arrays.numbers(array, plain))
    return _MASKED[name](data, missing, copy=False)


def _strings(logical: Logical, array: pa.Array) -> Any:
    na = pd.NA if logical.hint("dtype") == "string" else np.nan
    dtype = pd.StringDtype(logical.hint("storage", "pyarrow"), na_value=na)
    if dtype.storage == "pyarrow":
        return dtype.__from_arrow__(pa.chunked_array([array]))
    return pd.array(array.to_pylist(), dtype=dtype)


def _categorical(logical: Logical, array: pa.Array, file: ArtifactFile) -> Any:
    levels = logical.levels or STRING
    found = make_index([values(levels, array.dictionary, file)], [None], [levels.hint("freq")])
    codes = arrays.codes(array)
    missing = arrays.missing_mask(array.dictionary)
    if missing is not None:
        # R may have NA for a level; in pandas a value is missing without one.
        place = np.where(missing, -1, np.cumsum(~missing) - 1)
        found, codes = found[~missing], np.where(codes < 0, -1, place[codes])
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(found, ordered=logical.ordered))


def to_frame(table: OpenTable) -> pd.DataFrame:
    """The pandas.DataFrame of a table."""
    count = len(table.columns) - table.levels
    index = _index(table, count)
    columns = {number: _as_column(_column(table, number), index) for number in range(count)}
    frame = pd.DataFrame(columns, index=index, copy=False)
    frame.columns = labels_from(table.names[:count], table.meta)
    return frame


def _as_column(values: Any, index: Any) -> Any:
    """Object arrays as Series, because DataFrame would look into them and make text of them."""
    if getattr(values, "dtype", None) == _OBJECT:
        return pd.Series(values, index=index, dtype=object, copy=False)
    return values


def as_index(values: Any, name: Any = None) -> pd.Index:
    """An index that keeps the dtype of its values."""
    return pd.Index(values, dtype=_OBJECT if values.dtype == _OBJECT else None, name=name, copy=False)


def _column(table: OpenTable, number: int) -> Any:
    column = table.columns[number]
    if isinstance(column, tuple):
        return values(*column, table.file)
    return object_values(column, table.rows)


def object_values(column: Any, rows: int) -> Any:
    """A column that is no leaf: a list of any values, a nested table or matrix, or an array kept as it is."""
    if isinstance(column, pd.api.extensions.ExtensionArray):
        return column
    if isinstance(column, pd.DataFrame):
        column = column.to_dict("records")
    elif isinstance(column, dict):
        column = list(column.values())
    elif not isinstance(column, list | np.ndarray):
        # One object for the whole column, such as a proxy.
        column = [column] * rows
    if len(column) != rows:
        raise ValueError(f"a column has {len(column)} values for {rows} rows")
    result = np.empty(rows, dtype=object)
    for position, item in enumerate(column):
        result[position] = item
    return result


def _index(table: OpenTable, count: int) -> Any:
    meta = table.meta.get("index")
    if meta is None:
        return pd.RangeIndex(table.rows)
    if meta["kind"] == "range":
        return restore_range(meta)
    levels = [_column(table, count + number) for number in range(table.levels)]
    hints = [c[0].hint("freq") if isinstance(c, tuple) else None for c in table.columns[count:]]
    return make_index(levels, [from_label(name) for name in meta["names"]], hints)


def make_index(levels: list[Any], names: list[Any], freqs: list[Any]) -> Any:
    """An index from its levels' values."""
    if len(levels) != 1:
        return pd.MultiIndex.from_arrays([as_index(level) for level in levels], names=names)
    index = as_index(levels[0], names[0])
    if freqs[0] is not None:
        index.freq = freqs[0]
    return index

"""pandas values <-> parts and tables. The only module that imports pandas; it is loaded when a table is met."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pyflow.codec import arrays, arrowlike, scalars, spans, vectors
from pyflow.codec.indexes import index_meta, label_meta, labels_from, restore_range, with_freq
from pyflow.codec.ipc import ArtifactFile
from pyflow.codec.pandaskey import pandas_key
from pyflow.codec.table import OpenTable, Part, Table, Unfit, from_label
from pyflow.codec.types import STRING, Logical
from pyflow.codec.vectors import Leaf
from pyflow.spec.errors import ArtifactError

_OBJECT = np.dtype(object)


def zone_hint(zone: Any) -> tuple[str | None, str | None]:
    """A time zone's name, if by this name a zone of the same meaning is found again, and `pytz` for zones of pytz."""
    name = str(zone)
    if zone is None:
        return name, None
    if scalars.is_pytz(zone):
        return scalars.pytz_name(zone), "pytz"
    if name == "UTC":
        return name, None
    if name.startswith("UTC") and len(name) == 9:
        name = name[3:]
    key = str(getattr(zone, "key", None) or name)
    try:
        scalars.zone(key)
    except ArtifactError:
        return None, None
    return key, None


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
        name, library = zone_hint(dtype.tz)
        if name is None:
            return None
        logical = Logical("timestamp", unit=dtype.unit, tz=name).hinted(tzinfo=library)
        return logical, arrays.fixed(logical, values.asi8, values.isna())
    if isinstance(dtype, pd.StringDtype):
        storage = None if dtype.storage == "pyarrow" else dtype.storage
        return STRING.hinted(dtype=_string_name(dtype), storage=storage), _text(values)
    if isinstance(dtype, pd.ArrowDtype):
        leaf = arrowlike.from_arrow(values.__arrow_array__())
        return None if leaf is None else (leaf[0].hinted(dtype="arrow"), leaf[1])
    if isinstance(dtype, pd.PeriodDtype):
        return spans.period_leaf(values)
    if isinstance(dtype, pd.IntervalDtype):
        return spans.interval_leaf(values, part)
    if isinstance(dtype, pd.SparseDtype):
        return spans.sparse_leaf(values)
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
    codes = np.asarray(values.codes, dtype=np.int32)
    if isinstance(dtype.categories, pd.IntervalIndex):
        found = spans.interval_levels(dtype.categories, part)
        if found is None:
            return None
        logical = Logical("category", ordered=bool(dtype.ordered), levels=STRING).hinted(levels=found[0])
        return logical, arrays.categories(logical, codes, found[1])
    levels = part(dtype.categories)
    if levels.logical is None or levels.array is None:
        return None
    logical = Logical("category", ordered=bool(dtype.ordered), levels=with_freq(levels.logical, dtype.categories))
    return logical, arrays.categories(logical, codes, levels.array)


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
        warnings = ("DataFrame.attrs is not kept; store it under a name of its own (attributes_dropped)",)
    parts = (*columns, *levels)

    def key() -> dict[str, Any]:
        return pandas_key(frame, fields, [part.logical for part in parts if part.logical is not None])

    return Table(fields, parts, len(frame), meta, warnings, key)


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
    if dtype is not None and spans.is_sparse(logical):
        return spans.read_sparse(logical, array, file)
    if logical.hint("interval") is not None:
        return spans.read_intervals(logical, array, file, values)
    if kind in ("list", "struct") and not logical.python and _is_arrow(logical):
        # Of another language: the cells are lists and dicts, and go back as vectors and nested tables.
        return pd.array(pa.chunked_array([array]), dtype=pd.ArrowDtype(array.type))
    if kind == "string":
        return _strings(logical, array)
    if kind == "category":
        return _categorical(logical, array, file)
    if kind == "timestamp" and spans.is_period(logical):
        return spans.read_periods(logical, array, file)
    if kind == "timestamp" and logical.tz is not None:
        ticks = vectors.to_numpy(Logical("timestamp", unit=logical.unit), array, file)
        zone = scalars.zone(logical.tz, logical.hint("tzinfo"))
        return pd.array(ticks, copy=False).tz_localize("UTC").tz_convert(zone)
    masked = dtype if dtype in _MASKED else _NULLABLE.get(kind)
    if masked is not None and (dtype is None or dtype in _MASKED):
        return _masked(masked, logical, array, file)
    if kind == "date" and dtype is None:
        return pd.array(pa.chunked_array([array]), dtype=pd.ArrowDtype(array.type))
    return vectors.to_numpy(logical, array, file)


def _is_arrow(logical: Logical) -> bool:
    """Whether Arrow's own Python values of a type are those of its logical type."""
    return (
        logical.type not in ("complex128", "bigint")
        and not logical.repeats_names
        and all(map(_is_arrow, logical.inner))
    )


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
    if logical.hint("levels") is None:
        found = make_index([values(levels, array.dictionary, file)], [None], [levels.hint("freq")])
    else:
        found = spans.read_levels(logical.details("levels"), file, values)
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
    """An index that keeps the dtype of its values. Arrow's lists and structs have no place in one."""
    if isinstance(values.dtype, pd.ArrowDtype) and pa.types.is_nested(values.dtype.pyarrow_dtype):
        values = object_values(values.tolist(), len(values))
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
        column = _records(column)
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


def _records(frame: pd.DataFrame) -> list[Any]:
    """The rows of a nested table as dicts, or as pairs where its names repeat; what is missing is None, or NaN."""
    columns = [_cells(frame.iloc[:, number]) for number in range(frame.shape[1])]
    rows = zip(*columns, strict=True) if columns else [()] * len(frame)
    make = dict if frame.columns.is_unique else list
    return [make(zip(frame.columns, row, strict=True)) for row in rows]


def lacks(table: Any) -> bool:
    """Whether cells of a nested table are missing that are no floats."""
    if not isinstance(table, pd.DataFrame):
        return False
    return any(_is_gone(_cells(table.iloc[:, number])) for number in range(table.shape[1]))


def _is_gone(cell: Any) -> bool:
    """Whether a cell is None, or a list or dict with None in it."""
    if isinstance(cell, list | tuple):
        return any(map(_is_gone, cell))
    return cell is None or (isinstance(cell, dict) and any(map(_is_gone, cell.values())))


def _cells(column: pd.Series) -> list[Any]:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fc":
        return column.tolist()
    return [None if gone else item for item, gone in zip(column.tolist(), column.isna(), strict=True)]


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

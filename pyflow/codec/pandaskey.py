"""The key `pandas` of a table's schema: pandas' own convention, by which pandas.read_feather finds the same frame.

It names no version of a library, so that equal frames give equal bytes after an update too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from pyflow.codec.types import Logical

Meta = dict[str, Any]

_KINDS = {"i": "int64", "u": "uint64", "f": "floating", "b": "boolean", "M": "datetime"}
_TYPES = {
    "string": "unicode",
    "bigint": "unicode",
    "category": "categorical",
    "duration": "timedelta",
    "timestamp": "datetime",
    "complex128": "object",
    "struct": "object",
    "list": "object",
    "null": "empty",
}


def pandas_key(frame: pd.DataFrame, fields: Sequence[str], logicals: Sequence[Logical]) -> Meta:
    """The key for a frame whose columns and index levels are these fields, of these logical types."""
    levels = [frame.index.get_level_values(number) for number in range(frame.index.nlevels)]
    named: list[tuple[Any, Any]] = [(_label(name), frame.dtypes.iloc[k]) for k, name in enumerate(frame.columns)]
    index: list[Any]
    if isinstance(frame.index, pd.RangeIndex):
        start, stop, step = frame.index.start, frame.index.stop, frame.index.step
        index = [{"kind": "range", "name": _label(frame.index.name), "start": start, "stop": stop, "step": step}]
    else:
        named += [(_label(level.name), level.dtype) for level in levels]
        index = list(fields[frame.shape[1] :])
    columns = [
        _column(name, field, dtype, logical)
        for (name, dtype), field, logical in zip(named, fields, logicals, strict=True)
    ]
    labels = [frame.columns.get_level_values(number) for number in range(frame.columns.nlevels)]
    return {
        "attributes": {},
        "column_indexes": [_labels(level) for level in labels],
        "columns": columns,
        "index_columns": index,
    }


def _column(name: Any, field: str, dtype: Any, logical: Logical) -> Meta:
    kind, details = _TYPES.get(logical.type, logical.type), None
    if logical.type == "timestamp" and logical.tz is not None:
        kind, details = "datetimetz", {"timezone": logical.tz}
    if logical.type == "category":
        details = {"num_categories": len(dtype.categories), "ordered": bool(dtype.ordered)}
    return {"field_name": field, "metadata": details, "name": name, "numpy_type": _dtype(dtype), "pandas_type": kind}


def _dtype(dtype: Any) -> str:
    """The dtype by which pandas makes the column from Arrow; `object` where its name does not give it back."""
    if isinstance(dtype, pd.CategoricalDtype):
        return "int8"
    if isinstance(dtype, pd.DatetimeTZDtype):
        return f"datetime64[{dtype.unit}]"
    if isinstance(dtype, pd.PeriodDtype | pd.SparseDtype):
        return "object"
    if isinstance(dtype, pd.ArrowDtype):
        return str(dtype) if _is_found(dtype) else "object"
    return str(dtype)


def _is_found(dtype: Any) -> bool:
    try:
        return bool(pd.api.types.pandas_dtype(str(dtype)) == dtype)
    except (TypeError, NotImplementedError):
        return False


def _labels(level: pd.Index) -> Meta:
    """What kind of labels the columns have."""
    dtype = level.dtype
    kind = {"i": "int64", "u": "uint64", "f": "floating", "b": "boolean", "M": "datetime"}.get(
        getattr(dtype, "kind", "")
    )
    numpy_type, details = str(dtype), None
    if isinstance(dtype, pd.DatetimeTZDtype):
        kind, numpy_type, details = "datetimetz", f"datetime64[{dtype.unit}]", {"timezone": str(dtype.tz)}
    elif kind is None or level.hasnans:
        # pyarrow makes no other labels than these of their text.
        text = all(type(label) is str for label in level)
        kind, numpy_type = ("unicode", "str" if numpy_type == "str" else "object") if text else ("mixed", "object")
    return {
        "field_name": _label(level.name),
        "metadata": details,
        "name": _label(level.name),
        "numpy_type": numpy_type,
        "pandas_type": kind,
    }


def _label(name: Any) -> str | None:
    return None if name is None else str(name)

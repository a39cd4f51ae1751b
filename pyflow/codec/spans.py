"""Periods, intervals and sparse columns of pandas <-> (logical type, Arrow array); loaded with frames."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pyflow.codec import arrays, vectors
from pyflow.codec.canonical import canonical
from pyflow.codec.ipc import ArtifactFile
from pyflow.codec.table import Part
from pyflow.codec.types import STRING, Logical, parse_logical, to_json
from pyflow.codec.vectors import Leaf

MakePart = Callable[[Any], Part]
Values = Callable[[Logical, pa.Array, ArtifactFile], Any]

_SHORT = ("ms", "us", "ns")
_SPARSE = re.compile(r"Sparse\[(.+), [^,]*\]")
_INFINITE = {"inf": float("inf"), "-inf": float("-inf")}


# Periods: the instants at which they begin.


def period_leaf(values: Any) -> Leaf | None:
    """Of a PeriodArray; None for a frequency that does not come back from its beginnings (business days)."""
    dtype = values.dtype
    if dtype.freq.rule_code == "B":
        return None
    unit = dtype.freq.rule_code if dtype.freq.rule_code in _SHORT else "s"
    starts = values.asfreq(unit, how="S")
    if not np.array_equal(starts.asfreq(dtype.freq).asi8, values.asi8):
        return None
    logical = Logical("timestamp", unit=unit).hinted(dtype=str(dtype))
    return logical, arrays.fixed(logical, starts.asi8, values.isna())


def is_period(logical: Logical) -> bool:
    return str(logical.hint("dtype", "")).startswith("period[")


def read_periods(logical: Logical, array: pa.Array, file: ArtifactFile) -> Any:
    ticks = vectors.to_numpy(Logical("timestamp", unit=logical.unit), array, file).view(np.int64)
    starts = pd.arrays.PeriodArray(ticks, dtype=pd.PeriodDtype(logical.unit))
    return starts.asfreq(pd.api.types.pandas_dtype(logical.hint("dtype")).freq)


# Intervals: a struct of their ends.


def interval_leaf(values: Any, part: MakePart) -> Leaf | None:
    """Of an IntervalArray."""
    ends = [part(values.left), part(values.right)]
    if any(end.logical is None for end in ends):
        return None
    names = ("left", "right")
    fields = tuple((name, end.logical) for name, end in zip(names, ends, strict=True) if end.logical is not None)
    logical = Logical("struct", fields=fields).hinted(interval=values.closed)
    array = arrays.structs(names, [end.array for end in ends], len(values), np.asarray(values.isna()))
    return logical, canonical(array)


def read_intervals(logical: Logical, array: pa.Array, file: ArtifactFile, values: Values) -> Any:
    # `flatten` gives fields that are missing where the interval is.
    fields = zip(logical.fields, array.flatten(), strict=True)
    ends = [values(logical_end, end, file) for (_, logical_end), end in fields]
    return pd.arrays.IntervalArray.from_arrays(*ends, closed=logical.hint("interval"))


# Categories that are intervals: text for everybody, and their ends as JSON for pandas.


def interval_levels(levels: Any, part: MakePart) -> tuple[dict[str, Any], pa.Array] | None:
    """Of an IntervalIndex: what makes it again, and its text."""
    leaf = interval_leaf(levels.array, part)
    texts = [str(level) for level in levels]
    if leaf is None or len(set(texts)) != len(texts):
        return None
    (_, left), (_, right) = leaf[0].fields
    if left != right:
        return None
    ends = [
        [_as_json(value) for value in arrays.storage(leaf[1].field(number), logical)]
        for number, logical in ((0, left), (1, right))
    ]
    about = {"closed": levels.closed, "type": to_json(left), "left": ends[0], "right": ends[1]}
    return about, arrays.texts(STRING, texts)


def read_levels(about: dict[str, Any], file: ArtifactFile, values: Values) -> Any:
    """The IntervalIndex that `about` describes."""
    logical = parse_logical(about["type"])
    ends = [
        values(logical, arrays.build(logical, [_INFINITE.get(item, item) for item in about[side]]), file)
        for side in ("left", "right")
    ]
    return pd.IntervalIndex.from_arrays(*ends, closed=about["closed"])


def _as_json(value: Any) -> Any:
    return str(value) if value in (float("inf"), float("-inf")) else value


# Sparse columns: written dense.


def sparse_leaf(values: Any) -> Leaf | None:
    """Of a SparseArray; None where the dense values do not give the same array back."""
    dense = np.asarray(values)
    leaf = None if dense.dtype == object else vectors.from_numpy(dense)
    fill = values.dtype.fill_value
    if leaf is None or not isinstance(fill, bool | int | float | np.generic) or isinstance(fill, complex):
        return None
    fill = fill.item() if isinstance(fill, np.generic) else fill
    usual = fill == pd.SparseDtype(values.dtype.subtype).fill_value or fill != fill
    hints = {"dtype": str(values.dtype), "fill": None if usual else _as_json(fill)}
    logical = leaf[0].hinted(**hints, sparse=None if values.kind == "integer" else values.kind)
    again = _make_sparse(logical, dense)
    if again.dtype != values.dtype or not again.sp_index.equals(values.sp_index):
        return None
    return logical, leaf[1]


def is_sparse(logical: Logical) -> bool:
    return str(logical.hint("dtype", "")).startswith("Sparse[")


def read_sparse(logical: Logical, array: pa.Array, file: ArtifactFile) -> Any:
    return _make_sparse(logical, vectors.to_numpy(logical.hinted(dtype=_subtype(logical).str), array, file))


def _subtype(logical: Logical) -> np.dtype[Any]:
    found = _SPARSE.fullmatch(logical.hint("dtype"))
    if found is None:
        raise ValueError(f"unknown sparse type {logical.hint('dtype')!r}")
    return np.dtype(found[1])


def _make_sparse(logical: Logical, dense: Any) -> Any:
    fill = logical.hint("fill")
    dtype = pd.SparseDtype(_subtype(logical), *([] if fill is None else [_INFINITE.get(fill, fill)]))
    return pd.arrays.SparseArray(dense, dtype=dtype, kind=logical.hint("sparse", "integer"))

"""Strategies for what only one library of Python has: periods, intervals, structured arrays, sparse matrices, classes."""

from __future__ import annotations

import enum
import types
from collections import Counter, OrderedDict, defaultdict, namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytz
import scipy.sparse
from hypothesis import strategies as st

from tests.properties.values import Strategy, floats, texts

Pair = namedtuple("Pair", ["left", "right"])


@dataclass(frozen=True)
class Point:
    x: float
    label: str


class Colour(enum.Enum):
    RED = 1
    BLUE = "b"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


def _lists(cells: Strategy, least: int = 0) -> Strategy:
    return st.lists(cells, min_size=least, max_size=5)


def _period(freq: str) -> Strategy:
    ordinals = _lists(st.one_of(st.integers(-1000, 3000), st.none()))
    return ordinals.map(
        lambda v: pd.array(
            [pd.NaT if o is None else pd.Period(ordinal=o, freq=freq) for o in v], dtype=f"period[{freq}]"
        )
    )


periods = st.sampled_from(["Y", "M", "W-SUN", "D", "h", "s"]).flatmap(_period)
single_periods = st.builds(
    lambda o, freq: pd.Period(ordinal=o, freq=freq), st.integers(-1000, 3000), st.sampled_from(["M", "D", "h"])
)
_breaks = st.lists(st.integers(-50, 50), min_size=2, max_size=5, unique=True).map(sorted)
intervals = st.builds(
    lambda breaks, closed: pd.arrays.IntervalArray.from_breaks(breaks, closed=closed),
    _breaks,
    st.sampled_from(["left", "right", "both", "neither"]),
)
single_intervals = intervals.map(lambda array: array[0])
cut = st.builds(lambda values, bins: pd.cut(values, bins), _lists(st.integers(0, 100), 2), st.integers(2, 4))
sparse_columns = _lists(st.sampled_from([0.0, 1.5, -2.0])).map(
    lambda v: pd.arrays.SparseArray(np.array(v, "float64"), fill_value=0.0)
)
structured = _lists(
    st.tuples(st.integers(-(2**31) + 1, 2**31 - 1), st.floats(allow_nan=False), texts.map(lambda t: t.rstrip("\0")))
).map(lambda rows: np.array(rows, dtype=[("a", "i4"), ("b", "f8"), ("c", "U8")]))


def _matrix(cells: list[list[float]], kind: str) -> Any:
    return getattr(scipy.sparse, kind)(np.array(cells))


matrices = st.builds(
    _matrix,
    st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(
        lambda dim: st.lists(
            st.lists(st.sampled_from([0.0, 0.0, 1.5, -1.0]), min_size=dim[1], max_size=dim[1]),
            min_size=dim[0],
            max_size=dim[0],
        )
    ),
    st.sampled_from(["csc_array", "csr_array", "coo_array", "csc_matrix", "csr_matrix", "coo_matrix"]),
)
objects = st.one_of(
    st.builds(Point, st.floats(allow_nan=False), texts),
    st.builds(Pair, st.integers(-9, 9), texts),
    st.sampled_from(list(Colour)),
    st.sampled_from(list(Level)),
    st.dictionaries(texts, st.integers(-9, 9), max_size=3).map(lambda d: defaultdict(int, d)),
    st.dictionaries(texts, st.integers(-9, 9), max_size=3).map(OrderedDict),
    st.lists(texts, max_size=4).map(Counter),
    st.builds(lambda a, b: types.SimpleNamespace(a=a, b=b), st.floats(allow_nan=False), texts),
)
zoned = st.builds(
    lambda seconds, zone: (
        pd.to_datetime(pd.Series(seconds, dtype="int64"), unit="s")
        .dt.tz_localize("UTC")
        .dt.tz_convert(pytz.timezone(zone))
    ),
    _lists(st.integers(0, 2**32)),
    st.sampled_from(["Europe/Berlin", "Asia/Tokyo"]),
)
arrow_tables = _lists(st.tuples(st.integers(-9, 9), floats.filter(lambda v: v == v), texts), 1).map(
    lambda rows: pa.table(
        {"i": pa.array([r[0] for r in rows], pa.int32()), "d": [r[1] for r in rows], "s": [r[2] for r in rows]}
    )
)
special = st.one_of(periods, intervals, cut, sparse_columns, zoned)
frames = st.lists(special, min_size=1, max_size=2).map(
    lambda columns: (
        pd.concat([pd.Series(column).reset_index(drop=True) for column in columns], axis=1)
        .dropna()
        .reset_index(drop=True)
    )
)

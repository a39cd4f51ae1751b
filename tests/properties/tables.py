"""Strategies for values of pandas: columns of every type, Series, indexes, categoricals, data frames."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st

from tests.properties.values import Strategy, dates, decimals, floats, integers, one_scale, scalars, texts

_WIDTHS = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
_ZONES = ("UTC", "Europe/Berlin", "America/New_York", dt.timezone(dt.timedelta(minutes=330)))
_WORDS = ("a", "b", "B", "", "NA", "é", "🎬", "x.y")


def _lists(cells: Strategy, rows: int) -> Strategy:
    return st.lists(cells, min_size=rows, max_size=rows)


def _within(dtype: str) -> Strategy:
    info = np.iinfo(dtype)
    return st.one_of(
        st.integers(-100 if info.min else 0, 100), st.sampled_from([info.min, info.max, 0, min(info.max, 2**53 + 1)])
    )


def _numbers(rows: int) -> Strategy:
    plain = st.sampled_from(_WIDTHS).flatmap(
        lambda dtype: _lists(_within(dtype), rows).map(lambda v: np.array(v, dtype))
    )
    real = st.sampled_from(["float32", "float64"]).flatmap(
        lambda dtype: _lists(st.floats(width=int(dtype[5:])), rows).map(lambda v: np.array(v, dtype))
    )
    nullable = st.sampled_from(_WIDTHS).flatmap(
        lambda dtype: _lists(st.one_of(_within(dtype), st.none()), rows).map(
            lambda v: pd.array(v, dtype=dtype.replace("int", "Int").replace("uI", "UI"))
        )
    )
    exact = _lists(floats, rows).map(lambda v: np.array(v, "float64"))
    truth = _lists(st.booleans(), rows).map(lambda v: np.array(v, bool))
    maybe = _lists(st.sampled_from([True, False, None]), rows).map(lambda v: pd.array(v, dtype="boolean"))
    # With a mask of its own: pandas.array would take NaN for missing.
    masked = st.tuples(_lists(st.floats(allow_nan=False), rows), _lists(st.booleans(), rows)).map(
        lambda both: pd.arrays.FloatingArray(np.array(both[0], "float64"), np.array(both[1], bool))
    )
    return st.one_of(
        plain, real, nullable, exact, truth, maybe, masked, _lists(st.complex_numbers(), rows).map(_complex)
    )


def _complex(values: list[complex]) -> Any:
    return np.array(values, "complex128")


def _texts(rows: int) -> Strategy:
    cells = _lists(st.one_of(texts, st.none()), rows)
    return st.sampled_from(["str", "string", "object", "python"]).flatmap(
        lambda dtype: cells.map(lambda v: pd.array(v, dtype=pd.StringDtype("python") if dtype == "python" else dtype))
    )


def _times(rows: int) -> Strategy:
    units = st.sampled_from(["s", "ms", "us", "ns"])
    seconds = st.one_of(st.integers(-(2**31), 2**33), st.none())
    instants = st.tuples(_lists(seconds, rows), units, st.integers(0, 999)).map(lambda t: _ticks(*t, "M"))
    spans = st.tuples(_lists(seconds, rows), units, st.integers(0, 999)).map(lambda t: _ticks(*t, "m"))
    zoned = st.tuples(instants, st.sampled_from(_ZONES)).map(lambda t: t[0].tz_localize("UTC").tz_convert(t[1]))
    arrow_dates = _lists(st.one_of(dates, st.none()), rows).map(lambda v: pd.array(v, dtype=pd.ArrowDtype(pa.date32())))
    return st.one_of(instants, spans, zoned, arrow_dates)


def _ticks(seconds: list[int | None], unit: str, rest: int, kind: str) -> Any:
    per = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    ticks = [-(2**63) if s is None else s * per + (rest if per > 1 else 0) for s in seconds]
    return pd.array(np.array(ticks, np.int64).view(f"{kind}8[{unit}]"))


def _categories(rows: int) -> Strategy:
    levels = st.one_of(
        st.lists(st.sampled_from(_WORDS), unique=True, min_size=1),
        st.lists(st.integers(-50, 50), unique=True, min_size=1, max_size=5),
    )
    return levels.flatmap(
        lambda found: st.tuples(_lists(st.integers(-1, len(found) - 1), rows), st.booleans()).map(
            lambda both: pd.Categorical.from_codes(both[0], categories=found, ordered=both[1])
        )
    )


def _objects(rows: int) -> Strategy:
    kinds = st.sampled_from(
        [texts, integers, dates, decimals, st.binary(max_size=4), st.lists(st.integers(0, 9), max_size=3), scalars]
    )
    return kinds.flatmap(lambda kind: _lists(st.one_of(kind, st.none()), rows)).map(_object_array)


def _object_array(items: list[Any]) -> Any:
    cells = np.empty(len(items), dtype=object)
    for position, item in enumerate(one_scale(items)):
        cells[position] = item
    return cells


def _nested(rows: int) -> Strategy:
    cells = st.one_of(st.none(), st.lists(st.one_of(st.integers(-9, 9), st.none()), max_size=3))
    return _lists(cells, rows).map(lambda v: pd.array(v, dtype=pd.ArrowDtype(pa.list_(pa.int64()))))


def columns(rows: int) -> Strategy:
    """The values of one column."""
    return st.one_of(*(kind(rows) for kind in (_numbers, _texts, _times, _categories, _objects, _nested)))


def indexes(rows: int) -> Strategy:
    """Row indexes of every kind."""
    names = st.one_of(st.none(), st.sampled_from(["k", "", "ü"]))
    ranges = st.builds(
        lambda start, step, name: pd.RangeIndex(start, start + step * rows, step, name=name),
        st.integers(-5, 5),
        st.sampled_from([1, 2, -1]),
        names,
    )
    flat = st.one_of(
        st.lists(st.sampled_from(_WORDS), min_size=rows, max_size=rows),
        _lists(st.integers(-10, 2**40), rows),
        st.lists(st.integers(1, 10**6), min_size=rows, max_size=rows, unique=True),
        st.lists(texts, min_size=rows, max_size=rows, unique=True),
        _lists(st.floats(allow_nan=True, allow_infinity=False), rows),
    )
    plain = st.builds(
        lambda values, name: pd.Index(values, name=name), flat.filter(len) if rows else st.just([]), names
    )
    times = _times(rows).map(pd.Index)
    several = st.builds(
        lambda a, b, name: pd.MultiIndex.from_arrays([a, b], names=[name, None]),
        _lists(st.integers(0, 3), rows),
        _lists(st.sampled_from(_WORDS), rows),
        names,
    )
    return st.one_of(st.just(pd.RangeIndex(rows)), st.just(pd.RangeIndex(rows)), ranges, plain, times, several)


def _labels(count: int) -> Strategy:
    words = st.lists(
        st.one_of(st.sampled_from(["", "a", "A", "class", "row.names", " x "]), texts), min_size=count, max_size=count
    )
    unique = st.just([f"c{number}" for number in range(count)])
    return st.one_of(unique, unique, words)


def series(rows: int) -> Strategy:
    return st.builds(
        lambda values, index, name: pd.Series(values, index=index, name=name, copy=False),
        columns(rows),
        indexes(rows),
        st.one_of(st.none(), texts),
    )


def frames(rows: int) -> Strategy:
    return st.integers(0, 4).flatmap(
        lambda count: st.builds(
            _frame, st.tuples(*(columns(rows) for _ in range(count))), indexes(rows), _labels(count)
        )
    )


def _frame(parts: tuple[Any, ...], index: pd.Index, labels: list[str]) -> pd.DataFrame:
    # As Series: DataFrame would make text of object arrays.
    data = {number: pd.Series(part, index=index, dtype=part.dtype, copy=False) for number, part in enumerate(parts)}
    frame = pd.DataFrame(data, index=index, copy=False)
    frame.columns = pd.Index(labels, dtype="str")
    return frame


sizes = st.sampled_from([0, 1, 2, 3, 7])
any_series = sizes.flatmap(series)
any_frame = sizes.flatmap(frames)
any_index = sizes.flatmap(indexes).filter(lambda index: type(index) is pd.Index)
any_array = sizes.flatmap(columns)
moments = st.one_of(
    st.just(pd.NaT),
    st.just(pd.NA),
    sizes.filter(bool).flatmap(_times).filter(lambda v: not hasattr(v, "_pa_array")).map(lambda v: v[0]),
)

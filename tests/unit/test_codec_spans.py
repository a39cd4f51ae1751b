"""Periods, intervals, sparse columns and categories of intervals, alone, as columns, as an index and as labels."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from pyflow.codec import PythonCodec
from tests.codec_values import same

CODEC = PythonCodec()
FREQUENCIES = ["Y", "Y-MAR", "Q", "Q-JAN", "M", "3M", "W", "W-WED", "D", "h", "6h", "min", "15min", "s", "ms", "5ms", "us", "ns", "2Y"]  # fmt: skip


def back(value):
    first = b"".join(CODEC.encode(value, "x").chunks)
    assert b"native" not in first
    found = CODEC.decode(first)
    assert b"".join(CODEC.encode(found, "x").chunks) == first
    return found


ARRAYS = {
    **{f"period-{freq}": pd.period_range("2024-01-03", periods=3, freq=freq).array for freq in FREQUENCIES},
    "period-missing": pd.array([pd.Period("2024", "Y"), pd.NaT, pd.Period("1001", "Y")]),
    "interval-int": pd.interval_range(0, 3).array,
    "interval-float": pd.arrays.IntervalArray.from_arrays([0.5, np.nan, -np.inf], [1.5, np.nan, np.inf], closed="neither"),
    "interval-small": pd.arrays.IntervalArray.from_arrays(np.array([0, 1, 2], "i4"), np.array([1, 2, 3], "i4")),
    "interval-instants": pd.IntervalIndex.from_breaks(pd.date_range("2024", periods=4, tz="Europe/Berlin")).array,
    "interval-spans": pd.IntervalIndex.from_breaks(pd.to_timedelta([0, 1, 2, 3], unit="s"), closed="left").array,
    "cut": pd.cut([1, 2, 5], [0, 1, 3, np.inf]),
    "cut-missing": pd.cut([1, 9, 2], [0, 1, 3]),
    "qcut": pd.qcut([1, 2, 3], 2),
    "cut-instants": pd.cut(pd.date_range("2024", periods=3), 2),
    "sparse-int": pd.arrays.SparseArray([0, 1, 0]),
    "sparse-float": pd.arrays.SparseArray([np.nan, 1.5, np.nan]),
    "sparse-infinite": pd.arrays.SparseArray([np.inf, 1.5, np.inf], fill_value=np.inf),
    "sparse-fill": pd.arrays.SparseArray([5, 1, 5], fill_value=5),
    "sparse-bool": pd.arrays.SparseArray([True, False, False]),
    "sparse-block": pd.arrays.SparseArray([0, 1, 0], kind="block"),
}  # fmt: skip


@pytest.mark.parametrize("value", ARRAYS.values(), ids=ARRAYS)
def test_an_array_comes_back_the_same(value):
    assert same(back(value), value)
    assert same(back(pd.Series(value, name="s")), pd.Series(value, name="s"))
    frame = pd.DataFrame({"x": value, "y": [1, 2, 3]})
    assert same(back(frame), frame)


@pytest.mark.parametrize("id", [id for id in ARRAYS if not id.startswith("sparse")])
def test_an_index_comes_back_the_same(id):
    index = pd.Index(ARRAYS[id], name="k")
    assert same(back(index), index)
    frame = pd.DataFrame({"x": [1, 2, 3]}, index=index)
    assert same(back(frame), frame)
    two = pd.DataFrame({"x": [1, 2, 3]}, index=pd.MultiIndex.from_arrays([index, ["a", "b", "c"]]))
    assert same(back(two), two)


@pytest.mark.parametrize(
    "value", [pd.Period("2024-02", "M"), pd.Period("0001", "Y"), pd.Interval(0, 1), pd.Interval(0.5, 1.5, "both")]
)
def test_a_scalar_comes_back_the_same(value):
    assert same(back(value), value)
    assert same(back([value, {"a": value}]), [value, {"a": value}])


def test_an_interval_of_instants_comes_back():
    value = pd.Interval(pd.Timestamp("2024", tz="UTC"), pd.Timestamp("2025", tz="UTC"), "left")
    assert back(value) == value


def test_labels_that_are_periods_come_back():
    frame = pd.DataFrame([[1, 2]], columns=pd.period_range("2024-01", periods=2, freq="M", name="m"))
    assert same(back(frame), frame)


def test_a_pivot_by_intervals_comes_back():
    grouped = pd.DataFrame({"x": [1.0, 2.0, 3.0]}).groupby(pd.cut([1, 2, 3], 2), observed=False).sum()
    assert same(back(grouped), grouped)


def test_business_days_are_native_but_come_back():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        value = pd.Series(pd.period_range("2024-01-05", periods=2, freq="B"))
        encoded = CODEC.encode(value, "x")
        assert same(CODEC.decode(b"".join(encoded.chunks)), value)
    assert encoded.kind == "native"


STRUCTURED = {
    "plain": np.array([(1, 2.5, "a"), (2, np.nan, "b")], [("n", "i4"), ("x", "f8"), ("s", "U3")]),
    "nested": np.zeros(2, [("p", [("q", "i1"), ("t", "M8[s]")]), ("b", "?")]),
    "aligned": np.zeros(2, np.dtype([("n", "i1"), ("x", "f8")], align=True)),
    "big-endian": np.array([(1,)], [("n", ">i8")]),
    "two-dimensions": np.zeros((2, 3), [("n", "i4")]),
    "records": np.rec.array([(1, 2.5)], np.dtype([("n", "i4"), ("x", "f8")])),
    "empty": np.zeros(0, [("n", "i4")]),
    "instants": np.array([("2024-01-01", "NaT")], [("a", "M8[D]"), ("b", "M8[ns]")]),
}


@pytest.mark.parametrize("value", STRUCTURED.values(), ids=STRUCTURED)
def test_a_structured_array_comes_back_the_same(value):
    assert same(back(value), value)
    for item in value.reshape(-1)[:1]:
        found = back(item)
        assert type(found) is type(item)
        assert found.dtype == item.dtype


@pytest.mark.parametrize(
    "dtype",
    [[("m", "f8", (2,))], {"names": ["a", "b"], "formats": ["i4", "i4"], "offsets": [4, 0]}, [(("title", "a"), "i4")]],
)
def test_fields_that_the_format_cannot_say_are_native(dtype):
    value = np.zeros(2, np.dtype(dtype))
    encoded = CODEC.encode(value, "x")
    assert encoded.kind == "native"
    assert CODEC.decode(b"".join(encoded.chunks)).dtype == value.dtype

"""Python values of every kind that an artifact may be, and what it means that two of them are the same."""

from __future__ import annotations

import datetime as dt
import struct
from collections import Counter, OrderedDict
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import scipy.sparse

NA_REAL = struct.unpack("<d", struct.pack("<Q", 0x7FF00000000007A2))[0]
BERLIN = ZoneInfo("Europe/Berlin")

SCALARS = {
    "none": None,
    "true": True,
    "false": False,
    "zero": 0,
    "int64-min": -(2**63),
    "int64-max": 2**63 - 1,
    "beyond-int64": 2**63,
    "bigint": -(10**60),
    "huge-int": 7**20000,
    "float": 1.5,
    "nan": float("nan"),
    "inf": float("inf"),
    "negative-zero": -0.0,
    "na-real": NA_REAL,
    "complex": complex(1.5, -0.0),
    "text": "Zażółć 🎬\0 end",
    "empty-text": "",
    "bytes": b"\0\xff",
    "bytearray": bytearray(b"ab"),
    "date": dt.date(2024, 2, 29),
    "first-date": dt.date.min,
    "last-date": dt.date.max,
    "naive": dt.datetime(2024, 2, 29, 12, 30, 1, 5),
    "first-naive": dt.datetime.min,
    "last-naive": dt.datetime.max,
    "utc": dt.datetime(2024, 2, 29, tzinfo=dt.UTC),
    "zoneinfo-utc": dt.datetime(2024, 2, 29, tzinfo=ZoneInfo("UTC")),
    "zone": dt.datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN),
    "zone-second-fold": dt.datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=BERLIN),
    "offset": dt.datetime(2024, 2, 29, tzinfo=dt.timezone(dt.timedelta(hours=-5, minutes=-30))),
    "odd-offset": dt.datetime(2024, 2, 29, tzinfo=dt.timezone(dt.timedelta(seconds=5))),
    "zone-at-the-end": dt.datetime(dt.MAXYEAR, 12, 31, 23, tzinfo=BERLIN),
    "naive-second-fold": dt.datetime(2024, 10, 27, 2, 30, fold=1),
    "time": dt.time(23, 59, 59, 999999),
    "time-with-zone": dt.time(1, tzinfo=dt.UTC),
    "timedelta": dt.timedelta(days=-3, microseconds=1),
    "longest-timedelta": dt.timedelta.max,
    "decimal": Decimal("-1.10"),
    "decimal-small": Decimal("0.001"),
    "decimal-exponent": Decimal("1E+5"),
    "decimal-long": Decimal("1." + "3" * 60),
    "decimal-nan": Decimal("NaN"),
    "decimal-negative-zero": Decimal("-0.0"),
    "lone-surrogate": "\udc80",
}

CONTAINERS = {
    "empty-list": [],
    "ints": [1, -2, 3],
    "floats": [1.0, float("nan"), -0.0],
    "floats-with-na": [1.0, NA_REAL],
    "texts": ["a", "", "ü"],
    "bools": [True, False],
    "big-ints": [1, 2**64],
    "mixed": [1, True, 1.0, "1", None, b"1"],
    "surrogates": ["a", "\udc80"],
    "none-list": [None, None],
    "tuple": (1, (2, "x"), ()),
    "set": {3, 1, 2},
    "set-of-texts": {"b", "a"},
    "mixed-set": {1, "a", None, (2, "b"), frozenset({1, 2})},
    "frozenset": frozenset({1.5, 2.5}),
    "empty-set": set(),
    "range": range(10, 0, -3),
    "empty-range": range(0),
    "one-range": range(5, 6),
    "long-range": range(10**12),
    "empty-dict": {},
    "dict": {"a": 1, "": [1, {"b": (None, {2})}], "ü": {}},
    "keys": {1: "a", None: 2, (1, "x"): 3.0, "t": {2.5: b""}},
    "ordered": OrderedDict(b=1, a=2),
    "counter": Counter({"x": 3, 4: 1}),
    "deep": [[[[[[["x"]]]]]]],
    "lists-of-arrays": [np.arange(3), np.array([1.5])],
}

ARRAYS = {
    **{f"dtype-{name}": np.arange(4).astype(name) for name in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")},
    **{f"dtype-{name}": np.array([1.5, np.nan, -0.0], name) for name in ("f2", "f4", "f8", "c8", "c16")},
    "bool": np.array([True, False, True]),
    "big-endian": np.array([1, 2], ">i4"),
    "uint64-max": np.array([2**64 - 1], "u8"),
    "text": np.array(["a", "bcd", ""]),
    "bytes": np.array([b"a", b"bc"]),
    **{
        f"datetime-{u}": np.array(["2024-02-01", "NaT"], f"M8[{u}]")
        for u in ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns")
    },
    **{f"timedelta-{u}": np.array([5, "NaT"], f"m8[{u}]") for u in ("W", "D", "h", "m", "s", "ms", "us", "ns")},
    "timedelta-years": np.array([1], "m8[Y]"),
    "picoseconds": np.array([1], "M8[ps]"),
    "structured": np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")]),
    "longdouble": np.array([1], np.longdouble),
    "empty": np.array([]),
    "na-real": np.array([1.0, NA_REAL, np.nan]),
    "zero-d": np.array(5),
    "c-order": np.arange(6.0).reshape(2, 3),
    "f-order": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "three-d": np.arange(24, dtype="i2").reshape(2, 3, 4),
    "no-rows": np.zeros((0, 3)),
    "strided": np.arange(10)[::-2],
    "text-matrix": np.array([["a", "b"], ["c", "d"]]),
    "objects": np.array([1, "a", None, [2]], dtype=object),
    "object-texts": np.array(["a", None], dtype=object),
    "object-matrix": np.array([[1, "a"], [None, 2.5]], dtype=object),
    "masked": np.ma.MaskedArray([1, 2, 3], [False, True, False]),
    "masked-matrix": np.ma.MaskedArray([[1.0, 2.0]], [[True, False]]),
    "unmasked": np.ma.MaskedArray([1, 2]),
}

NUMPY_SCALARS = {
    **{f"scalar-{name}": np.dtype(name).type(3) for name in ("i1", "u8", "f2", "f4", "f8", "c8", "?")},
    "scalar-text": np.str_("a"),
    "scalar-bytes": np.bytes_(b"a"),
    "scalar-datetime": np.datetime64("2024-02-29T12", "h"),
    "scalar-nat": np.datetime64("NaT", "s"),
    "scalar-timedelta": np.timedelta64(3, "m"),
}

_DATES = pd.date_range("2024-02-28", periods=3)

COLUMNS = {
    **{
        name: pd.Series([1, 2, 3], dtype=name)
        for name in ("int8", "int64", "uint16", "float32", "float64", "bool", "complex128")
    },
    **{name: pd.Series([1, None, 3], dtype=name) for name in ("Int8", "Int64", "UInt32", "Float32", "Float64")},
    "boolean": pd.Series([True, None, False], dtype="boolean"),
    "nan": pd.Series([1.0, np.nan, NA_REAL]),
    "str": pd.Series(["a", None, ""]),
    "string": pd.Series(["a", None, "b"], dtype="string"),
    "string-python": pd.Series(["a", None, "b"], dtype=pd.StringDtype("python")),
    "str-python": pd.Series(["a", None, "b"], dtype=pd.StringDtype("python", na_value=np.nan)),
    "object-text": pd.Series(["a", None, "b"], dtype=object),
    "object-text-nan": pd.Series(["a", np.nan, "b"], dtype=object),
    "object-dates": pd.Series([dt.date(2024, 1, 1), None, dt.date(2024, 1, 2)]),
    "object-decimals": pd.Series([Decimal("1.10"), Decimal("2.5"), None]),
    "object-ints": pd.Series([1, 2, None], dtype=object),
    "object-floats": pd.Series([1.5, np.nan, None], dtype=object),
    "object-mixed": pd.Series([1, "a", None], dtype=object),
    "lists": pd.Series([[1], [], None]),
    "dicts": pd.Series([{"a": 1}, {}, None]),
    "category": pd.Series(pd.Categorical(["x", None, "y"], categories=["z", "y", "x"])),
    "category-ordered": pd.Series(pd.Categorical(["x", "y", "x"], categories=["y", "x"], ordered=True)),
    "category-ints": pd.Series(pd.Categorical([3, 1, 3])),
    "category-object": pd.Series(pd.Categorical(["a", "b", "a"], categories=pd.Index(["b", "a"], dtype=object))),
    "category-dates": pd.Series(pd.Categorical(_DATES)),
    "category-intervals": pd.Series(pd.cut([1, 2, 3], 2)),
    "datetime": pd.Series(_DATES),
    "datetime-ns": pd.Series(_DATES.as_unit("ns")),
    "datetime-s": pd.Series(_DATES.as_unit("s")).where([True, False, True]),
    "datetime-zone": pd.Series(_DATES.tz_localize("Europe/Berlin")),
    "datetime-utc": pd.Series(_DATES.tz_localize("UTC")).where([True, False, True]),
    "datetime-offset": pd.Series(_DATES.tz_localize(dt.timezone(dt.timedelta(hours=5)))),
    "timedelta": pd.Series(pd.to_timedelta([1, None, 3], unit="s")),
    "period": pd.Series(pd.period_range("2024-01", periods=3, freq="M")),
    "interval": pd.Series(pd.interval_range(0, 3)),
    "sparse": pd.Series(pd.arrays.SparseArray([0, 1, 0])),
    "arrow-list": pd.Series([[1], None, [2, 3]], dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
    "arrow-date": pd.Series([dt.date(2024, 1, 1), None, None], dtype=pd.ArrowDtype(pa.date32())),
    "arrow-int8": pd.Series([1, None, 3], dtype=pd.ArrowDtype(pa.int8())),
}

FRAMES = {
    "empty": pd.DataFrame(),
    "no-rows": pd.DataFrame({"a": pd.Series(dtype="int64"), "b": pd.Series(dtype="str")}),
    "no-columns": pd.DataFrame(index=[3, 1]),
    "positions": pd.DataFrame(np.arange(6.0).reshape(2, 3)),
    "duplicate-names": pd.DataFrame([[1, "x"]], columns=["a", "a"]),
    "empty-name": pd.DataFrame([[1, 2]], columns=["", " "]),
    "other-names": pd.DataFrame([[1, 2, 3]], columns=[1, "a", None]),
    "named-columns": pd.DataFrame([[1, 2]], columns=pd.Index(["a", "b"], name="k")),
    "two-level-columns": pd.DataFrame(
        [[1, 2]], columns=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["u", None])
    ),
    "date-columns": pd.DataFrame([[1, 2]], columns=pd.date_range("2024", periods=2, tz="UTC")),
    "category-columns": pd.DataFrame([[1, 2]], columns=pd.CategoricalIndex(["b", "a"], ordered=True)),
    "period-columns": pd.DataFrame([[1, 2]], columns=pd.period_range("2024", periods=2, freq="M")),
    "row-names": pd.DataFrame({"a": [1, 2]}, index=["x", "y"]),
    "named-index": pd.DataFrame({"a": [1, 2]}, index=pd.Index([5, 5], name="k")),
    "range-index": pd.DataFrame({"a": [1, 2]}, index=pd.RangeIndex(4, 8, 2, name="r")),
    "backward-range": pd.DataFrame({"a": [1, 2]}, index=pd.RangeIndex(1, -1, -1)),
    "date-index": pd.DataFrame({"a": [1, 2]}, index=pd.date_range("2024", periods=2, tz="Asia/Tokyo", name="t")),
    "period-index": pd.DataFrame({"a": [1, 2]}, index=pd.period_range("2024", periods=2, freq="M")),
    "multi-index": pd.DataFrame(
        {"a": [1, 2]}, index=pd.MultiIndex.from_tuples([(1, "x"), (2, None)], names=["m", None])
    ),
    "category-index": pd.DataFrame({"a": [1, 2]}, index=pd.CategoricalIndex(["x", "y"])),
    "mixed-index": pd.DataFrame({"a": [1, 2]}, index=[1, "x"]),
}


def same(left: object, right: object) -> bool:
    """Equal in value and in class, all the way down; NaN equals NaN, but not NA_real_; 0.0 does not equal -0.0."""
    if type(left) is not type(right):
        return False
    if isinstance(left, pd.DataFrame):
        pd.testing.assert_frame_equal(left, right)
        return True
    if isinstance(left, pl.DataFrame):
        return left.schema == right.schema and left.equals(right)
    if isinstance(left, pd.Series):
        pd.testing.assert_series_equal(left, right)
        return True
    if isinstance(left, pd.Index):
        pd.testing.assert_index_equal(left, right)
        return True
    if isinstance(left, pd.api.extensions.ExtensionArray):
        pd.testing.assert_extension_array_equal(left, right)
        return True
    if isinstance(left, np.ndarray):
        return _same_array(left, right)
    if scipy.sparse.issparse(left):
        parts = ("row", "col") if left.format == "coo" else ("indices", "indptr")
        return left.shape == right.shape and all(same(getattr(left, k), getattr(right, k)) for k in ("data", *parts))
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return same(list(left), list(right)) and same(list(left.values()), list(right.values()))
    return _same_scalar(left, right)


def _same_array(left: np.ndarray, right: np.ndarray) -> bool:
    if (left.dtype, left.shape) != (right.dtype, right.shape):
        return False
    if isinstance(left, np.ma.MaskedArray):
        masks = np.ma.getmaskarray(left), np.ma.getmaskarray(right)
        return np.array_equal(*masks) and same(left.filled(0), right.filled(0))
    if left.dtype == object:
        return same(left.reshape(-1).tolist(), right.reshape(-1).tolist())
    if left.dtype.names:
        return type(left) is type(right) and all(same(left[name], right[name]) for name in left.dtype.names)
    if left.dtype == np.longdouble:
        return np.array_equal(left, right)
    return left.tobytes() == right.tobytes()


def _same_scalar(left: object, right: object) -> bool:
    if isinstance(left, float | np.floating):
        return float(left).hex() == float(right).hex() and struct.pack("<d", left) == struct.pack("<d", right)
    if isinstance(left, complex | np.complexfloating):
        return same(left.real, right.real) and same(left.imag, right.imag)
    if isinstance(left, dt.datetime):
        # fold means nothing outside of the repeated hour; inside of it the offset shows it.
        folds = left.fold == right.fold or left.tzinfo is not None
        return str(left) == str(right) and folds and type(left.tzinfo) is type(right.tzinfo)
    if isinstance(left, Decimal):
        return left.as_tuple() == right.as_tuple()
    if isinstance(left, np.datetime64 | np.timedelta64) and np.isnat(left):
        return str(left.dtype) == str(right.dtype) and np.isnat(right)
    return left is right or left == right

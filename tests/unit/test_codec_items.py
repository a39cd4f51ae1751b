"""Foreach items: how many, and which, for a split step of either language."""

from __future__ import annotations

import time
from collections import deque, namedtuple

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from pyflow.codec import PythonCodec
from pyflow.codec.native import NativeProxy
from pyflow.spec.errors import ArtifactError
from tests.codec_values import same

CODEC = PythonCodec()
Pair = namedtuple("Pair", "a b")
FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": pd.Categorical(["u", "v"])})
MIXED = pd.DataFrame({"a": [1, 2], "b": [[1], {"k": 2}]})


@pytest.fixture
def items(tmp_path):
    def all_items(value, language):
        path = tmp_path / "value.arrow"
        path.write_bytes(b"".join(CODEC.encode(value, "x").chunks))
        return [decode(CODEC.item(path, k, language)) for k in range(CODEC.count(path, language))]

    return all_items


def decode(encoded):
    return CODEC.decode(b"".join(encoded.chunks))


@pytest.mark.parametrize(
    "value",
    [
        [1, 2, 3],
        [],
        ["a", None, [1, {"x": (2,)}]],
        (1.5, "b"),
        {"b", "a"},
        frozenset({(1, 2)}),
        {"a": 1, "b": [2]},
        {1: "x", (2, 3): "y"},
        range(3, 9, 2),
        "Zoë",
        b"ab",
        np.array([1, 2], "i2"),
        np.array(["a", "bc"]),
        np.array(["2024-01-01", "NaT"], "M8[D]"),
        np.array([1, "a", None], dtype=object),
        np.arange(6).reshape(3, 2),
        np.asfortranarray(np.arange(6).reshape(3, 2)),
        pd.Series([1, 2]),
        pd.Series(["a", None], index=["x", "y"]),
        pd.Series([[1], "a"]),
        pd.Series(pd.date_range("2024", periods=2, tz="UTC")),
        Pair(1, "b"),
        deque(["a", 1]),
        range(2_000_000, 2_000_003),
    ],
    ids=lambda value: repr(sorted(value)) if isinstance(value, set) else repr(value),
)
def test_python_items_are_those_of_a_loop(value, items):
    found = items(value, "python")
    expected = sorted(value, key=repr) if isinstance(value, set) else list(value)
    assert len(found) == len(expected)
    assert all(map(same, found, expected)), (found, expected)


@pytest.mark.parametrize("language", ["python", "r"])
@pytest.mark.parametrize(
    "frame", [FRAME, MIXED, FRAME.set_index("b"), pd.DataFrame({"p": pd.period_range("2024", periods=2, freq="M")})]
)
def test_the_rows_of_a_frame_are_frames_of_one_row(frame, language, items):
    found = items(frame, language)
    assert len(found) == 2
    for number, row in enumerate(found):
        pd.testing.assert_frame_equal(
            row.reset_index(drop=row.index.name is None), frame.iloc[[number]].reset_index(drop=row.index.name is None)
        )


def test_a_range_index_says_which_row_it_was(items):
    frame = FRAME.set_axis(pd.RangeIndex(10, 14, 2))
    assert [list(row.index) for row in items(frame, "python")] == [[10], [12]]


def test_rows_of_other_libraries(items):
    table = pa.table({"a": [1, None], "s": ["x", "y"]})
    assert items(table, "python") == [table.slice(0, 1), table.slice(1, 1)]
    frame = pl.DataFrame({"a": [1, None]})
    assert all(row.equals(frame[k : k + 1]) for k, row in enumerate(items(frame, "python")))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([1, "a"], [1, "a"]),
        ({"a": 1, "b": [2]}, [1, [2]]),
        ({1: "x"}, [{"key": 1, "value": "x"}]),
        ("abc", ["abc"]),
        (5, [5]),
        (None, []),
        (b"ab", [b"a", b"b"]),
        (np.array([1.5, 2.5]), [1.5, 2.5]),
        (np.arange(6).reshape(2, 3), [0, 3, 1, 4, 2, 5]),
        (np.asfortranarray(np.arange(6).reshape(2, 3)), [0, 3, 1, 4, 2, 5]),
        (pd.Series([1, 2], index=["x", "y"]), [1, 2]),
    ],
    ids=repr,
)
def test_r_items_are_those_of_double_brackets(value, expected, items):
    found = items(value, "r")
    assert found == expected
    assert list(map(type, found)) == list(map(type, expected))


def test_an_item_of_a_factor_keeps_its_levels_in_r(items):
    found = items(pd.Categorical(["b", "a"], categories=["a", "b", "z"], ordered=True), "r")
    assert [list(item) for item in found] == [["b"], ["a"]]
    assert all(list(item.categories) == ["a", "b", "z"] and item.ordered for item in found)


@pytest.mark.parametrize(
    ("value", "language", "named"),
    [
        (5, "python", "the single value 5"),
        (None, "python", "None"),
        (np.array(5), "python", "an array without dimensions"),
        (len, "python", "builtin_function_or_method"),
        (len, "r", "builtin_function_or_method"),
        (NativeProxy("r", ("lm",), 1, "", "4.2.2", b"X"), "python", "class lm"),
    ],
)
def test_a_value_without_items_is_refused(value, language, named, items):
    with pytest.raises(ArtifactError, match=named) as caught:
        items(value, language)
    assert caught.value.code == "foreach_not_iterable"
    assert "list" in caught.value.hint


def test_an_item_that_is_not_there(tmp_path):
    path = tmp_path / "a.arrow"
    path.write_bytes(b"".join(CODEC.encode([1, 2], "x").chunks))
    for index in (2, -1):
        with pytest.raises(IndexError, match=f"no foreach item {index}"):
            CODEC.item(path, index, "python")


def test_an_item_is_described(tmp_path):
    path = tmp_path / "a.arrow"
    path.write_bytes(b"".join(CODEC.encode([FRAME, "text"], "x").chunks))
    first, second = (CODEC.item(path, k, "python") for k in range(2))
    assert (first.kind, first.type, first.preview) == ("table", "pandas.DataFrame", "2 rows x 3 columns: a, b, c")
    assert (second.kind, second.type, second.preview) == ("scalar", "str", "text")


def test_an_item_of_a_large_table_costs_little(tmp_path):
    path = tmp_path / "big.arrow"
    big = pd.DataFrame({"x": np.arange(1_000_000.0), "s": np.array(["some text"]).repeat(1_000_000)})
    path.write_bytes(b"".join(CODEC.encode(big, "x").chunks))
    CODEC.item(path, 0, "python")
    began = time.process_time()
    for index in range(0, 1_000_000, 50_000):
        CODEC.item(path, index, "python")
    assert (time.process_time() - began) / 20 < 0.02

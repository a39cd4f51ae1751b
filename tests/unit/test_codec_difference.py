"""What differs between two artifacts, in words."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from pyflow.codec import PythonCodec
from pyflow.codec.difference import LIMIT, Detail, difference
from pyflow.spec.errors import StoreError


@pytest.fixture
def differ(tmp_path):
    def differ(before, after):
        paths = [tmp_path / "before", tmp_path / "after"]
        for path, value in zip(paths, (before, after), strict=True):
            path.write_bytes(b"".join(bytes(chunk) for chunk in PythonCodec().encode(value, "x").chunks))
        return difference(*paths)

    return differ


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (0.5, 0.75, "0.5 -> 0.75 (+0.25)"),
        (7, 5, "7 -> 5 (-2)"),
        ("red", "blue", "'red' -> 'blue'"),
        (True, False, "True -> False"),
        (None, 5, "None -> 5 (NoneType, now int)"),
        (1, "1", "1 -> '1' (int, now str)"),
        (dt.date(2024, 1, 1), dt.date(2025, 1, 1), "datetime.date(2024, 1, 1) -> datetime.date(2025, 1, 1)"),
        (np.array([1.0, 2.0, np.nan]), np.array([1.0, 2.5, np.nan]), "1 of 3 values differ, by at most 0.5"),
        (np.arange(2), np.arange(3), "2 int64: 0, 1 -> 3 int64: 0, 1, 2"),
    ],
    ids=str,
)
def test_single_values(differ, before, after, text):
    found = differ(before, after)
    assert text in found.text
    assert (found.details, found.count) == ((), 1)


def test_nested_values_are_told_part_by_part(differ):
    before = {"rate": 0.1, "layers": [8, 16], "gone": None, "kinds": {"a", "b"}, "nan": float("nan")}
    after = {"rate": 0.2, "layers": [8, 32, 64], "new": "x", "kinds": {"b", "c"}, "nan": float("nan")}
    found = differ(before, after)
    assert found.details == (
        Detail("['rate']", "0.1", "0.2", "+0.1"),
        Detail("['layers'][1]", "16", "32", "+16"),
        Detail("['layers'][2]", None, "64"),
        Detail("['gone']", "None", None),
        Detail("['kinds']", "a", None),
        Detail("['kinds']", None, "c"),
        Detail("['new']", None, "'x'"),
    )
    assert (found.text, found.count) == ("7 parts differ", 7)


def test_many_parts_are_counted_but_not_all_shown(differ):
    found = differ(list(range(1000)), list(range(1, 1001)))
    assert (len(found.details), found.count) == (LIMIT, 1000)


def test_tables_are_told_by_column(differ):
    before = pd.DataFrame(
        {
            "same": [1, 2, 3],
            "x": [1.0, 2.0, np.nan],
            "flag": [True, True, False],
            "kind": pd.Categorical(["a", "a", "b"]),
            "old": 1,
            "n": [1, 2, 3],
            "day": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"]),
        }
    )
    after = before.drop(columns="old").assign(
        x=[1.0, 5.0, np.nan], flag=False, kind=pd.Categorical(["a", "b", "b"]), new="z", n=[1.0, 2.0, 3.5]
    )
    found = differ(before, after)
    shown = {detail.place: detail for detail in found.details}
    assert found.text == "3 rows; 6 columns differ"
    assert shown["old"] == Detail("old", "int64", None, "column left out")
    assert shown["new"] == Detail("new", None, "string", "new column")
    assert shown["x"] == Detail("x", "mean 1.5, 1 to 2, 1 NaN", "mean 3, 1 to 5, 1 NaN", "1 of 3 values differ")
    assert shown["flag"] == Detail("flag", "2 of 3 true", "0 of 3 true", "2 of 3 values differ")
    assert shown["kind"] == Detail("kind", "2 kinds, mostly 'a'", "2 kinds, mostly 'b'", "1 of 3 values differ")
    assert shown["n"].note == "int64, now float64"
    assert "day" not in shown and "same" not in shown


def test_tables_of_other_lengths_are_told_by_what_their_columns_hold(differ):
    before = pd.DataFrame({"x": [1.0, 2.0]})
    found = differ(before, pd.DataFrame({"x": [1.0, 2.0, 6.0]}))
    assert found.text == "2 rows, now 3; 1 column differs"
    assert found.details == (Detail("x", "mean 1.5, 1 to 2", "mean 3, 1 to 6"),)


def test_the_order_of_columns_and_the_index_are_noticed(differ):
    table = pd.DataFrame({"x": [1], "y": [2]})
    assert differ(table, table[["y", "x"]]).text == "1 rows; the columns are in another order"
    assert "another index" in differ(table, table.set_axis(pd.RangeIndex(5, 6))).text


def test_a_damaged_artifact_is_an_error(tmp_path):
    (tmp_path / "bad").write_bytes(b"ARROW1 and nothing else")
    with pytest.raises(StoreError, match="damaged"):
        difference(tmp_path / "bad", tmp_path / "bad")

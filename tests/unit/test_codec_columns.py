"""Some columns of a table: what comes back, what is read for it, and what is said of columns that are not there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from pyflow.codec import PythonCodec
from pyflow.codec.layout import layout_of
from pyflow.spec.errors import ArtifactError, NotFoundError, StoreError

CODEC = PythonCodec()
ROWS = 50_000


def stored(value, folder):
    path = folder / "value.arrow"
    path.write_bytes(b"".join(CODEC.encode(value, "x").chunks))
    return path


def wide():
    return pd.DataFrame(
        {
            "a": np.arange(ROWS),
            "text": [f"text {k % 7}" for k in range(ROWS)],
            "kind": pd.Categorical.from_codes(np.arange(ROWS) % 3, ["x", "y", "z"]),
            "b": np.linspace(0, 1, ROWS),
        }
    )


@pytest.mark.parametrize("names", [["b", "a"], ["text"], ["kind", "text"], []])
def test_the_columns_asked_for_in_the_order_asked_for(names, tmp_path):
    frame = wide()
    pd.testing.assert_frame_equal(CODEC.columns(stored(frame, tmp_path), names), frame[names])


def test_the_class_stays(tmp_path):
    arrow = pa.table({"a": [1, 2], "b": ["x", None], "c": [1.5, 2.5]})
    assert CODEC.columns(stored(arrow, tmp_path), ["c", "b"]).equals(arrow.select(["c", "b"]))
    polars = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    assert CODEC.columns(stored(polars, tmp_path), ["b"]).equals(polars.select("b"))


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(5, 11, 2, name="i"),
        pd.Index(["u", "v", "w"]),
        pd.MultiIndex.from_tuples([(1, "a"), (1, "b"), (2, "a")], names=["n", "t"]),
    ],
)
def test_the_index_comes_along(index, tmp_path):
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [1.0, 2.0, 3.0], "c": list("xyz")}, index=index)
    pd.testing.assert_frame_equal(CODEC.columns(stored(frame, tmp_path), ["c", "a"]), frame[["c", "a"]])


@pytest.mark.parametrize(
    ("labels", "wanted"),
    [
        ([10, 20, 30], [30, 10]),
        (range(3), [2, 0]),
        ([("a", 1), ("a", 2), ("b", 1)], [("b", 1)]),
        ([None, 1, "x"], ["x", 1]),
    ],
)
def test_labels_that_are_no_text(labels, wanted, tmp_path):
    frame = pd.DataFrame([[1, 2, 3], [4, 5, 6]])
    frame.columns = pd.MultiIndex.from_tuples(labels) if isinstance(labels[0], tuple) else pd.Index(labels)
    found = CODEC.columns(stored(frame, tmp_path), wanted)
    assert list(found.columns) == wanted
    assert found.to_numpy().tolist() == frame[wanted].to_numpy().tolist()


def test_a_repeated_name_is_all_of_its_columns(tmp_path):
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"])
    pd.testing.assert_frame_equal(CODEC.columns(stored(frame, tmp_path), ["a"]), frame[["a"]])


def test_columns_of_any_objects(tmp_path):
    frame = pd.DataFrame({"a": [1, 2], "any": [[1, "x"], {"k": 2}], "t": ["u", "v"]})
    path = stored(frame, tmp_path)
    pd.testing.assert_frame_equal(CODEC.columns(path, ["t", "a"]), frame[["t", "a"]])
    assert CODEC.columns(path, ["any"])["any"].tolist() == [[1, "x"], {"k": 2}]


def test_damage_in_other_columns_is_not_met(tmp_path):
    frame = wide()
    path = stored(frame, tmp_path)
    place, size = next(c for c in layout_of(path)["columns"] if c["name"] == "text")["buffers"][2]
    data = bytearray(path.read_bytes())
    data[place : place + size] = b"\xff" * size
    path.write_bytes(data)
    pd.testing.assert_frame_equal(CODEC.columns(path, ["a", "kind"]), frame[["a", "kind"]])
    with pytest.raises(StoreError) as caught:
        CODEC.columns(path, ["text"])
    assert caught.value.code == "artifact_corrupt"


def test_a_column_that_is_not_there(tmp_path):
    path = stored(wide(), tmp_path)
    with pytest.raises(NotFoundError, match="no column 'txt'") as caught:
        CODEC.columns(path, ["txt"])
    assert caught.value.code == "column_missing"
    assert caught.value.hint == "Did you mean 'text'?"
    with pytest.raises(NotFoundError) as caught:
        CODEC.columns(path, [0])
    assert caught.value.hint == "Its columns are: 'a', 'text', 'kind', 'b'."


@pytest.mark.parametrize("value", [[1, 2], {"a": 1}, np.arange(3)])
def test_what_is_no_table_has_no_columns(value, tmp_path):
    path = stored(value, tmp_path)
    for read in (CODEC.columns, layout_of):
        with pytest.raises(ArtifactError, match="has no columns") as caught:
            read(path, ["a"])
        assert caught.value.code == "not_a_table"


def test_a_layout_of_some_columns(tmp_path):
    frame = wide().set_index("text")
    layout = layout_of(stored(frame, tmp_path), ["b"])
    assert [column["name"] for column in layout["columns"]] == ["b", "__index_level_0__"]
    assert [item["type"] for item in layout["metadata"]["columns"]] == ["float64", "string"]

"""Other libraries open tables directly: pandas by its own key, polars, DuckDB and pyarrow as Arrow IPC."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pytest

from pyflow.codec import PythonCodec
from tests.codec_values import COLUMNS, FRAMES

CODEC = PythonCodec()
# What Arrow's own types or pandas' own convention have no form for: these columns and labels open as other ones.
OTHER_COLUMNS = {"complex128", "string-python", "str-python", "object-ints", "object-floats", "category-object",
                 "category-intervals", "period", "sparse", "arrow-list"}  # fmt: skip
OTHER_FRAMES = {"duplicate-names", "other-names", "category-columns", "period-columns", "period-index"}
# Columns of any objects are no table of Arrow.
NO_TABLES = {"object-mixed", "lists", "dicts", "mixed-index"}

SAME = {
    **{id: pd.DataFrame({"x": value.array, "y": [1, 2, 3]}, index=["a", "b", "c"]) for id, value in COLUMNS.items()
       if id not in OTHER_COLUMNS | NO_TABLES},
    **{id: frame for id, frame in FRAMES.items() if id not in OTHER_FRAMES | NO_TABLES},
    "two-levels-of-kinds": pd.DataFrame(
        {"x": [1, 2]}, index=pd.MultiIndex.from_arrays([pd.date_range("2024", periods=2, tz="UTC"), ["a", None]], names=["t", "s"])
    ),
}  # fmt: skip


@pytest.fixture
def stored(tmp_path):
    def store(value):
        path = tmp_path / "table.arrow"
        path.write_bytes(b"".join(CODEC.encode(value, "x").chunks))
        return path

    return store


@pytest.mark.parametrize("frame", SAME.values(), ids=SAME)
def test_pandas_reads_the_same_frame(frame, stored):
    pd.testing.assert_frame_equal(pd.read_feather(stored(frame)), frame, check_freq=False)


@pytest.mark.parametrize(
    "frame",
    [pd.DataFrame({"x": COLUMNS[id].array}) for id in sorted(OTHER_COLUMNS)]
    + [FRAMES[id] for id in sorted(OTHER_FRAMES)],
    ids=sorted(OTHER_COLUMNS) + sorted(OTHER_FRAMES),
)
def test_the_others_open_too(frame, stored):
    found = pd.read_feather(stored(frame))
    assert found.shape == frame.shape


TABLE = pd.DataFrame(
    {
        "i": pd.array([1, None, 3], dtype="Int64"),
        "x": [1.5, np.nan, -0.0],
        "s": ["a", None, "ü"],
        "b": [True, False, True],
        "d": [dt.date(2024, 1, 1), None, dt.date(2024, 1, 2)],
        "t": pd.date_range("2024", periods=3, tz="Europe/Berlin"),
        "c": pd.Categorical(["u", None, "v"], categories=["v", "u", "w"]),
        "m": [Decimal("1.10"), Decimal("2.50"), None],
    }
)


def test_polars_reads_the_table(stored):
    found = pl.read_ipc(stored(TABLE))
    assert found.columns == list(TABLE.columns)
    assert found["i"].to_list() == [1, None, 3]
    assert found["s"].to_list() == ["a", None, "ü"]
    assert found["c"].to_list() == ["u", None, "v"]
    assert found["t"].dtype == pl.Datetime("us", "Europe/Berlin")
    assert found["m"].to_list() == [Decimal("1.10"), Decimal("2.50"), None]


def test_duckdb_reads_the_table(stored):
    artifact = pa.feather.read_table(stored(TABLE), memory_map=True)
    query = "select i, s, c, d, m, epoch(t) from artifact where b order by i"
    found = duckdb.from_arrow(artifact).query("artifact", query).fetchall()
    assert found == [
        (1, "a", "u", dt.date(2024, 1, 1), Decimal("1.10"), TABLE["t"][0].timestamp()),
        (3, "ü", "v", dt.date(2024, 1, 2), None, TABLE["t"][2].timestamp()),
    ]


def test_pyarrow_reads_the_table(stored):
    found = pa.feather.read_table(stored(TABLE))
    pd.testing.assert_frame_equal(found.to_pandas(), TABLE)
    assert found["c"].type == pa.dictionary(pa.int32(), pa.large_utf8())


def key_of(frame):
    content = b"".join(CODEC.encode(frame, "x").chunks)
    return pa.ipc.open_file(content).schema.metadata.get(b"pandas")


def test_the_key_is_canonical_and_names_no_version():
    text = key_of(TABLE)
    data = json.loads(text)
    assert text.decode() == json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert sorted(data) == ["attributes", "column_indexes", "columns", "index_columns"]
    assert not any(version in text.decode() for version in (pd.__version__, pa.__version__))


def test_only_frames_of_pandas_have_the_key():
    assert key_of(pa.table({"x": [1]})) is None
    assert key_of(pl.DataFrame({"x": [1]})) is None
    assert key_of({"t": TABLE}) is None

"""pyarrow's and polars' values keep their class and their types."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pytest

from pyflow.codec import PythonCodec

CODEC = PythonCodec()
DAY = dt.date(2024, 2, 29)

ARROW = {
    str(array.type): array
    for array in (
        pa.array([1, None], pa.int8()),
        pa.array([True, None]),
        pa.array([1.5, None], pa.float16()),
        pa.array([float("nan"), None]),
        pa.array(["a", None]),
        pa.array(["a", None], pa.large_string()),
        pa.array(["a", None], pa.string_view()),
        pa.array([b"a", None]),
        pa.array([b"ab", None], pa.binary(2)),
        pa.array([DAY, None]),
        pa.array([DAY, None], pa.date64()),
        pa.array([1, None], pa.time32("s")),
        pa.array([1000, None], pa.time64("ns")),
        pa.array([1, None], pa.timestamp("ms", "Asia/Tokyo")),
        pa.array([1, None], pa.duration("ns")),
        pa.array([Decimal("1.10"), None], pa.decimal128(5, 2)),
        pa.array([Decimal("1.10"), None], pa.decimal256(5, 2)),
        pa.array(["a", None, "b"]).dictionary_encode(),
        pa.array([[1], None, []]),
        pa.array([[1], None], pa.large_list(pa.int8())),
        pa.array([[1, 2], None], pa.list_(pa.int32(), 2)),
        pa.array([{"a": 1, "b": [None]}, None]),
        pa.nulls(2),
    )
}
ODD = {
    "time-ns": pa.array([1, None], pa.time64("ns")),
    "map": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
    "decimal256": pa.array([Decimal(10**50)], pa.decimal256(60, 0)),
}
POLARS = {
    str(series.dtype): series
    for series in (
        pl.Series([1, None], dtype=pl.UInt8),
        pl.Series([1.5, None], dtype=pl.Float32),
        pl.Series(["a", None]),
        pl.Series([b"a", None]),
        pl.Series([True, None]),
        pl.Series([DAY, None]),
        pl.Series([dt.datetime(2024, 1, 1), None]),
        pl.Series([dt.datetime(2024, 1, 1), None]).dt.replace_time_zone("Europe/Berlin"),
        pl.Series([dt.timedelta(1), None]),
        pl.Series([dt.time(1, 2), None]),
        pl.Series(["x", None, "y"], dtype=pl.Categorical),
        pl.Series(["x", None], dtype=pl.Enum(["y", "x"])),
        pl.Series([[1], None]),
        pl.Series([{"a": 1, "b": "x"}, {"a": None, "b": None}]),
        pl.Series([Decimal("1.10"), None]),
        pl.Series([None, None]),
    )
}


def through(value):
    encoded = CODEC.encode(value, "x")
    return encoded, CODEC.decode(b"".join(encoded.chunks))


@pytest.mark.parametrize("array", ARROW.values(), ids=ARROW)
def test_an_array_keeps_its_type(array):
    encoded, back = through(array)
    assert encoded.kind == "vector"
    assert back.type == array.type
    assert back.equals(array) or "nan" in str(array)
    assert back.null_count == array.null_count
    assert through(array.slice(1))[1].to_pylist() == array.slice(1).to_pylist()


@pytest.mark.parametrize("array", ARROW.values(), ids=ARROW)
def test_a_table_keeps_its_schema(array):
    field = pa.field("x", array.type, metadata={"unit": "m"})
    table = pa.table([array], schema=pa.schema([field], metadata={"made": "by hand"}))
    encoded, back = through(table)
    assert encoded.kind == "table"
    assert back.schema.equals(table.schema, check_metadata=True)
    assert back.to_pylist() == table.to_pylist() or "nan" in str(array)


@pytest.mark.parametrize("array", ODD.values(), ids=ODD)
def test_a_type_that_the_format_lacks_is_kept_as_an_object(array):
    encoded, back = through(array)
    assert encoded.kind == "native"
    assert back.equals(array)
    encoded, back = through({"t": pa.table({"x": array})})
    assert back["t"].equals(pa.table({"x": array}))


def test_chunks_batches_and_empty_tables():
    chunked = pa.chunked_array([[1], [2, None]])
    assert through(chunked)[1].equals(chunked)
    batch = pa.record_batch({"a": [1, 2]})
    back = through(batch)[1]
    assert isinstance(back, pa.RecordBatch)
    assert back.equals(batch)
    for table in (pa.table({}), pa.table({"a": pa.chunked_array([], pa.string())})):
        assert through(table)[1].equals(table)


def test_a_field_that_may_not_be_null_stays_so():
    table = pa.table([[1]], schema=pa.schema([pa.field("x", pa.int64(), nullable=False)]))
    assert not through(table)[1].schema.field("x").nullable


@pytest.mark.parametrize("series", POLARS.values(), ids=POLARS)
def test_polars_keeps_its_types(series):
    back = through(series.alias("s"))[1]
    assert (back.dtype, back.name) == (series.dtype, "s")
    assert back.equals(series, null_equal=True)
    frame = pl.DataFrame({"x": series, "y": range(len(series))})
    encoded, again = through(frame)
    assert again.schema == frame.schema
    assert again.equals(frame)
    assert encoded.type == "polars.DataFrame"


def test_a_polars_frame_is_found_in_a_list():
    frame = pl.DataFrame({"x": [1]})
    assert through([frame, {"a": frame}])[1][1]["a"].equals(frame)

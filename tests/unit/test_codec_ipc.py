"""The file: what is refused, and what it costs to be large."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pyflow.codec import PythonCodec, ipc
from pyflow.spec.errors import StoreError

CODEC = PythonCodec()


def test_a_file_has_one_batch_and_canonical_metadata():
    data = b"".join(CODEC.encode({"b": 1, "a": [2.5]}, "x").chunks)
    reader = pa.ipc.open_file(data)
    text = reader.schema.metadata[b"pyflow"].decode()
    assert reader.num_record_batches == 1
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert set(reader.schema.metadata) == {b"pyflow"}


def test_any_arrow_reader_reads_a_table():
    frame = pd.DataFrame({"x": [1.5, np.nan], "s": ["a", None]})
    table = pa.ipc.open_file(b"".join(CODEC.encode(frame, "x").chunks)).read_all()
    assert table.column("s").to_pylist() == ["a", None]
    assert table.column("x").null_count == 0


@pytest.mark.parametrize("rows", [10, 100_000])
def test_equal_values_give_equal_bytes_and_small_ones_one_chunk(rows):
    frame = pd.DataFrame({"x": np.arange(float(rows)), "s": ["some text"] * rows, "b": np.arange(rows) % 3 == 0})
    first, second = (CODEC.encode(frame, "x").chunks for _ in range(2))
    assert rows > 10 or len(first) == 1
    assert b"".join(first) == b"".join(second)
    assert CODEC.decode(b"".join(first)).equals(frame)
    assert pa.ipc.open_file(b"".join(first)).read_all().num_rows == rows


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"nothing\.arrow: No such file") as caught:
        CODEC.decode(tmp_path / "nothing.arrow")
    assert caught.value.code == "blob_missing"


@pytest.mark.parametrize(
    ("version", "code"),
    [(2, "artifact_version"), (0, "artifact_corrupt"), ("1", "artifact_corrupt"), (True, "artifact_corrupt")],
)
def test_versions(version, code):
    with pytest.raises(StoreError) as caught:
        ipc.check_version(version)
    assert caught.value.code == code


def test_a_newer_file_says_what_to_do():
    with pytest.raises(StoreError) as caught:
        ipc.check_version(7)
    assert str(caught.value) == (
        "this artifact has format version 7; this pyflow reads up to 1\n"
        "Update pyflow (pip install -U pyflow-rflow) to read it."
    )

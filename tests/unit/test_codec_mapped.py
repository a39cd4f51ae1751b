"""Whether a value still is what its file holds: seen from the pages, and by comparing bytes where that cannot be."""

from __future__ import annotations

import mmap
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from pyflow.codec import PythonCodec, arrays, mapped

CODEC = PythonCodec()
ROWS = 200_000


@pytest.fixture(params=["pages", "bytes"])
def way(request, monkeypatch):
    """With the kernel's page table, and where it cannot be read."""
    if request.param == "pages" and not sys.platform.startswith("linux"):
        pytest.skip("this system has no /proc/self/pagemap")
    if request.param == "bytes":
        monkeypatch.setattr(mapped, "_untouched", lambda view: False)
    return request.param


def stored(value, folder):
    path = folder / "value.arrow"
    path.write_bytes(b"".join(CODEC.encode(value, "x").chunks))
    return path


def unchanged(value, path):
    return CODEC.unchanged(CODEC.encode(value, "x"), path, "x")


def numbers():
    return pd.DataFrame(
        {"x": np.arange(float(ROWS)), "n": np.arange(ROWS), "t": [f"text {k % 9}" for k in range(ROWS)]}
    )


def test_a_value_that_was_only_read(way, tmp_path):
    path = stored(numbers(), tmp_path)
    value = CODEC.decode(path)
    assert value["x"].sum() == ROWS * (ROWS - 1) / 2
    assert unchanged(value, path)


def set_a_cell(frame):
    frame.loc[ROWS // 2, "x"] = -1.0


def replace_a_column(frame):
    frame["x"] = frame["x"] + 1


def rename_a_column(frame):
    frame.columns = ["x", "m", "t"]


def change_a_text(frame):
    frame.loc[3, "t"] = "other"


def add_a_column(frame):
    frame["new"] = 0


@pytest.mark.parametrize(
    "change", [set_a_cell, replace_a_column, rename_a_column, change_a_text, add_a_column], ids=lambda f: f.__name__
)
def test_a_change_in_place(way, change, tmp_path):
    path = stored(numbers(), tmp_path)
    value = CODEC.decode(path)
    change(value)
    assert not unchanged(value, path)
    pd.testing.assert_frame_equal(CODEC.decode(path), numbers())


def test_a_change_that_was_taken_back(way, tmp_path):
    path = stored(numbers(), tmp_path)
    value = CODEC.decode(path)
    set_a_cell(value)
    value.loc[ROWS // 2, "x"] = float(ROWS // 2)
    assert unchanged(value, path)


def test_an_array_that_is_written_to(way, tmp_path):
    path = stored({"a": np.arange(ROWS), "b": np.ones(ROWS)}, tmp_path)
    value = CODEC.decode(path)
    assert unchanged(value, path)
    value["b"][5] = 2
    assert not unchanged(value, path)
    assert CODEC.decode(path)["b"][5] == 1


def test_equal_columns_are_not_exchanged(way, tmp_path):
    path = stored({"a": np.arange(ROWS), "b": np.arange(ROWS) + 1}, tmp_path)
    value = CODEC.decode(path)
    value["a"], value["b"] = value["b"], value["a"]
    assert not unchanged(value, path)


def with_missing():
    """Numbers, instants and durations as R steps leave them, every hundredth missing."""
    x, ticks = np.arange(float(ROWS)), np.arange(ROWS)
    x.view(np.uint64)[::100] = arrays.NA_BITS
    ticks[::100] = np.iinfo(np.int64).min
    return pd.DataFrame({"x": x, "at": ticks.view("M8[us]"), "for": ticks.view("m8[us]")})


@pytest.mark.parametrize("table", [numbers()[["x", "n"]], with_missing()], ids=["all there", "some missing"])
def test_what_lies_in_the_file_is_not_looked_at(table, tmp_path, monkeypatch):
    """100 tasks that read one table do not compare it 100 times, nor have a copy of it each."""
    if not sys.platform.startswith("linux"):
        pytest.skip("this system has no /proc/self/pagemap")
    path = stored(table, tmp_path)
    value = CODEC.decode(path)
    pd.testing.assert_frame_equal(value, table)
    compared = []
    monkeypatch.setattr(mapped, "_equal", lambda left, right: compared.append(len(left)) or True)
    assert unchanged(value, path)
    # The validity of three columns, a bit for each value.
    assert sum(compared) < 10_000 + 3 * ROWS / 8


@pytest.mark.parametrize("under", [0, 7, 2**64 - 1])
def test_what_is_missing_is_said_by_the_validity_alone(under, tmp_path):
    """A file of another writer may have anything under a null."""
    path = stored(with_missing(), tmp_path)
    data = bytearray(path.read_bytes())
    words = np.frombuffer(data, np.uint64, len(data) // 8)
    marks = (words == arrays.NA_BITS) | (words == np.uint64(1 << 63))
    assert marks.sum() == 3 * ROWS // 100
    words[marks] = under
    path.write_bytes(data)
    value = CODEC.decode(path)
    assert value["x"].to_numpy().tobytes() == with_missing()["x"].to_numpy().tobytes()
    pd.testing.assert_frame_equal(value, with_missing())


def test_writing_does_not_copy_what_needs_no_change():
    frame = pd.DataFrame({"x": np.arange(float(ROWS))})
    chunks = CODEC.encode(frame, "x").chunks
    address = frame["x"].to_numpy().__array_interface__["data"][0]
    assert address in [np.frombuffer(chunk, np.uint8).__array_interface__["data"][0] for chunk in chunks]


def test_chunks_of_any_size_are_compared():
    data = bytes(range(256)) * 2000
    cut = [data[:1], b"", data[1:70_000], data[70_000:]]
    assert mapped.same_bytes([data], cut)
    assert mapped.same_bytes(cut, [data[:5], data[5:]])
    assert not mapped.same_bytes([data], [data[:-1]])
    assert not mapped.same_bytes([data], [data[:-1], b"\0"])
    assert mapped.same_bytes([], [b""])


def test_a_mapping_ends_with_its_last_array(tmp_path):
    path = stored(pd.DataFrame({"x": np.arange(float(ROWS))}), tmp_path)
    before = len(mapped._places)
    value = CODEC.decode(path)
    assert len(mapped._places) == before + 1
    assert isinstance(next(reversed(list(mapped._places))), mmap.mmap)
    del value
    assert len(mapped._places) == before


MEMORY = """
import sys
from pathlib import Path
from pyflow.codec import PythonCodec

def own():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:"))

codec, path = PythonCodec(), Path(sys.argv[1])
codec.unchanged(codec.encode(codec.decode(path), "x"), path, "x")
before = own()
value = codec.decode(path)
value["x"].sum(), value["t"].iloc[7]
assert codec.unchanged(codec.encode(value, "x"), path, "x")
print(own() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc/self/smaps_rollup")
def test_reading_and_checking_a_large_table_takes_no_memory_of_its_own(tmp_path):
    rows = 4_000_000
    frame = pd.DataFrame({"x": np.arange(float(rows)), "t": pd.array(["some text"] * rows, dtype="str")})
    path = stored(frame, tmp_path)
    assert path.stat().st_size > 90_000_000
    done = subprocess.run([sys.executable, "-c", MEMORY, str(path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 8_000, f"{done.stdout} kB for a table of {path.stat().st_size} bytes"

"""Values beyond the limits of 32 bits: `pytest tests/slow` (some minutes, 4 GB of memory and of disk).

Most of the large files are sparse: what nobody wrote takes no room, and what nobody reads no memory.
"""

import json
import resource

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute
import pytest

from pyflow.codec import PythonCodec
from pyflow.codec.layout import from_layout

CODEC = PythonCodec()
ROWS = 2**31 + 1
PAGE = 4096
MEMORY = 400 << 20


def write(path, chunks):
    """The file, sparse where a chunk is large: of such only the ends are written, because between them are zeros."""
    with path.open("wb") as file:
        for chunk in map(memoryview, chunks):
            chunk = chunk.cast("B")
            if chunk.nbytes < 1 << 24:
                file.write(chunk)
                continue
            file.write(chunk[:PAGE])
            file.seek(chunk.nbytes - 2 * PAGE, 1)
            file.write(chunk[-PAGE:])
    return path


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.fixture
def zeros():
    """Float64 zeros but for both ends; only what is not zero takes memory."""
    values = np.zeros(ROWS)
    values[0], values[-1] = 1.5, 2.5
    return values


def test_a_vector_of_more_than_2_31_numbers(zeros, tmp_path, ask_r):
    before = peak()
    path = write(tmp_path / "vector.arrow", CODEC.encode(zeros, "x").chunks)
    back = CODEC.decode(path)
    assert (len(back), back[0], back[-1]) == (ROWS, 1.5, 2.5)
    assert CODEC.describe(path).kind == "vector"
    assert peak() - before < MEMORY
    code = "c(sprintf('%.0f', length(x)), x[1], x[length(x)], x[2^31], memory() - before)"
    length, first, last, middle, grown = ask_r(code, path)
    assert (length, first, last, middle) == (str(ROWS), "1.5", "2.5", "0")
    assert float(grown) < MEMORY


def test_a_table_of_more_than_2_31_rows(zeros, tmp_path, ask_r):
    """Python reads it; R has no data frame of that size and says so."""
    path = write(tmp_path / "table.arrow", CODEC.encode(pd.DataFrame({"a": zeros}, copy=False), "x").chunks)
    back = CODEC.decode(path)
    assert back.shape == (ROWS, 1)
    assert back["a"].iloc[-1] == 2.5
    classes = ask_r("class(x)", path)
    assert "rflow_error_artifact_unsupported" in classes


def test_text_of_more_than_2_gb(tmp_path, ask_r):
    """In one column; one text alone may have 2^31 - 1 bytes in R."""
    ends = np.array([0, 2**30, 2**31, 2**31 + 3], np.int64)
    data = np.full(ends[-1], ord("a"), np.uint8)
    data[-3:] = np.frombuffer(b"end", np.uint8)
    column = pa.Array.from_buffers(pa.large_utf8(), 3, [None, pa.py_buffer(ends), pa.py_buffer(data)])
    path = tmp_path / "text.arrow"
    with path.open("wb") as file:
        file.writelines(CODEC.encode(pa.table({"a": column}), "x").chunks)
    del data, column
    back = CODEC.decode(path)
    assert pa.compute.binary_length(back["a"]).to_pylist() == [2**30, 2**30, 3]
    assert back["a"][2].as_py() == "end"
    assert ask_r("c(length(x$a), nchar(x$a[3]), x$a[3], nchar(x$a[2], 'bytes'))", path) == ["3", "3", "end", str(2**30)]


def test_one_text_of_more_than_2_gb_is_refused_by_r(tmp_path, ask_r):
    ends = np.array([0, 2**31], np.int64)
    data = np.full(ends[-1], ord("a"), np.uint8)
    column = pa.Array.from_buffers(pa.large_utf8(), 1, [None, pa.py_buffer(ends), pa.py_buffer(data)])
    path = tmp_path / "text.arrow"
    with path.open("wb") as file:
        file.writelines(CODEC.encode(column, "x").chunks)
    assert "rflow_error_artifact_unsupported" in ask_r("class(x)", path)


def test_r_writes_more_than_2_gb(tmp_path, ask_r):
    """Raw bytes longer than 2^31, and text of more than 2 GB in one vector."""
    code = """
    write <- function(value, name) {
      layout <- rflow:::values_write(value, file.path(getwd(), name))$layout
      writeLines(.Call(rflow:::rflow_json, layout), paste0(name, ".json"))
    }
    bytes <- raw(2^31 + 1)
    bytes[length(bytes)] <- as.raw(7)
    write(bytes, "bytes")
    rm(bytes)
    gc()
    write(c(strrep("a", 2^30), strrep("b", 2^30), "end"), "texts")
    "done"
    """
    assert ask_r(code)[-1] == "done"
    back = CODEC.decode(_stored(tmp_path, "bytes"))
    assert (len(back), back[:1], back[-1:]) == (ROWS, b"\0", b"\7")
    del back
    back = CODEC.decode(_stored(tmp_path, "texts"))
    assert [len(text) for text in back] == [2**30, 2**30, 3]
    assert (back[0][-1], back[1][0], back[2]) == ("a", "b", "end")


def _stored(folder, name):
    path = folder / f"{name}.arrow"
    with path.open("wb") as file:
        file.writelines(from_layout(json.loads((folder / f"{name}.json").read_text("utf-8"))).chunks)
    (folder / name).unlink()
    return path

"""Damaged and hostile artifacts end as a typed error, in bounded time and memory, and never end the process."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pyflow.client import Artifact, catalog
from pyflow.codec import PythonCodec
from pyflow.spec.errors import ArtifactError, StoreError
from pyflow.store import open_store
from tests.properties import fuzz
from tests.properties.damage import WAYS, damaged, remade
from tests.written import FLOW, WrittenStore

CODEC = PythonCodec()
EXAMPLES = 150


def test_python_survives_damage(tmp_path):
    findings, ends = fuzz.in_python(0, EXAMPLES, tmp_path)
    assert findings == []
    assert ends["artifact_corrupt"] > EXAMPLES // 2


def test_r_survives_damage(tmp_path, rlib):
    findings, ends = fuzz.in_r(0, EXAMPLES, tmp_path)
    assert findings == []
    assert ends["layout_invalid"] > 0
    assert ends["artifact_corrupt"] > 0


def test_every_way_of_damage_is_tried():
    data = b"".join(CODEC.encode({"a": [1, "x"]}, "x").chunks)
    ways = {damaged(data, number)[0] for number in range(EXAMPLES)}
    assert ways == {*WAYS}
    assert damaged(data, 3) == damaged(data, 3)


def test_the_reader_tells_untyped_errors_and_memory(tmp_path):
    """The fuzzer itself: what goes wrong in the reading process is found out."""
    reader = fuzz.Reader(tmp_path)
    assert reader.read(b"ARROW1") == []
    reader.process.kill()
    assert reader.read(b"ARROW1") == ["the reader ended with -9"]
    assert reader.read(b"ARROW1") == []
    reader.close()


@pytest.fixture
def written(tmp_path):
    catalog._opened.cache_clear()
    store = WrittenStore(tmp_path)
    store.begin("1")
    store.task("1", "start", "1", table=pd.DataFrame({"x": np.arange(50_000.0), "y": "a"}), small=[1, 2])
    store.task("1", "end", "2")
    store.end("1")
    yield store
    store.close()


@pytest.mark.parametrize("name", ["table", "small"])
@pytest.mark.parametrize("place", [0, 100, -1])
def test_whatever_is_damaged_the_client_says_where(written, name, place):
    artifact = Artifact(f"{FLOW}/1/start/1/{name}")
    path = artifact.path
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        Artifact(f"{FLOW}/1/start/1/{name}").data  # noqa: B018
    assert caught.value.code == "artifact_corrupt"
    for part in (artifact.digest, str(path), f"{FLOW}/1/start/1/{name}"):
        assert part in str(caught.value)


def test_a_blob_of_another_format_is_named(written):
    """Its digest is right, but it is no artifact."""
    digest, _ = written.blobs.put([b"ARROW1 and nothing more"])
    with pytest.raises(StoreError, match=digest) as caught:
        CODEC.decode(written.blobs.get(digest))
    assert caught.value.code == "artifact_corrupt"


def test_a_damaged_blob_is_written_anew_by_the_same_value(written):
    artifact = Artifact(f"{FLOW}/1/start/1/table")
    path = artifact.path
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1])
    store = open_store({"type": "local", "root": str(written.root)})
    assert store.put(CODEC.encode(table(), "table").chunks)[0] == artifact.digest
    assert Artifact(f"{FLOW}/1/start/1/table").data.equals(table())


def table():
    return pd.DataFrame({"x": np.arange(50_000.0), "y": "a"})


@pytest.mark.parametrize("length", [2**24 + 1, 2**40])
def test_missing_values_of_no_type_ask_for_no_memory(length):
    """They take no bytes in a file: a short one could ask for terabytes. Neither read nor written."""
    nulls = pa.Array.from_buffers(pa.null(), length, [None], length)
    with pytest.raises(ArtifactError) as refused:
        CODEC.encode(nulls, "x")
    assert refused.value.code == "artifact_unsupported"
    assert str(length) in str(refused.value)
    few = b"".join(CODEC.encode(pa.nulls(3), "x").chunks)
    with pytest.raises(StoreError) as caught:
        CODEC.decode(remade(few, lambda batch, meta: (batch.set_column(1, "p0", _one_row(nulls)), meta)))
    assert caught.value.code == "artifact_corrupt"
    assert str(length) in str(caught.value)


def test_missing_values_beside_others_may_be_many():
    table = pa.table({"a": pa.nulls(2**24 + 8), "b": pa.array(np.zeros(2**24 + 8, bool))})
    assert CODEC.decode(b"".join(CODEC.encode(table, "x").chunks)).equals(table)


def _one_row(items):
    offsets = pa.py_buffer((0).to_bytes(8, "little") + len(items).to_bytes(8, "little"))
    return pa.Array.from_buffers(pa.large_list(items.type), 1, [None, offsets], children=[items])


def test_metadata_of_a_table_that_lie():
    """The parts of a table contradict each other: an error, not a table of another shape."""
    data = b"".join(CODEC.encode(pd.DataFrame({"a": [1, 2]}), "x").chunks)
    for wrong in (
        {"rows": 3},
        {"columns": [{"type": "float64"}]},
        {"columns": []},
        {"index": {"kind": "columns", "count": 9, "names": []}},
    ):
        lying = remade(data, lambda batch, meta, wrong=wrong: (batch, {**meta, **wrong}))
        with pytest.raises(StoreError) as caught:
            CODEC.decode(lying)
        assert caught.value.code == "artifact_corrupt"

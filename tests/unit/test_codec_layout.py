"""Layouts: where the buffers lie, and artifacts from buffers that another program wrote."""

from __future__ import annotations

import copy
import json

import jsonschema
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflow.codec import PythonCodec, layout
from pyflow.spec.errors import StoreError
from tests.codec_values import ARRAYS, COLUMNS, CONTAINERS, FRAMES, SCALARS
from tests.conformance.vectors import SPEC

CODEC = PythonCodec()
SCHEMA = json.loads((SPEC / "artifact.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator({**SCHEMA, "$ref": "#/$defs/layout"})
ALL = {**SCALARS, **CONTAINERS, **ARRAYS, **FRAMES, **COLUMNS}


@pytest.fixture
def written(tmp_path):
    def write(value):
        path = tmp_path / "value.arrow"
        path.write_bytes(b"".join(CODEC.encode(value, "x").chunks))
        return path, layout.layout_of(path)

    return write


def values_of(path, column):
    """The bytes of each buffer of a column, by the layout alone."""
    content = path.read_bytes()
    return [None if place is None else content[place[0] : place[0] + place[1]] for place in column["buffers"]]


def test_buffers_are_where_the_layout_says(written):
    frame = pd.DataFrame({"x": [1.5, 2.5], "b": [True, False], "s": ["ab", None], "c": pd.Categorical(["u", None])})
    path, found = written(frame)
    x, b, s, c = found["columns"]
    assert (found["rows"], found["size"], found["path"]) == (2, path.stat().st_size, str(path))
    assert [column["format"] for column in found["columns"]] == ["float64", "bool", "large_utf8", "dictionary"]
    assert values_of(path, x) == [None, np.array([1.5, 2.5]).tobytes()]
    assert values_of(path, b) == [None, b"\x01"]
    assert values_of(path, s) == [b"\x01", np.array([0, 2, 2], "i8").tobytes(), b"ab"]
    assert s["nulls"] == 1
    assert values_of(path, c) == [b"\x01", np.array([0, 0], "i4").tobytes()]
    assert values_of(path, c["dictionary"])[2] == b"u"
    assert all(place[0] % 8 == 0 for column in found["columns"] for place in column["buffers"] if place)


@pytest.mark.parametrize("value", ALL.values(), ids=ALL)
def test_a_layout_gives_the_same_artifact_back(value, written):
    path, found = written(value)
    assert list(VALIDATOR.iter_errors(json.loads(json.dumps(found)))) == []
    encoded = layout.from_layout(json.loads(json.dumps(found)))
    assert b"".join(encoded.chunks) == without_pandas(path.read_bytes())
    assert encoded.kind == found["metadata"]["kind"]


def without_pandas(content):
    """The artifact without the key of its schema that is only for readers that know pandas."""
    batch = pa.ipc.open_file(content).get_batch(0)
    keys = {key: value for key, value in batch.schema.metadata.items() if key != b"pandas"}
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, batch.schema.with_metadata(keys)) as writer:
        writer.write_batch(batch.replace_schema_metadata(keys))
    return sink.getvalue().to_pybytes()


def test_what_the_writer_says_of_a_value_is_taken_over(written):
    _, found = written(5)
    encoded = layout.from_layout({**found, "type": "integer", "preview": "5L"})
    assert (encoded.type, encoded.preview) == ("integer", "5L")
    encoded = layout.from_layout(found)
    assert (encoded.type, encoded.preview) == ("int", "5")


def test_what_is_not_canonical_becomes_it(tmp_path):
    """Junk under a null, offsets that begin later, a validity without a null, buffers that are too long."""
    path = tmp_path / "scratch"
    content = bytearray(512)
    content[0:8] = b"\xfd" + b"\xff" * 7
    content[64:96] = np.array([1.0, 99.0, 3.0, 77.0]).tobytes()
    content[128:136] = b"\xff" * 8
    content[192:224] = np.array([2, 3, 3, 5], "i8").tobytes()
    content[256:264] = b"zzabczzz"
    path.write_bytes(content)
    columns = [
        {"name": "x", "format": "float64", "length": 3, "nulls": 1, "buffers": [[0, 8], [64, 32]], "children": []},
        {"name": "s", "format": "large_utf8", "length": 3, "nulls": 0, "buffers": [[128, 8], [192, 32], [256, 8]]},
    ]
    meta = {
        "version": 1,
        "kind": "table",
        "form": "table",
        "rows": 3,
        "columns": [{"type": "float64"}, {"type": "string"}],
    }
    encoded = layout.from_layout({"version": 1, "path": str(path), "rows": 3, "metadata": meta, "columns": columns})
    again = {"version": 1, "path": str(path), "rows": 3, "metadata": meta, "columns": copy.deepcopy(columns)}
    content[72:80] = bytes(8)
    path.write_bytes(content)
    assert b"".join(layout.from_layout(again).chunks) == b"".join(encoded.chunks)
    table = pa.ipc.open_file(b"".join(encoded.chunks)).read_all()
    assert table.to_pydict() == {"x": [1.0, None, 3.0], "s": ["a", "", "bc"]}


BASE = pd.DataFrame({"x": [1, 2, 3], "s": ["a", "b", None], "c": pd.Categorical(["u", "v", "u"])})


def entry(found, path):
    for key in path:
        found = found[key]
    return found


@pytest.mark.parametrize(
    ("place", "value", "named"),
    [
        (["columns", 0, "buffers", 1], [10**9, 24], "lies outside of the file"),
        (["columns", 0, "buffers", 1, 0], 3, "no multiple of 8"),
        (["columns", 0, "buffers", 1, 1], 16, "needed"),
        (["columns", 0, "buffers", 1], None, "needed"),
        (["columns", 0, "buffers"], [None], "1 buffers"),
        (["columns", 0, "length"], -1, "length is -1"),
        (["columns", 0, "length"], 2, "rows"),
        (["columns", 0, "length"], 2**63, "length is"),
        (["columns", 0, "format"], "int128", "unknown format 'int128'"),
        (["columns", 0, "format"], "float64", "has the type double instead of int64"),
        (["columns", 0, "nulls"], 1, "has 0 nulls, but says 1"),
        (["columns", 1, "nulls"], 0, "has 1 nulls, but says 0"),
        (["columns", 1, "buffers", 2, 1], 1, "go beyond its 1 bytes"),
        (["columns", 2, "dictionary", "length"], 1, "codes outside of its 1 levels"),
        (["columns", 2, "dictionary"], None, "TypeError"),
        (["columns"], [], "describes 3 columns"),
        (["rows"], 7, "not all 7 rows"),
        (["metadata", "kind"], "list", "kind is 'list'"),
        (["metadata", "form"], "tree", "KeyError"),
        (["metadata", "columns", 0], {"type": "int65"}, "unknown logical type 'int65'"),
        (["metadata", "rows"], 2, "2 rows"),
        (["metadata"], None, "AttributeError"),
        (["path"], "/nowhere/at/all", "FileNotFoundError"),
        (["version"], "1", "format version is '1'"),
    ],
)
def test_a_wrong_layout_is_refused(place, value, named, written):
    _, found = written(BASE)
    entry(found, place[:-1])[place[-1]] = value
    with pytest.raises(StoreError) as caught:
        layout.from_layout(found)
    assert caught.value.code == "layout_invalid"
    assert named in str(caught.value)


def test_a_newer_layout_is_refused(written):
    _, found = written(BASE)
    with pytest.raises(StoreError) as caught:
        layout.from_layout({**found, "version": 2})
    assert caught.value.code == "artifact_version"


@pytest.mark.parametrize(
    ("column", "buffer", "content", "named"),
    [
        (1, 1, np.array([0, 2, 1, 2], "i8").tobytes(), "do not go up"),
        (1, 1, np.array([-1, 1, 1, 2], "i8").tobytes(), "do not go up"),
        (1, 2, b"\xff\xfe", "UTF8"),
        (2, 1, np.array([0, 5, 0], "i4").tobytes(), "codes outside of its 2 levels"),
        (2, 1, np.array([0, -5, 0], "i4").tobytes(), "codes outside of its 2 levels"),
    ],
)
def test_wrong_buffers_are_refused(column, buffer, content, named, written):
    path, found = written(BASE)
    start, _ = found["columns"][column]["buffers"][buffer]
    damaged = bytearray(path.read_bytes())
    damaged[start : start + len(content)] = content
    path.write_bytes(damaged)
    with pytest.raises(StoreError, match=named) as caught:
        layout.from_layout(found)
    assert caught.value.code == "layout_invalid"


def test_a_truncated_scratch_file_is_refused(written):
    path, found = written(np.arange(1000))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(StoreError, match="outside of the file"):
        layout.from_layout(found)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_damage_to_a_layout_is_a_crash(tmp_path_factory, draw):
    path = tmp_path_factory.mktemp("layout") / "value.arrow"
    value = draw.draw(st.sampled_from([BASE, {"a": [1, "x", None, {"b": 2.5}]}, np.arange(4.0).reshape(2, 2)]))
    path.write_bytes(b"".join(CODEC.encode(value, "x").chunks))
    found = layout.layout_of(path)
    numbers = [place for place in places(found) if isinstance(entry(found, place), int)]
    for _ in range(draw.draw(st.integers(1, 3))):
        place = draw.draw(st.sampled_from(numbers))
        entry(found, place[:-1])[place[-1]] = draw.draw(st.integers(-(2**70), 2**70) | st.integers(0, 64))
    damaged = bytearray(path.read_bytes())
    start = draw.draw(st.integers(0, len(damaged) - 1))
    noise = draw.draw(st.binary(max_size=16))
    damaged[start : start + len(noise)] = noise
    path.write_bytes(damaged)
    try:
        CODEC.decode(b"".join(layout.from_layout(found).chunks))
    except StoreError as error:
        assert error.code in ("layout_invalid", "artifact_version", "artifact_corrupt")


def places(found, start=()):
    pairs = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, value in pairs:
        yield (*start, key)
        yield from places(value, (*start, key))

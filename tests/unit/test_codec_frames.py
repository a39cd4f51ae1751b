"""Columns that other languages make: vectors and tables in the cells of a table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pyflow.codec import PythonCodec
from tests.conformance.artifact_files import good_file

CODEC = PythonCodec()
TEXT = {"type": "string"}
WHOLE = {"type": "int32"}


def read(tree):
    found = []
    value = CODEC.decode(good_file(tree), "x", found.append)
    return value, [text.rpartition("(")[2].rstrip(")") for text in found]


def column(logical, *values):
    return {"rows": len(values), "columns": [{"name": "c", "logical": logical, "values": list(values)}]}


def test_cells_that_are_vectors_are_lists_and_go_back_as_vectors():
    frame, announced = read(column({"type": "list", "item": WHOLE}, ["1", None], None, []))
    assert announced == []
    assert frame["c"].dtype == pd.ArrowDtype(pa.large_list(pa.int32()))
    assert frame["c"][0] == [1, None]
    assert pd.isna(frame["c"][1])
    again = pa.ipc.open_file(b"".join(CODEC.encode(frame, "x").chunks)).read_all()
    assert again["c"].type == pa.large_list(pa.int32())
    assert again["c"].to_pylist() == [[1, None], None, []]


def test_nested_tables_are_dicts_and_go_back_as_tables():
    logical = {"type": "struct", "fields": [["p", WHOLE], ["q", {"type": "list", "item": TEXT}]]}
    frame, announced = read(column(logical, {"p": "1", "q": ["a"]}, {"p": None, "q": None}))
    assert announced == []
    assert frame["c"].tolist() == [{"p": 1, "q": ["a"]}, {"p": None, "q": None}]
    again = pa.ipc.open_file(b"".join(CODEC.encode(frame, "x").chunks)).read_all()
    assert again["c"].to_pylist() == frame["c"].tolist()


@pytest.mark.parametrize("kind", ["complex128", "bigint"])
def test_what_arrow_has_no_values_for_is_objects(kind):
    shown = {"complex128": "1.0 2.0", "bigint": "5"}[kind]
    frame, _ = read(column({"type": "list", "item": {"type": kind}}, [shown]))
    assert frame["c"][0] == [complex(1, 2) if kind == "complex128" else 5]


def test_nested_names_that_repeat_keep_all_values():
    logical = {"type": "struct", "fields": [["p", WHOLE], ["p", TEXT]]}
    content = good_file(column(logical))
    batch = pa.ipc.open_file(content).get_batch(0)
    cells = pa.StructArray.from_arrays(
        [pa.array([1, 2], pa.int32()), pa.array(["a", None], pa.large_utf8())], ["p", "p"]
    )
    meta = batch.schema.metadata[b"pyflow"].replace(b'"rows":0', b'"rows":2')
    schema = pa.schema([pa.field("c", cells.type)], metadata={b"pyflow": meta})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays([cells], schema=schema))
    found = []
    frame = CODEC.decode(sink.getvalue().to_pybytes(), "x", found.append)
    assert frame["c"].tolist() == [[("p", 1), ("p", "a")], [("p", 2), ("p", None)]]
    assert [text.rpartition("(")[2] for text in found] == ["names_repeated)", "missing_as_none)"]


def test_what_is_missing_in_a_nested_tree_table_is_none_and_numbers_stay_numbers():
    def child(name, type, *values):
        return {"name": name, "type": "vector", "logical": {"type": type}, "values": list(values)}

    inner = {"type": "table", "name": "n", "attr": {"rows": 2}, "children": [
        child("s", "string", "a", None), child("i", "int32", None, "2"), child("x", "float64", "nan", "1.5")]}  # fmt: skip
    mixed = {"type": "list", "name": "m", "children": [{"type": "null"}, {"type": "null"}]}
    frame, _ = read({"type": "table", "attr": {"rows": 2}, "children": [inner, mixed]})
    first, second = frame["n"]
    assert (first["s"], first["i"], second["s"], second["i"], second["x"]) == ("a", None, None, 2, 1.5)
    assert np.isnan(first["x"])

"""What reading in Python announces: what is said, of which artifact and place, and how often."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pandas as pd
import pytest
import pytz

import pyflow
from pyflow.codec import PythonCodec, notes, scalars
from pyflow.codec.native import NativeProxy
from tests.conformance.artifact_files import good_file

CODEC = PythonCodec()


def leaf(kind, type, *values, **more):
    return {"type": kind, "logical": {"type": type}, "values": list(values), **more}


NA = leaf("scalar", "string", None)


def texts(tree, name="x"):
    found = []
    CODEC.decode(good_file(tree), name, found.append)
    return found


def test_the_text_names_artifact_place_loss_way_out_and_code():
    tree = {"type": "dict", "children": [{**NA, "name": "a"}]}
    assert texts(tree, "genre") == [
        "genre['a'] is a missing string of R; in Python it is None; store a value that says that it is missing, "
        "if R is to read it as NA again (missing_as_none)"
    ]


def test_one_text_for_each_code_however_many_places():
    tree = {"type": "list", "children": [NA, {"type": "list", "children": [NA, NA]}, leaf("scalar", "int32", None)]}
    [text] = texts(tree)
    assert text.startswith("x[0] is a missing string of R; in Python it is None (and 3 more places);")


def test_places_do_not_name_what_only_the_file_has():
    about = {"type": "dict", "children": [{**leaf("scalar", "string", "m"), "name": "unit"}]}
    inner = {"type": "attributes", "children": [leaf("vector", "int32", "1"), about]}
    outer = {"type": "attributes", "children": [{"type": "list", "children": [inner]}, about]}
    [text] = texts(outer)
    assert text.startswith("x has attributes of R that have no place in Python (unit) (and 1 more place);")


def test_a_named_list_whose_names_repeat_keeps_all_its_items():
    tree = {
        "type": "dict",
        "children": [{**leaf("scalar", "float64", v), "name": n} for n, v in (("a", "1.0"), ("a", "2.0"))],
    }
    found = []
    assert CODEC.decode(good_file(tree), "x", found.append) == [("a", 1.0), ("a", 2.0)]
    assert found[0].endswith("(names_repeated)")


def test_columns_are_named():
    factor = {"type": "category", "ordered": False, "levels": {"type": "string"}}
    day = {"type": "float64", "r": {"class": ["Date"]}}
    columns = [
        {"name": "f", "logical": factor, "values": ["0"], "levels": ["a", None]},
        {"name": "d", "logical": day, "values": ["0.5"]},
    ]
    codes = {text.rpartition("(")[2]: text for text in texts({"rows": 1, "columns": columns})}
    assert set(codes) == {"level_dropped)", "class_dropped)"}
    assert codes["level_dropped)"].startswith("x['f'] ")
    assert codes["class_dropped)"].startswith("x['d'] is a Date of R")


def test_without_a_place_to_say_it_it_is_a_warning_of_python():
    with pytest.warns(pyflow.ArtifactWarning, match="missing_as_none"):
        assert CODEC.decode(good_file(NA), "x") is None


def test_describing_and_comparing_say_nothing(tmp_path):
    path = tmp_path / "x.arrow"
    path.write_bytes(good_file({"type": "list", "children": [NA, {**NA, "name": "n"}]}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        CODEC.describe(path)
        assert CODEC.unchanged(CODEC.encode([None, None], "x"), path, "x")


@pytest.mark.parametrize(
    "value",
    [None, [None], {"a": None}, float("nan"), pd.NA, pd.NaT, np.array([1, None], dtype=object), pd.Series([1, None], dtype="Int64"),
     pd.DataFrame({"x": [None, "a"]}), pd.Categorical(["a", None]), NativeProxy("r", ("lm",), 1, "", "4.2.2", b"")],
    ids=repr,
)  # fmt: skip
def test_what_python_wrote_is_never_announced(value):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        CODEC.decode(b"".join(CODEC.encode(value, "x").chunks))


def test_a_zone_of_pytz_without_pytz(monkeypatch):
    content = b"".join(CODEC.encode([pd.Timestamp("2024-07-01", tz=pytz.timezone("Asia/Tokyo"))], "x").chunks)
    scalars.zone.cache_clear()
    monkeypatch.setattr(scalars, "pytz", lambda: None)
    monkeypatch.setattr(notes, "pytz", lambda: None)
    found = []
    [value] = CODEC.decode(content, "x", found.append)
    scalars.zone.cache_clear()
    assert value == pd.Timestamp("2024-07-01", tz="Asia/Tokyo")
    assert [text.rpartition("(")[2] for text in found] == ["zone_replaced)"]


def test_a_hundred_thousand_places_are_counted_and_not_looked_for():
    tree = {"type": "list", "children": [NA] * 100_000}
    content = good_file(tree)
    started = time.perf_counter()
    found = []
    CODEC.decode(content, "x", found.append)
    assert time.perf_counter() - started < 10
    assert "x[0] is a missing string" in found[0]
    assert "(and 99999 more places)" in found[0]

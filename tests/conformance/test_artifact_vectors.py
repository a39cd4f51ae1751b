"""The codec reads and writes the files of shared_spec/artifact.md, which were made without it."""

import collections
import datetime as dt
import difflib
import http
import json
import platform
import pstats
import threading
import traceback
import types
import uuid
from decimal import Decimal
from zoneinfo import ZoneInfo

import jsonschema
import numpy as np
import pandas as pd
import polars
import pyarrow as pa
import pytest
import pytz
import scipy.sparse

from pyflow.codec import PythonCodec, layout
from pyflow.codec.native import NativeProxy
from pyflow.spec.errors import ArtifactError, PyflowError
from tests.codec_values import NA_REAL, same
from tests.conformance.artifact_files import FOLDER, describe, file_cases, file_of, good_file, shared
from tests.conformance.vectors import SPEC, case_id, cases

CODEC = PythonCodec()
CASES = cases("artifact")
GOOD = [case for case in file_cases() if "expect" in case]
BAD = [case for case in file_cases() if "error" in case]
PYTHON_WRITES = [case for case in GOOD if "python-writes" in case["tags"]]
ENCODED = [case for case in CASES if "python" in case["input"]]
SCHEMA = json.loads((SPEC / "artifact.schema.json").read_text("utf-8"))


def validator(name):
    return jsonschema.Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{name}"})


def value_of(expression):
    known = {"nan": float("nan"), "inf": float("inf"), "NA_REAL": NA_REAL, "NativeProxy": NativeProxy}
    known |= {"pl": polars, "np": np, "pd": pd, "pa": pa, "dt": dt, "Decimal": Decimal, "ZoneInfo": ZoneInfo}
    modules = (collections, difflib, http, pstats, pytz, scipy.sparse, threading, traceback, types, uuid)
    return eval(expression, known | {module.__name__.rpartition(".")[2]: module for module in modules})


def file_path(case):
    return FOLDER / case["input"]["file"]


@pytest.mark.parametrize("case", GOOD, ids=case_id)
def test_the_file_is_what_its_description_says(case):
    assert describe(file_path(case).read_bytes()) == case["expect"]["tree"]


@pytest.mark.parametrize("case", GOOD, ids=case_id)
def test_the_metadata_have_the_form_of_the_schema(case):
    found = json.loads(json.dumps(layout.layout_of(file_path(case))))
    assert list(validator("layout").iter_errors(found)) == []
    attrs = [attr for attr in attrs_of(case["expect"]["tree"]) if attr is not None]
    assert [error for attr in attrs for error in validator("attr").iter_errors(attr)] == []


def attrs_of(tree):
    yield tree.get("attr")
    for child in tree.get("children", ()):
        yield from attrs_of(child)


@pytest.mark.parametrize("case", GOOD, ids=case_id)
def test_python_reads_the_value(case):
    announced = []
    value = CODEC.decode(file_path(case), "x", announced.append)
    assert same(value, value_of(case["expect"]["python"]))
    assert codes(announced) == announced_in(case, "python")
    assert all(text.startswith("x") for text in announced)


def codes(texts):
    return [text.rpartition("(")[2].rstrip(").") for text in texts]


def announced_in(case, how):
    """The codes that are announced: `python` or `r` reads the case's file, or Python writes its value."""
    return case["expect"].get("announced", {}).get(how, [])


@pytest.mark.parametrize("case", PYTHON_WRITES, ids=case_id)
def test_python_writes_exactly_this_file(case):
    encoded = CODEC.encode(value_of(case["expect"]["python"]), "x")
    assert codes(encoded.warnings) == announced_in(case, "writing")
    expected = of_this_python(case["expect"]["tree"])
    assert describe(b"".join(encoded.chunks)) == expected
    assert b"".join(encoded.chunks) == good_file(expected)


def of_this_python(tree):
    """The description with the version of Python that runs this in its natives, which say by which they were written."""
    if tree.get("type") == "native" and tree["attr"]["language"] == "python":
        return {**tree, "attr": {**tree["attr"], "version": platform.python_version()}}
    children = {"children": [of_this_python(child) for child in tree["children"]]} if "children" in tree else {}
    return {**tree, **children}


@pytest.mark.parametrize("case", GOOD, ids=case_id)
def test_the_layout_of_the_file_gives_the_file(case):
    encoded = layout.from_layout(layout.layout_of(file_path(case)))
    assert b"".join(encoded.chunks) == good_file(shared(case["expect"]["tree"]))


@pytest.mark.parametrize("case", BAD, ids=case_id)
def test_a_bad_file_is_refused(case):
    assert file_path(case).read_bytes() == file_of(case)
    for read in (CODEC.decode, CODEC.describe):
        with pytest.raises(PyflowError) as caught:
            read(file_path(case))
        assert caught.value.code == case["error"]
        assert str(file_path(case)) in str(caught.value)


@pytest.mark.parametrize("case", ENCODED, ids=case_id)
def test_encoding(case):
    if "error" in case:
        with pytest.raises(ArtifactError) as caught:
            CODEC.encode(value_of(case["input"]["python"]), "x")
        assert caught.value.code == case["error"]
    else:
        encoded = CODEC.encode(value_of(case["input"]["python"]), "x")
        assert codes(encoded.warnings) == announced_in(case, "writing")
        assert describe(b"".join(encoded.chunks)) == case["expect"]["tree"]
        assert b"".join(encoded.chunks) == good_file(case["expect"]["tree"])


def test_every_case_is_run():
    assert {case["id"] for case in CASES} == {case["id"] for case in GOOD + BAD + ENCODED} | {"r-connection"}
    assert {path.name for path in FOLDER.glob("*.arrow")} == {case["input"]["file"] for case in file_cases()}

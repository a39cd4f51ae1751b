"""R writes, Python stores, R reads: every value comes back identical, and shared types also after Python held them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pyflow.codec import PythonCodec
from pyflow.codec.layout import from_layout, layout_of
from pyflow.spec.errors import PyflowError
from tests.conformance.r_values import ANNOUNCED, ANNOUNCED_BY_R, EVERYTHING, THROUGH

HERE = Path(__file__).parent
CODEC = PythonCodec()


def library() -> Path:
    """The R library that has rflow; a skip says what is missing."""
    found = Path(os.environ.get("RFLOW_LIB") or HERE.parents[1] / ".rlib").absolute()
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    if not (found / "rflow").is_dir():
        pytest.skip(f"the R package rflow is not in {found} (RFLOW_LIB names another library)")
    return found


def r(what: str, folder: Path) -> None:
    command = ["Rscript", str(HERE / "roundtrip.R"), what, str(folder), str(library())]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr


def store(folder: Path, id: str, ending: str, chunks: object) -> Path:
    """The artifact as a file, with the layout that R is given beside it."""
    path = folder / f"{id}{ending}.arrow"
    path.write_bytes(b"".join(chunks))
    (folder / f"{id}{ending}").write_text(json.dumps(layout_of(path)), "utf-8")
    return path


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What R and Python say of each value, by id: one R process writes all of them, one reads them."""
    folder = tmp_path_factory.mktemp("roundtrip")
    (folder / "values.json").write_text(json.dumps(EVERYTHING), "utf-8")
    r("write", folder)
    said = {id: through_python(folder, id) for id in EVERYTHING}
    r("read", folder)
    found = json.loads((folder / "results.json").read_text("utf-8"))
    return {id: {**found[id], **said[id]} for id in EVERYTHING}


def through_python(folder: Path, id: str) -> dict[str, Any]:
    """What R wrote is stored, read by Python and written by Python: the error, and the codes of the announcements."""
    texts: list[str] = []
    layout: dict[str, Any] = {}
    error = "none"
    try:
        layout = json.loads((folder / f"{id}.written").read_text("utf-8"))
        stored = store(folder, id, ".stored", from_layout(layout).chunks)
        value = CODEC.decode(stored, id, texts.append)
        store(folder, id, ".through", CODEC.encode(value, id).chunks)
    except (PyflowError, ValueError, TypeError) as raised:
        error = f"{type(raised).__name__}: {raised}"
    return {"python": error, "announced": codes(texts), "announced_by_r": codes(layout.get("warnings", []))}


def codes(texts: list[str]) -> set[str]:
    """An announcement ends with its code."""
    return {found[1] for text in texts if (found := re.search(r"\((\w+)\)[.]?$", text))}


@pytest.mark.parametrize("id", EVERYTHING)
def test_an_r_value_comes_back_identical(results: dict[str, dict[str, Any]], id: str) -> None:
    assert results[id]["python"] == "none"
    assert results[id]["stored"] == "same"


@pytest.mark.parametrize("id", THROUGH)
def test_a_shared_type_survives_a_python_step(results: dict[str, dict[str, Any]], id: str) -> None:
    assert results[id]["through"] == "same"


@pytest.mark.parametrize("id", EVERYTHING)
def test_what_python_shows_as_less_is_announced_and_nothing_else(results: dict[str, dict[str, Any]], id: str) -> None:
    assert results[id]["announced"] == ANNOUNCED.get(id, set())
    assert results[id]["announced_by_r"] == ANNOUNCED_BY_R.get(id, set())

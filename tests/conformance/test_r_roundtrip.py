"""R writes, Python stores, R reads: every value comes back identical, and shared types also after Python held them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pyflow.codec import PythonCodec
from pyflow.codec.layout import from_layout, layout_of
from pyflow.spec.errors import PyflowError
from tests.conformance.r_values import EVERYTHING, THROUGH

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
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """What R says of each value, by id: one R process writes all of them, one reads them."""
    folder = tmp_path_factory.mktemp("roundtrip")
    (folder / "values.json").write_text(json.dumps(EVERYTHING), "utf-8")
    r("write", folder)
    failed: dict[str, str] = {}
    for id in EVERYTHING:
        try:
            layout = json.loads((folder / f"{id}.written").read_text("utf-8"))
            stored = store(folder, id, ".stored", from_layout(layout).chunks)
            store(folder, id, ".through", CODEC.encode(CODEC.decode(stored), id).chunks)
        except (PyflowError, ValueError, TypeError) as error:
            failed[id] = f"{type(error).__name__}: {error}"
    r("read", folder)
    found = json.loads((folder / "results.json").read_text("utf-8"))
    return {id: {**found[id], "python": failed.get(id, "same")} for id in EVERYTHING}


@pytest.mark.parametrize("id", EVERYTHING)
def test_an_r_value_comes_back_identical(results: dict[str, dict[str, str]], id: str) -> None:
    assert results[id]["python"] == "same"
    assert results[id]["stored"] == "same"


@pytest.mark.parametrize("id", THROUGH)
def test_a_shared_type_survives_a_python_step(results: dict[str, dict[str, str]], id: str) -> None:
    assert results[id]["through"] == "same"

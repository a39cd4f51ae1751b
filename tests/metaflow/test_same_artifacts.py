"""Flows written for Metaflow, run by Metaflow and, with only the import changed, by pyflow: the same artifacts.

A file in flows/ may begin with comments: `files:` that stand beside it, `run:` arguments of the run, `before:` options before
the command, `after:` a flow that is to run first.
"""

from __future__ import annotations

import os
import pickle
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

# One worker makes the environment and uses it.
pytestmark = pytest.mark.xdist_group("metaflow")
FLOWS = Path(__file__).parent / "flows"
DUMP = Path(__file__).with_name("dump.py")
NAMES = sorted(path.stem for path in FLOWS.glob("*.py"))


@dataclass(frozen=True)
class Side:
    """One of the two: its interpreter, its name and a folder to work in."""

    python: str
    framework: str
    folder: Path

    def run(self, name: str) -> dict[str, Any]:
        """Run a flow of flows/ and give its artifacts."""
        text = (FLOWS / f"{name}.py").read_text()
        notes = dict(line[2:].split(": ", 1) for line in text.splitlines() if line.startswith("# "))
        if "after" in notes:
            self.run(notes["after"])
        self.folder.mkdir(exist_ok=True)
        for file in notes.get("files", "").split():
            shutil.copy(FLOWS / file, self.folder)
        # Not `secrets.py`, which would stand in for the standard library's.
        (self.folder / f"{name}_flow.py").write_text(
            text.replace("from metaflow import", f"from {self.framework} import")
        )
        words = [*_words(notes.get("before", "")), "run", *_words(notes.get("run", ""))]
        no_lint = ["--no-pylint"] if self.framework == "metaflow" else []
        self._call(f"{name}_flow.py", *no_lint, *words)
        self._call(str(DUMP), self.framework, _flow_name(text), "dump.pickle")
        return pickle.loads((self.folder / "dump.pickle").read_bytes())

    def _call(self, *command: str) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("METAFLOW_", "PYFLOW_"))}
        # A gang of Metaflow's starts `python`.
        kept["PATH"] = f"{Path(self.python).parent}{os.pathsep}{kept['PATH']}"
        environment = kept | {"USER": "ann", "PYFLOW_USER": "ann", "HOME": str(self.folder / "home")}
        done = subprocess.run(
            [self.python, *command], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, f"{self.framework}: {done.stdout}\n{done.stderr}"


def _words(text: str) -> list[str]:
    """Words of a command line; quotation marks are kept, so that JSON can be written as it is."""
    splitter = shlex.shlex(text, posix=False, punctuation_chars=False)
    splitter.whitespace_split, splitter.quotes, splitter.commenters = True, "", ""
    return list(splitter)


def _flow_name(text: str) -> str:
    return text.rpartition('__main__":\n    ')[2].partition("(")[0]


@pytest.mark.parametrize("name", NAMES)
def test_same_artifacts(name, metaflow, tmp_path):
    theirs = Side(str(metaflow), "metaflow", tmp_path / "theirs").run(name)
    ours = Side(sys.executable, "pyflow", tmp_path / "ours").run(name)
    assert ours["successful"] == theirs["successful"]
    assert ours["steps"].keys() == theirs["steps"].keys()
    for step, tasks in theirs["steps"].items():
        found = ours["steps"][step]
        assert [index for index, _ in found] == [index for index, _ in tasks], step
        for (_, mine), (_, wanted) in zip(found, tasks, strict=True):
            assert sorted(mine) == sorted(wanted), step
            for key in wanted:
                assert same(mine[key], wanted[key]), (step, key, mine[key], wanted[key])


def same(mine: Any, wanted: Any) -> bool:
    """Equal, of the same type, and so on inside."""
    if type(mine) is not type(wanted):
        return False
    if isinstance(mine, pd.DataFrame | pd.Series):
        return _raises_not(pd.testing.assert_frame_equal if mine.ndim == 2 else pd.testing.assert_series_equal, mine, wanted)  # fmt: skip
    if isinstance(mine, np.ndarray):
        return _raises_not(np.testing.assert_array_equal, mine, wanted) and mine.dtype == wanted.dtype
    if isinstance(mine, dict):
        return list(mine) == list(wanted) and all(same(mine[key], wanted[key]) for key in mine)
    if isinstance(mine, list | tuple):
        return len(mine) == len(wanted) and all(map(same, mine, wanted))
    return mine == wanted


def _raises_not(check: Any, mine: Any, wanted: Any) -> bool:
    try:
        check(mine, wanted)
    except AssertionError as error:
        print(error)
        return False
    return True

"""`R CMD INSTALL .` at the project's root: DESCRIPTION stands there for dependency tools, the package does not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(shutil.which("R") is None, reason="needs R")
def test_root_install_refuses_with_the_right_command(tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    done = subprocess.run(
        ["R", "CMD", "INSTALL", f"--library={library}", "."], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    output = done.stdout + done.stderr
    assert done.returncode != 0, output
    assert not (library / "rflow").exists(), "an empty package was installed"
    command = re.search(r"Install it with: R CMD INSTALL (\S+)", output)
    assert command, output
    named = ROOT / command[1]
    assert (named / "NAMESPACE").is_file() and any((named / "R").glob("*.R"))


def test_configure_can_be_executed():
    # Without the mode R still refuses, but with a message about the mode in place of the right command.
    assert os.access(ROOT / "configure", os.X_OK)


def test_description_at_the_root_is_the_packages():
    assert (ROOT / "DESCRIPTION").read_bytes() == (ROOT / "rflow" / "DESCRIPTION").read_bytes()

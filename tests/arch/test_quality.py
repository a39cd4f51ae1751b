"""The linters are part of the tests, so that a green run means a clean tree."""

import subprocess
import sys

import pytest

from tests.arch.source import ROOT

FOLDERS = ["pyflow", "tests", "examples", "bench"]
COMMANDS = {
    "ruff check": ["ruff", "check", "--no-cache", *FOLDERS],
    "ruff format": ["ruff", "format", "--check", "--no-cache", *FOLDERS],
    "mypy": ["mypy", "--no-error-summary"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_tree_is_clean(name):
    command = [sys.executable, "-m", *COMMANDS[name]]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert found.returncode == 0, found.stdout + found.stderr

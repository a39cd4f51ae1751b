"""The arrows of the house, as pyproject.toml states them ([tool.importlinter]), and what a start loads."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.arch.source import ROOT

HEAVY = ("numpy", "pandas", "pyarrow", "polars", "rpy2", "cloudpickle")


def test_imports_keep_the_contracts():
    linter = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert found.returncode == 0, found.stdout + found.stderr


# A run opens no value in the process of the command line, and neither does a search.
LIGHT = "pyflow pyflow.cli.main pyflow.cli.run pyflow.cli.resume pyflow.cli.runs pyflow.cli.logs pyflow.client pyflow.client.bridge"


@pytest.mark.parametrize("module", LIGHT.split())
def test_what_starts_often_loads_nothing_heavy(module):
    code = f"import sys, {module}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.split() == []

"""Metaflow has an environment of its own; where it cannot be installed these tests are skipped, saying why."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bench.reference import metaflow_python


@pytest.fixture(scope="session")
def metaflow() -> Path:
    try:
        return metaflow_python()
    except (OSError, subprocess.CalledProcessError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        pytest.skip(f"Metaflow cannot be installed here: {said[-1] if said else error}")

"""Every test has a folder of its own as working directory, and a clean environment; the home directory is off limits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def whole_store():
    """Fixtures of modules look at what several users have run; the tests of namespaces unset this."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYFLOW_NAMESPACE", "*")
        yield


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Run in an empty folder; nothing of the user's settings or stores is seen."""
    for name in [name for name in os.environ if name.startswith("PYFLOW_") and name != "PYFLOW_SPEC_DIR"]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYFLOW_USER", "ann")
    monkeypatch.setenv("PYFLOW_NAMESPACE", "*")
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def rlib() -> Path:
    """The R library with rflow in it; a test that needs it is skipped, saying why, where it is not installed."""
    folder = Path(os.environ.get("RFLOW_LIB", ROOT / ".rlib"))
    if not (folder / "rflow").is_dir():
        pytest.skip(f"rflow is not installed in {folder}; make setup installs it")
    return folder

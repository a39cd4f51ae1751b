"""Metaflow in a virtual environment of its own, to be compared with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("metaflow==2.19.39", "pandas==3.*", "pyarrow")


def metaflow_python() -> Path:
    """The interpreter of an environment that has Metaflow and what flows compute with; made when it is not there.

    Raises CalledProcessError, with what was said, where it cannot be made.
    """
    folder = ROOT / ".setup" / "metaflow"
    python, stamp = folder / "bin" / "python", folder / "packages.txt"
    wanted = "\n".join(PACKAGES)
    if not (stamp.exists() and stamp.read_text() == wanted):
        _quietly(sys.executable, "-m", "venv", str(folder))
        _quietly(str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *PACKAGES)
        stamp.write_text(wanted)
    return python


def _quietly(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)

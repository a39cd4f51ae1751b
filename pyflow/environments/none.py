"""The interpreters that are there: this Python, and the R on the PATH with the user's libraries."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from pyflow import settings
from pyflow.ports import Interpreter
from pyflow.spec.errors import HostError

# Without these every task would start its own pool of threads on every core.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class NoEnvironment:
    """Uses what is installed: PYFLOW_PYTHON and PYFLOW_RSCRIPT name other interpreters.

    R also looks for packages in the nearest folder `.rlib` upward from the working directory or the interpreter, as
    Python projects do with `.venv`.
    """

    def interpreter(self, language: str) -> Interpreter:
        environment = {name: os.environ.get(name, "1") for name in _THREADS}
        if language == "python":
            return Interpreter((settings.value("python") or sys.executable,), environment)
        return Interpreter((_rscript(),), environment | _r_libraries() | _utf8())


def _utf8() -> dict[str, str]:
    """R reads a source file in the locale's encoding, which in a container often is ASCII; ours are UTF-8."""
    locale = next((found for name in ("LC_ALL", "LC_CTYPE", "LANG") if (found := os.environ.get(name))), "C")
    return {} if "utf" in locale.lower() else {"LC_ALL": "C.UTF-8"}


def _rscript() -> str:
    name = settings.value("rscript") or "Rscript"
    found = shutil.which(name)
    if found is None:
        raise HostError(
            f"R is not installed: there is no {name!r} on the PATH",
            code="r_missing",
            hint="Install R 4.2 or newer (Debian and Ubuntu: apt-get install r-base-dev), or set PYFLOW_RSCRIPT.",
        )
    return found


def _r_libraries() -> dict[str, str]:
    starts = (Path.cwd(), Path(sys.prefix))
    for folder in (parent / ".rlib" for start in starts for parent in (start, *start.parents)):
        if folder.is_dir():
            return {"R_LIBS": os.pathsep.join([str(folder), *filter(None, [os.environ.get("R_LIBS")])])}
    return {}

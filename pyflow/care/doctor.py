"""Is everything there that flows need? Each check says what it found and, if something is missing, the command that
installs it. Nothing is changed."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from pyflow import settings
from pyflow.backends.machine import capacity
from pyflow.environments.none import NoEnvironment
from pyflow.metadata import open_metadata
from pyflow.spec.errors import PyflowError
from pyflow.store import find_root

OK, WARNING, MISSING = "ok", "warning", "missing"
DISTRIBUTION = "pyflow-rflow"
OLDEST_PYTHON, OLDEST_R = (3, 11), "4.2"
# What R's side needs, and what it can use, with what is lost without it.
R_NEEDED = ("rflow", "jsonlite", "cli")
R_USEFUL: Mapping[str, str] = {
    "reticulate": "looking at runs from R (flow_client, runs)",
    "bit64": "whole numbers beyond 2^53",
    "tibble": "tibbles",
    "data.table": "data tables",
    "Matrix": "sparse matrices",
}
PYTHON_USEFUL: Mapping[str, str] = {
    "rpy2": "opening objects of R in Python (pyflow.r)",
    "polars": "data frames of polars",
    "scipy": "sparse matrices",
    "pyyaml": "configurations in YAML",
}
_SPACE_MB = 1000
_ASK_R = (
    'p <- intersect(c(%s), rownames(installed.packages())); cat("R", as.character(getRversion()), "\\n"); '
    'for (n in p) cat(n, as.character(packageVersion(n)), "\\n")'
)


@dataclass(frozen=True)
class Check:
    """`state`: ok, warning or missing. `fix`: the command or deed that mends it."""

    name: str
    state: str
    found: str
    fix: str = ""


def examine() -> list[Check]:
    """All checks, in the order in which they should be mended."""
    return [check for part in PARTS for check in _guarded(part)]


def _guarded(part: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """A part that cannot even be looked at is a finding too."""
    try:
        yield from part()
    except (PyflowError, OSError) as error:
        message = error.message if isinstance(error, PyflowError) else str(error)
        hint = (error.hint or "") if isinstance(error, PyflowError) else ""
        yield Check(part.__name__.strip("_"), MISSING, message, hint)


def _settings() -> Iterator[Check]:
    changed = [item for item in settings.all_settings() if item.value is not None]
    shown = ", ".join(f"{item.setting.name}={item.value}" for item in changed)
    yield Check("settings", OK, shown or "all default")


def _python() -> Iterator[Check]:
    shown = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info[:2] < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        yield Check("python", MISSING, shown, f"Install Python {wanted} or newer, and pyflow into it.")
    else:
        yield Check("python", OK, shown)
    for name in _required():
        yield _python_package(name, MISSING, f"{sys.executable} -m pip install {name}")
    for name, use in PYTHON_USEFUL.items():
        extra = f"'{DISTRIBUTION}[rpy2]'" if name == "rpy2" else name
        yield _python_package(name, WARNING, f"{sys.executable} -m pip install {extra}", use)


def _required() -> list[str]:
    """The distributions that ours names as needed, whatever the environment marker."""
    lines = metadata.requires(DISTRIBUTION) or ()
    return [re.split(r"[^A-Za-z0-9._-]", line)[0] for line in lines if "extra ==" not in line]


def _python_package(name: str, otherwise: str, fix: str, use: str = "") -> Check:
    try:
        return Check(f"python: {name}", OK, metadata.version(name))
    except metadata.PackageNotFoundError:
        return Check(f"python: {name}", otherwise, f"not installed{f'; needed for {use}' if use else ''}", fix)


def _r() -> Iterator[Check]:
    interpreter = NoEnvironment().interpreter("r")
    packages = (*R_NEEDED, *R_USEFUL)
    code = _ASK_R % ", ".join(json.dumps(name) for name in packages)
    command = [*interpreter.command, "--no-init-file", "-e", code]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | dict(interpreter.environment))
    found = dict(line.split()[:2] for line in done.stdout.splitlines() if len(line.split()) >= 2)
    if done.returncode != 0 or "R" not in found:
        yield Check("r", MISSING, f"{command[0]} fails: {done.stderr.strip()[-300:]}", "Reinstall R.")
        return
    shown = f"{found['R']} ({interpreter.command[0]})"
    old = _numbers(found["R"]) < _numbers(OLDEST_R)
    yield Check("r", MISSING if old else OK, shown, f"Install R {OLDEST_R} or newer." if old else "")
    yield from _r_packages(found)


def _r_packages(found: Mapping[str, str]) -> Iterator[Check]:
    ours = metadata.version(DISTRIBUTION)
    for name in R_NEEDED:
        if name not in found:
            yield Check(f"r: {name}", MISSING, "not installed", _r_fix(name))
        elif name == "rflow" and found[name] != ours:
            yield Check(f"r: {name}", WARNING, f"{found[name]}, but pyflow is {ours}", _r_fix(name))
        else:
            yield Check(f"r: {name}", OK, found[name])
    for name, use in R_USEFUL.items():
        if name in found:
            yield Check(f"r: {name}", OK, found[name])
        else:
            yield Check(f"r: {name}", WARNING, f"not installed; needed for {use}", _r_fix(name))


def _r_fix(name: str) -> str:
    if name == "rflow":
        return "R CMD INSTALL rflow  (in a checkout of the project)"
    if shutil.which("apt-get"):
        return f"apt-get install r-cran-{name.lower()}"
    return f"Rscript -e 'install.packages(\"{name}\")'"


def _numbers(version: str) -> Sequence[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def _store() -> Iterator[Check]:
    root = find_root(Path.cwd())
    if root is None:
        yield Check("store", OK, f"none yet; the first run makes {Path.cwd() / '.pyflow'}")
        return
    reader = open_metadata(root, readonly=True)
    flows = len(reader.flows())
    reader.close()
    if not os.access(root, os.W_OK):
        yield Check("store", MISSING, f"{root} may not be written", f"chown or chmod {root}, or set PYFLOW_ROOT")
        return
    yield Check("store", OK, f"{root}, {flows} flows")


def _machine() -> Iterator[Check]:
    there = capacity(Path.cwd())
    shown = [f"{there['cpu']:g} cores"]
    shown += [f"{there['memory'] / 1024:.1f} GB memory"] if "memory" in there else []
    shown += [f"{there['gpu']:g} GPUs"] if there.get("gpu") else []
    yield Check("machine", OK, ", ".join(shown))
    free = there["disk"]
    fix = "pyflow gc --dry-run shows what can be freed" if free < _SPACE_MB else ""
    yield Check("disk", WARNING if fix else OK, f"{free / 1024:.1f} GB free in {Path.cwd()}", fix)
    if not shutil.which("git"):
        yield Check("git", WARNING, "not installed; runs do not record their commit", "apt-get install git")


PARTS: Sequence[Callable[[], Iterator[Check]]] = (_settings, _python, _r, _store, _machine)

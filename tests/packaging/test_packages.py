"""What users install: a wheel and an R source package, each alone, far from this checkout.

`make test` installs the wheel beside the packages that are here already. `make check-packages` fetches what the wheel asks for, and
runs R CMD check.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT

WHOLE = os.environ.get("PYFLOW_CHECK_PACKAGES") == "1"
whole = pytest.mark.skipif(not WHOLE, reason="takes minutes: make check-packages runs it")
SOURCES = ("pyflow", "pyproject.toml", "README.md")
LEAVE_OUT = shutil.ignore_patterns("__pycache__", "*.o", "*.so", "*.egg-info")
# What R CMD check has against every package that forks: children of a fork have to leave by _exit, as those of R's own package
# parallel do, with a temporary folder of their own, and with C's output going to their log line by line.
EXPECTED_OF_COMPILED_CODE = {"_exit", "stdout", "R_CleanTempDir", "R_Interactive", "R_NoEcho", "R_TempDir"}


@dataclass(frozen=True)
class Installed:
    """A Python with the wheel in it, and an R library with the source package in it; `folder`: to work in."""

    python: Path
    library: Path
    tarball: Path
    folder: Path

    def run(self, *command: str | Path, folder: str = ".") -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYFLOW_", "PYTHON"))}
        environment |= {
            "R_LIBS": str(self.library),
            "RETICULATE_PYTHON": str(self.python),
            "PYFLOW_USER": "ann",
            "HOME": str(self.folder),
        }
        return call(*command, folder=self.folder / folder, environment=environment)


def call(*command: str | Path, folder: Path, environment: dict[str, str] | None = None) -> str:
    """What a command prints; it has to succeed."""
    done = subprocess.run(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(rlib, tmp_path_factory) -> Installed:
    folder = tmp_path_factory.mktemp("packages")
    wheel = _wheel(folder)
    python = _environment(folder / "environment", wheel)
    shutil.copytree(ROOT / "rflow", folder / "rflow", ignore=LEAVE_OUT)
    call("R", "CMD", "build", "rflow", folder=folder)
    (tarball,) = folder.glob("rflow_*.tar.gz")
    library, work = folder / "library", folder / "work"
    library.mkdir()
    work.mkdir()
    call("R", "CMD", "INSTALL", "--no-test-load", f"--library={library}", tarball, folder=folder)
    return Installed(python, library, tarball, work)


def _wheel(folder: Path) -> Path:
    source = folder / "source"
    source.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=LEAVE_OUT)
        else:
            shutil.copy(ROOT / name, source)
    call(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        folder / "wheels",
        source,
        folder=folder,
    )
    (wheel,) = (folder / "wheels").glob("pyflow_rflow-*.whl")
    return wheel


def _environment(folder: Path, wheel: Path) -> Path:
    """A fresh environment with the wheel; what it needs is fetched, or seen where it is installed already."""
    venv.create(folder, with_pip=True, symlinks=True)
    python = folder / "bin" / "python"
    call(python, "-m", "pip", "install", "-q", *([] if WHOLE else ["--no-deps"]), wheel, folder=folder)
    if not WHOLE:
        (site,) = folder.glob("lib/python*/site-packages")
        (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def test_the_wheel_works_alone(installed):
    place = installed.run(installed.python, "-c", "import pyflow; print(pyflow.__file__)")
    assert Path(place.strip()).is_relative_to(installed.python.parents[1])
    command = installed.python.parent / "pyflow"
    installed.run(command, "tutorials", "pull")
    printed = installed.run(installed.python, "flow.py", "run", "--name", "Ada", folder="pyflow-tutorials/01-hello")
    assert "hello Ada!" in printed and "Done!" in printed
    assert "success" in installed.run(command, "runs", "HelloFlow", folder="pyflow-tutorials/01-hello")


def test_the_r_package_works_alone_and_finds_that_python(installed):
    installed.run(installed.python.parent / "pyflow", "tutorials", "pull", "--dir", "for-r")
    printed = installed.run("Rscript", "flow.R", "run", "--name", "Eve", folder="for-r/01-hello")
    assert "hello Eve!" in printed and "Done!" in printed
    code = 'cat(rflow::flow_client("HelloFlow")$latest_run$data$greeting, find.package("rflow"))'
    greeting, _, place = installed.run("Rscript", "-e", code, folder="for-r/01-hello").partition("! ")
    assert greeting == "hello Eve"
    assert Path(place.strip()) == installed.library / "rflow"


def test_a_flow_in_r_has_steps_in_python(installed):
    installed.run(installed.python.parent / "pyflow", "tutorials", "pull", "--dir", "both")
    assert "The Lion King" in installed.run("Rscript", "flow.R", "run", folder="both/03-statistics")


@whole
def test_r_cmd_check_has_nothing_to_say_that_could_be_avoided(installed, tmp_path):
    environment = os.environ | {"_R_CHECK_FORCE_SUGGESTS_": "false", "PYFLOW_PYTHON": str(installed.python)}
    subprocess.run(
        ["R", "CMD", "check", "--no-manual", str(installed.tarball)],
        cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    log = (tmp_path / "rflow.Rcheck" / "00check.log").read_text("utf-8")
    found = re.split(r"^\* (?=checking )", log, flags=re.MULTILINE)
    bad = [part for part in found if re.search(r"\.\.\. (?:\[.*?\] )?(ERROR|WARNING|NOTE)$", part.splitlines()[0])]
    # A suggested package that is not on this machine is not the package's fault.
    others = [
        part
        for part in bad
        if not part.startswith("checking compiled code") and "suggested but not available for checking" not in part
    ]
    assert not others, "\n".join(others)
    symbols = {name for part in bad if "compiled code" in part for name in re.findall(r"\u2018(\w+)\u2019", part)}
    assert symbols <= EXPECTED_OF_COMPILED_CODE | {"rflow"}, bad

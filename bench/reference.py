"""What this project is compared with, each in a place of its own under .setup/; made when it is not there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("metaflow==2.19.39", "pandas==3.*", "pyarrow")
# reticulate's and rpy2's converters know numpy 1 and pandas 2.
BRIDGES = ("pandas==2.2.*", "numpy<2", "pyarrow==19.*", "rpy2==3.6.6", "rpy2-rinterface==3.6.5", "rpy2-robjects==3.6.6")


def metaflow_python() -> Path:
    """The interpreter of an environment that has Metaflow and what flows compute with.

    Raises CalledProcessError, with what was said, where it cannot be made.
    """
    return _environment("metaflow", PACKAGES)


def bridges_python() -> Path:
    """The interpreter of an environment in which reticulate and rpy2 convert data frames."""
    return _environment("bridges", BRIDGES)


def nanoarrow_library() -> Path | None:
    """An R library with nanoarrow, from Debian's package of a later release; None, with the reason printed, without.

    It is a reader to be compared with, and no part of the project.
    """
    if _succeeds("Rscript", "--vanilla", "-e", "q(status = !requireNamespace('nanoarrow', quietly = TRUE))"):
        return None
    folder = ROOT / ".setup" / "nanoarrow"
    library = folder / "unpacked" / "usr" / "lib" / "R" / "site-library"
    if library.exists():
        return library
    for name in ("lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    source = folder / "later.list"
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    source.write_text(f"deb [signed-by={keyring}] http://deb.debian.org/debian trixie main\n")
    places = {
        "Dir::Etc::sourcelist": source,
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder,
        "APT::Sandbox::User": "root",
    }
    options = [word for key, value in places.items() for word in ("-o", f"{key}={value}")]
    try:
        _quietly("apt-get", *options, "update")
        subprocess.run(
            ["apt-get", *options, "download", "r-cran-nanoarrow"], cwd=folder, check=True, capture_output=True
        )
        (package,) = folder.glob("r-cran-nanoarrow*.deb")
        _quietly("dpkg", "-x", str(package), str(folder / "unpacked"))
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"nanoarrow for R cannot be had here, so it is left out: {error}")
        return None
    return library


def _environment(name: str, packages: tuple[str, ...]) -> Path:
    folder = ROOT / ".setup" / name
    python, stamp = folder / "bin" / "python", folder / "packages.txt"
    wanted = "\n".join(packages)
    if not (stamp.exists() and stamp.read_text() == wanted):
        _quietly(sys.executable, "-m", "venv", str(folder))
        _quietly(str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages)
        stamp.write_text(wanted)
    return python


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _quietly(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)

"""The code that is in a folder now, to be compared with a run's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from pyflow.code.choose import SUFFIXES, choose
from pyflow.spec.code import OUTSIDE, shown_name


def working_files(folder: Path, like: Iterable[str]) -> dict[str, bytes]:
    """The files of `folder` that a package of it would have, by name; `like` are the names in the package to compare
    with: what it has by name or suffix is looked at here too."""
    names = list(like)
    suffixes = {*SUFFIXES, *(PurePosixPath(name).suffix for name in names)} - {""}
    named = [str(path) for name in names if (path := place_of(name, folder)).is_file()]
    found = choose(folder, suffixes=suffixes, named=named).files
    return {name: Path(file.path).read_bytes() for name, file in found.items()}


def place_of(name: str, folder: Path) -> Path:
    """Where the file `name` of a package of `folder` stands."""
    return Path(folder, shown_name(name)).resolve()


def is_outside(name: str) -> bool:
    return name.startswith(OUTSIDE + "/")

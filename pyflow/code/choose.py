"""Which files of a flow's folder belong to its code."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pyflow.code.ignore import Rules, rules_above, rules_of
from pyflow.spec.code import member_name

# What source is written in. A command line adds more with --package-suffixes.
SUFFIXES = (
    *(".py", ".R", ".r", ".RDS", ".rds", ".Rmd", ".qmd"),
    *(".sql", ".stan", ".cpp", ".json", ".yaml", ".yml", ".toml"),
)
# Files that say what the code needs to run.
NAMES = frozenset({"requirements.txt", "DESCRIPTION", "renv.lock"})
# Folders of installed packages and generated files. Hidden ones (.git, .venv, .rlib, .pyflow) are never looked into.
SKIPPED = frozenset({"__pycache__", "node_modules"})
ENVIRONMENT_MARK = "pyvenv.cfg"

FILE_LIMIT = 5 << 20
TOTAL_LIMIT = 50 << 20
COUNT_LIMIT = 5_000
# So many names are looked at in one folder tree, then the walk ends: somebody keeps a flow in their home directory.
LOOK_LIMIT = 50_000


@dataclass(frozen=True)
class SourceFile:
    """A file of a package: `name` in it, and what its file looked like."""

    name: str
    path: str
    size: int
    executable: bool

    @classmethod
    def of(cls, name: str, path: str, found: os.stat_result) -> SourceFile:
        return cls(name, path, found.st_size, bool(found.st_mode & stat.S_IXUSR))


@dataclass
class Choice:
    """`files` by name; `folders` were looked into; `too_large` and `incomplete` say what was left out."""

    files: dict[str, SourceFile] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    too_large: list[SourceFile] = field(default_factory=list)
    incomplete: bool = False
    total: int = 0

    def add(self, file: SourceFile, *, always: bool = False) -> None:
        """Take a file in, if the limits allow it or `always`."""
        if file.name in self.files:
            return
        if not always and file.size > FILE_LIMIT:
            self.too_large.append(file)
        elif not always and (self.total + file.size > TOTAL_LIMIT or len(self.files) >= COUNT_LIMIT):
            self.incomplete = True
        else:
            self.files[file.name] = file
            self.total += file.size


def choose(folder: Path, *, suffixes: Iterable[str], named: Iterable[str], walk: bool = True) -> Choice:
    """The code in `folder` and the `named` files (absolute paths, also outside of it), which always belong to it.

    `walk` False: the named files alone, for a flow whose file stands in a folder that is not a project's.
    """
    choice = Choice()
    for path in named:
        choice.add(SourceFile.of(member_name(path, str(folder)), path, os.stat(path)), always=True)
    if walk:
        for file in _walk(folder, tuple(suffixes), choice):
            choice.add(file)
    return choice


def _walk(folder: Path, suffixes: tuple[str, ...], choice: Choice) -> Iterator[SourceFile]:
    """Nearest folders first, so that a limit leaves out what is far away."""
    queue: deque[tuple[str, str, Rules | None]] = deque([(str(folder), "", rules_above(folder))])
    seen: set[tuple[int, int]] = set()
    looked = 0
    while queue:
        path, prefix, above = queue.popleft()
        entries = _entries(path)
        if not _is_new(path, seen) or any(entry.name == ENVIRONMENT_MARK for entry in entries):
            continue
        choice.folders.append(path)
        rules = rules_of(Path(path), above)
        looked += len(entries)
        if looked > LOOK_LIMIT:
            choice.incomplete = True
            return
        for entry in entries:
            name = prefix + entry.name
            if entry.name.startswith(".") or entry.name in SKIPPED:
                continue
            if entry.is_dir():
                if rules is None or not rules.ignores(entry.path + "/"):
                    queue.append((entry.path, name + "/", rules))
            elif _is_source(entry, suffixes) and (rules is None or not rules.ignores(entry.path)):
                yield SourceFile.of(name, entry.path, entry.stat())


def _entries(path: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []  # a folder that may not be read, or is gone


def _is_new(path: str, seen: set[tuple[int, int]]) -> bool:
    """Whether the folder was not met before: links may lead in a circle."""
    try:
        found = os.stat(path)
    except OSError:
        return False
    key = found.st_dev, found.st_ino
    new = key not in seen
    seen.add(key)
    return new


def _is_source(entry: os.DirEntry[str], suffixes: tuple[str, ...]) -> bool:
    return (entry.name.endswith(suffixes) or entry.name in NAMES) and entry.is_file()

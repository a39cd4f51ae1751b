"""A run's code package: made when a run begins, and again only when a file has changed.

What was packed is remembered with the state of every folder and file that was looked at. As long as these are the same,
the package is the same, and nothing is walked, read or hashed.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyflow.code import archive
from pyflow.code.choose import SUFFIXES, Choice, SourceFile, choose
from pyflow.code.follow import followed
from pyflow.code.ignore import FILE as GITIGNORE
from pyflow.code.ignore import repository_of
from pyflow.ports import Store
from pyflow.spec.errors import MAKE_ROOM, StoreError

FOLDER = "code"
# A file that changed just now may change again without looking different: clocks of file systems tick slowly.
SETTLED_NS = 50_000_000


@dataclass(frozen=True)
class LeftOut:
    """What did not fit: files too large, and whether there were more than a package holds."""

    too_large: tuple[tuple[str, int], ...] = ()
    incomplete: bool = False


@dataclass(frozen=True)
class Package:
    """The code in `folder`, kept as blob `digest` and extracted in `copy`. `files` are sizes by name."""

    digest: str
    folder: Path
    copy: Path
    files: dict[str, int]
    left_out: LeftOut

    def to_json(self) -> dict[str, str]:
        """What a language's process needs to load code from here (shared_spec/task.md, section 5)."""
        return {"digest": self.digest, "folder": str(self.folder), "copy": str(self.copy)}


def make_package(
    flow_file: Path, *, named: Sequence[str], suffixes: Iterable[str] = (), store: Store, root: Path
) -> Package:
    """Keep the code of the flow in `flow_file`, and `named` files wherever they are; extract it in the store `root`.

    Raises StoreError `store_write`, and `store_read` when a file cannot be read.
    """
    folder = flow_file.parent
    asked = {
        "folder": str(folder),
        "suffixes": sorted({*SUFFIXES, *suffixes}),
        "named": sorted({str(flow_file), *named}),
        "cwd": os.getcwd(),
    }
    index = _Index(root / FOLDER, asked)
    before = index.read()
    if before is not None and store.exists(before["digest"]) and _is_unchanged(before):
        known, earlier = before, None
    else:
        known = _pack(asked, flow_file, store)
        index.write(known)
        earlier = archive.Extracted(root / FOLDER / before["digest"], before["files"]) if before is not None else None
    copy = root / FOLDER / known["digest"]
    try:
        archive.extract_once(store.get(known["digest"]), copy, known["files"], earlier)
    except OSError as error:
        reason = f"cannot extract the run's code to {copy}: {error}"
        raise StoreError(reason, code="store_write", hint=MAKE_ROOM) from error
    left_out = LeftOut(tuple(map(tuple, known["too_large"])), known["incomplete"])
    sizes = {name: member.size for name, member in known["files"].items()}
    return Package(known["digest"], folder, copy, sizes, left_out)


def _pack(asked: dict[str, Any], flow_file: Path, store: Store) -> dict[str, Any]:
    folder, now = Path(asked["folder"]), time.time_ns()
    # The file of a flow that was typed in a session lies among temporary files, which are not its code.
    walk = flow_file.suffix != ".rds"
    choice = choose(folder, suffixes=asked["suffixes"], named=asked["named"], walk=walk)
    chosen = [file.path for file in choice.files.values()]
    for path in followed(chosen, folder, Path(asked["cwd"]))[len(chosen) :]:
        choice.add(_source(path, folder), always=True)
    # Before the files are read: what changes meanwhile must look changed at the next run.
    states = _states([*choice.folders, *_rule_files(folder, choice), *(file.path for file in choice.files.values())])
    try:
        data, members = archive.pack(choice.files.values())
    except OSError as error:
        raise StoreError(f"the flow's code cannot be read: {error}", code="store_read") from error
    digest, _ = store.put([data])
    return {
        "digest": digest,
        "files": members,
        "too_large": [(file.name, file.size) for file in choice.too_large],
        "incomplete": choice.incomplete,
        "states": states,
        "settled": all(state[2] < now - SETTLED_NS for state in states.values() if state),
    }


def _source(path: str, folder: Path) -> SourceFile:
    (file,) = choose(folder, suffixes=(), named=[path], walk=False).files.values()
    return file


def _rule_files(folder: Path, choice: Choice) -> list[str]:
    """Every .gitignore that was or would have been read, inside the folder and above it."""
    repository = repository_of(folder)
    above = [parent for parent in folder.parents if repository is not None and parent.is_relative_to(repository)]
    return [f"{path}/{GITIGNORE}" for path in [*choice.folders, *map(str, above)]]


def _states(paths: Iterable[str]) -> dict[str, list[int] | None]:
    return {path: _state(path) for path in paths}


def _state(path: str) -> list[int] | None:
    """What changes when a file or the list of a folder's files does; None for what is not there."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return [found.st_ino, found.st_size, found.st_ctime_ns, found.st_mtime_ns]


def _is_unchanged(known: dict[str, Any]) -> bool:
    return known["settled"] and all(_state(path) == state for path, state in known["states"].items())


class _Index:
    """What was packed last for one question; it may have changed since."""

    def __init__(self, folder: Path, asked: dict[str, Any]) -> None:
        key = hashlib.sha256(json.dumps(asked, sort_keys=True).encode("utf-8", "surrogateescape")).hexdigest()
        self.path = folder / f"index-{key[:16]}.json"

    def read(self) -> dict[str, Any] | None:
        try:
            known: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
            known["files"] = {name: archive.Member(*item) for name, item in known["files"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return known

    def write(self, known: dict[str, Any]) -> None:
        """Only a help: where it cannot be kept, the next run packs again."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(prefix=".tmp-", dir=self.path.parent)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(json.dumps(known))  # json.dump() writes in small pieces, which takes far longer
            os.replace(temporary, self.path)
        except OSError:
            pass

"""Garbage collection: what no run and no pin refers to, and what killed processes left.

The order makes it safe beside runs, and if it is killed at any point:

1. Files are listed, then what is referred to is asked. What was recorded in between is young.
2. What has been written or used again since the oldest run that goes on began (and within the grace period) stays:
   a task's values are in the store before they are in the records.
3. A blob's age is looked at again when it is removed, under the store's lock (store.sweep).
4. Records go before files: what is left behind is garbage, never a record without its blob.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from pyflow.metadata import open_metadata
from pyflow.metadata.liveness import run_is_alive
from pyflow.spec.errors import UserError
from pyflow.spec.records import RUNNING, BlobsForgotten
from pyflow.store import is_root
from pyflow.store.local import YOUNG
from pyflow.store.sweep import Blob, blobs, remove

DAY = 86400.0


@dataclass
class Garbage:
    """What can be removed, or has been: blobs, files that writers left, folders of deleted runs, copies of code."""

    blobs: list[Blob] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    size: int = 0
    kept: int = 0
    kept_size: int = 0

    def to_json(self, *, removed: bool) -> dict[str, object]:
        return {
            "removed": removed,
            "blobs": sum(blob.digest is not None for blob in self.blobs),
            "leftovers": sum(blob.digest is None for blob in self.blobs),
            "folders": len(self.folders),
            "size": self.size,
            "kept_blobs": self.kept,
            "kept_size": self.kept_size,
        }


def collect(root: Path, *, now: float, grace: float = DAY, delete: bool = False) -> Garbage:
    """Find what no run refers to, in the store `root` and the one for spins in it; remove it if `delete`.

    Raises UserError `grace_too_short`: what was just written may not be recorded yet.
    """
    if grace < YOUNG:
        raise UserError(
            f"a grace period of {grace:g} seconds is too short: what a task has just stored is not recorded yet",
            code="grace_too_short",
            hint=f"Take {YOUNG:g} seconds or more.",
        )
    roots = [root, *_beside(root)]
    garbage = Garbage()
    listed = {place: list(blobs(place)) for place in roots}
    # The stores for spins refer to blobs of the one that they are beside.
    wanted: set[str] = set()
    before = now - grace
    for place in roots:
        with closing(open_metadata(place, readonly=not delete)) as metadata:
            going_on = [run.created_at for run in metadata.runs(status=RUNNING, spins=True)]
            before = min([before, *going_on])
            wanted |= metadata.referenced()
    for place in roots:
        _collect_place(place, listed[place], wanted, before, garbage, delete=delete)
    return garbage


def _collect_place(
    place: Path, listed: list[Blob], wanted: set[str], before: float, garbage: Garbage, *, delete: bool
) -> None:
    lost = [blob for blob in listed if blob.digest not in wanted and blob.used < before]
    kept = [blob for blob in listed if blob.digest in wanted or blob.used >= before]
    gone = list(remove(place, lost, before)) if delete else lost
    garbage.blobs += gone
    garbage.size += sum(blob.size for blob in gone)
    garbage.kept += len(kept)
    garbage.kept_size += sum(blob.size for blob in kept)
    if delete:
        with closing(open_metadata(place)) as metadata:
            metadata.record([BlobsForgotten()])
    for folder in _folders(place, wanted, before):
        size = _size(folder)
        if delete and not _removed(folder, before):
            continue
        garbage.folders.append(folder)
        garbage.size += size


def _beside(root: Path) -> Iterator[Path]:
    """Stores inside of this one."""
    return (folder for folder in sorted(root.iterdir()) if folder.is_dir() and is_root(folder))


def _folders(place: Path, wanted: set[str], before: float) -> Iterator[Path]:
    """Folders of runs without a record, and extracted code that no recorded run has."""
    with closing(open_metadata(place, readonly=True)) as metadata:
        known = {(run.flow, run.run) for run in metadata.runs(spins=True)}
    for folder in place.glob("runs/*/*"):
        key = (folder.parent.name, folder.name)
        if folder.is_dir() and key not in known and _is_old(folder, before) and not run_is_alive(place, *key):
            yield folder
    for folder in place.glob("code/*"):
        if folder.is_dir() and folder.name not in wanted and _is_old(folder, before):
            yield folder


def _removed(folder: Path, before: float) -> bool:
    """Remove a folder, unless it has become young: it is moved away first, so that it goes as a whole or not at all."""
    aside = folder.with_name(f".tmp-gc-{folder.name}")
    try:
        folder.rename(aside)
    except OSError:
        return False
    if not _is_old(aside, before) and not folder.exists():
        aside.rename(folder)
        return False
    shutil.rmtree(aside, ignore_errors=True)
    return True


def _is_old(folder: Path, before: float) -> bool:
    try:
        return folder.stat().st_mtime < before
    except FileNotFoundError:
        return False


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())

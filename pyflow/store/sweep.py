"""Removes blobs and leftovers from a local store (shared_spec/store.md, section 6). What may go, the caller decides.

A blob is removed only if it is old at that moment, under a lock that excludes those who use a blob again: `put` makes
such a blob young under the same lock. So a blob that a task has just stored again is never lost.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pyflow.store.local import DIGEST, SHARD, TEMPORARY, sweeping

# So many blobs are removed before others get their turn.
_BATCH = 100


@dataclass(frozen=True)
class Blob:
    """A file of the store: a blob, or one that a writer did not finish (`digest` None). `used`: seconds since 1970."""

    path: Path
    digest: str | None
    size: int
    used: float


def blobs(root: Path) -> Iterator[Blob]:
    """All files below `root`/blobs that are blobs or leftovers of writers."""
    folder = root / "blobs"
    for entry in _entries(folder):
        if entry.name.startswith(TEMPORARY):
            yield from _found(entry, None)
        elif SHARD.fullmatch(entry.name):
            for blob in _entries(Path(entry.path)):
                if DIGEST.fullmatch(blob.name):
                    yield from _found(blob, blob.name)


def remove(root: Path, found: Iterable[Blob], before: float) -> Iterator[Blob]:
    """Remove those that have not been used since `before`; gives each that it has removed. Another may do the same at
    the same time."""
    queue = list(found)
    for start in range(0, len(queue), _BATCH):
        with sweeping(root / "blobs", exclusive=True):
            gone = [blob for blob in queue[start : start + _BATCH] if _remove(blob, before)]
        yield from gone


def _remove(blob: Blob, before: float) -> bool:
    try:
        if blob.path.stat().st_mtime >= before:
            return False
        blob.path.unlink()
    except FileNotFoundError:
        return False
    return True


def _found(entry: os.DirEntry[str], digest: str | None) -> Iterator[Blob]:
    try:
        state = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return
    yield Blob(Path(entry.path), digest, state.st_size, state.st_mtime)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []

"""Is a store sound, and what takes its space? `check` finds damage, `repair` mends what can be mended."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pyflow.ports import Metadata, Store
from pyflow.spec.errors import StoreError
from pyflow.spec.records import INTERRUPTED, RunFinished
from pyflow.store.sweep import blobs

MISSING, DAMAGED, RECORDS, DEAD = "missing", "damaged", "records", "dead_run"


@dataclass(frozen=True)
class Problem:
    """`kind`: a blob that is `missing` or `damaged`, `records` that are wrong, a `dead_run` that still says running.

    `used_by`: paths of tasks that have the blob as an artifact. `mended`: whether `repair` has mended it.
    """

    kind: str
    text: str
    digest: str | None = None
    used_by: tuple[str, ...] = ()
    mended: bool = False


def check(root: Path, store: Store, metadata: Metadata, *, read_data: bool = False) -> list[Problem]:
    """Problems of the store. With `read_data` every blob is read and its digest computed, else only looked for."""
    return list(_problems(root, store, metadata, read_data=read_data))


def repair(root: Path, store: Store, metadata: Metadata) -> list[Problem]:
    """Check everything and mend: a damaged blob is set aside as `damaged/DIGEST`, so that a task that makes the same
    value stores it again; a dead run is recorded as interrupted. What cannot be mended is told."""
    return [_mended(root, metadata, problem) for problem in check(root, store, metadata, read_data=True)]


def _problems(root: Path, store: Store, metadata: Metadata, *, read_data: bool) -> Iterator[Problem]:
    for text in metadata.problems():
        yield Problem(RECORDS, text)
    for run in metadata.runs(status=INTERRUPTED, spins=True):
        if run.finished_at is None:
            yield Problem(DEAD, f"run {run.flow}/{run.run} was killed; its records still say that it is running")
    wanted = metadata.referenced()
    there = {blob.digest for blob in blobs(root) if blob.digest is not None}
    for digest in sorted(wanted - there):
        if not store.exists(digest):
            yield Problem(MISSING, f"blob {digest} is not in the store", digest, _users(metadata, digest))
    for digest in sorted(there) if read_data else ():
        try:
            store.get(digest)
        except StoreError as error:
            if error.code == "artifact_corrupt":
                yield Problem(DAMAGED, error.message, digest, _users(metadata, digest))


def _users(metadata: Metadata, digest: str) -> tuple[str, ...]:
    made = metadata.lineage(digest).made
    return tuple(f"{use.row.flow}/{use.row.run}/{use.row.step}/{use.row.task}/{use.name}" for use in made)


def _mended(root: Path, metadata: Metadata, problem: Problem) -> Problem:
    if problem.kind == DAMAGED and problem.digest is not None:
        aside = root / "damaged" / problem.digest
        aside.parent.mkdir(exist_ok=True)
        os.replace(root / "blobs" / problem.digest[:2] / problem.digest, aside)
        text = f"{problem.text}; it is set aside as {aside}"
        return Problem(problem.kind, text, problem.digest, problem.used_by, mended=not problem.used_by)
    if problem.kind == DEAD:
        flow, run = problem.text.split(" ")[1].split("/")
        row = metadata.runs(flow, run)[0]
        last = [task.finished_at or task.created_at for task in metadata.tasks(flow, run)]
        metadata.record([RunFinished(flow, run, INTERRUPTED, max(last, default=row.created_at))])
        return Problem(problem.kind, problem.text, mended=True)
    return problem

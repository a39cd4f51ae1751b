"""Looking after the store that is found from the working directory: what `pyflow.store_gc` and its like are.

    from pyflow import store_gc
    store_gc()                          # what could be removed
    store_gc(keep_last=10, delete=True)

The command line and R call the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyflow.care import check, gc, runs
from pyflow.care.gc import Garbage
from pyflow.metadata import open_metadata
from pyflow.ports import Metadata, Store
from pyflow.spec.errors import NotFoundError, UserError
from pyflow.spec.records import Pin, Space
from pyflow.spec.where import parse_moment
from pyflow.store import find_root, open_store, store_config


def store_gc(
    *,
    flow: str | None = None,
    keep_last: int | None = None,
    older_than: str | None = None,
    grace: str = "1d",
    delete: bool = False,
) -> dict[str, Any]:
    """Remove what no run and no pin refers to, and first old runs if that is asked for; without `delete` only tell.

    `keep_last`: delete all but so many runs of each flow (or of `flow`). `older_than`: delete runs that began earlier
    than so long ago (`30d`) or than a date; together with `keep_last` only those that both name. `grace`: leave what
    was stored less than so long ago.

    Returns `removed` (bool), `runs` (paths), numbers of `blobs`, `leftovers` and `folders`, `size` (bytes that are or
    would be free), `kept_blobs`, `kept_size`. Without `delete` the values of the runs are not in `size`, as other
    runs may share them.

    Raises UserError `grace_too_short`, `time_invalid`; NotFoundError if there is no store.

    >>> store_gc(keep_last=10)["runs"]  # doctest: +SKIP
    ['MyFlow/1764000000000000']
    """
    now = time.time()
    seconds = now - parse_moment(grace, now)
    with _opened(readonly=not delete) as (root, _, metadata):
        paths: list[str] = []
        if keep_last is not None or older_than is not None:
            before = None if older_than is None else parse_moment(older_than, now)
            found = runs.old_runs(metadata, flow=flow, keep_last=keep_last, before=before)
            paths = [f"{row.flow}/{row.run}" for row in found]
        elif flow is not None:
            raise UserError("`flow` goes with `keep_last` or `older_than`", code="usage")
        if delete and paths:
            runs.delete_runs(root, metadata, paths)
        garbage: Garbage = gc.collect(root, now=now, grace=seconds, delete=delete)
        return {**garbage.to_json(removed=delete), "runs": paths}


def delete_runs(*paths: str) -> list[str]:
    """Delete runs, given as "Flow/run", with their tasks and logs. Their values are left for store_gc().

    All or none are deleted. Returns the paths. Raises NotFoundError, UserError `run_pinned`, `run_going_on`.
    """
    with _opened(readonly=False) as (root, _, metadata):
        runs.delete_runs(root, metadata, paths)
    return list(paths)


def pin(path: str, note: str = "") -> Pin:
    """Keep a run ("Flow/run") from being deleted, or an artifact's value ("Flow/run/step/task/name") whatever
    happens to its run. Raises NotFoundError."""
    with _opened(readonly=False) as (_, _, metadata):
        return runs.pin(metadata, path, note, time.time())


def unpin(path: str) -> None:
    """Take a pin away. Raises NotFoundError."""
    with _opened(readonly=False) as (_, _, metadata):
        runs.unpin(metadata, path)


def pins() -> list[Pin]:
    """All pins, the oldest first: `path`, `digest` (of an artifact), `note`, `at` (seconds since 1970)."""
    with _opened() as (_, _, metadata):
        return metadata.pins()


def store_check(*, read_data: bool = False) -> list[check.Problem]:
    """What is wrong with the store; empty if nothing is. `read_data`: read every blob and check its digest."""
    with _opened() as (root, store, metadata):
        return check.check(root, store, metadata, read_data=read_data)


def store_repair() -> list[check.Problem]:
    """Check everything and mend what can be mended; the problems say what was."""
    with _opened(readonly=False) as (root, store, metadata):
        return check.repair(root, store, metadata)


def store_stats(flow: str | None = None) -> list[Space]:
    """What takes the space: for each artifact that steps made `flow`, `step`, `name`, `values`, `blobs`, `size` (bytes,
    equal values once) and how much of it is `shared` with other artifacts; the largest first."""
    with _opened() as (_, _, metadata):
        return [replace(row) for row in metadata.space() if flow is None or row.flow == flow]


@contextmanager
def _opened(*, readonly: bool = True) -> Iterator[tuple[Path, Store, Metadata]]:
    root = find_root(Path.cwd())
    if root is None:
        raise NotFoundError(
            f"there is no store in {Path.cwd()} or above it", hint="Run a flow there, or set PYFLOW_ROOT to a store."
        )
    metadata = open_metadata(root, readonly=readonly)
    try:
        yield root, open_store(store_config(root)), metadata
    finally:
        metadata.close()

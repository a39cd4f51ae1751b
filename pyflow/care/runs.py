"""Delete runs, and keep what people pin."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from pyflow.metadata.liveness import run_is_alive
from pyflow.ports import Metadata
from pyflow.spec.errors import NotFoundError, UserError
from pyflow.spec.records import RUNNING, Pin, RunDeleted, RunRow, Unpinned


def old_runs(
    metadata: Metadata, *, flow: str | None = None, keep_last: int | None = None, before: float | None = None
) -> list[RunRow]:
    """Runs that are over and not pinned: all but the last `keep_last` of each flow, and those that began `before`."""
    pinned = {pin.path for pin in metadata.pins()}
    seen: dict[str, int] = {}
    found = []
    for run in metadata.runs(flow):
        number = seen[run.flow] = seen.get(run.flow, 0) + 1
        is_kept = keep_last is not None and number <= keep_last
        is_young = before is not None and run.created_at >= before
        if not (is_kept or is_young or run.status == RUNNING or f"{run.flow}/{run.run}" in pinned):
            found.append(run)
    return found


def delete_runs(root: Path, metadata: Metadata, paths: Sequence[str]) -> None:
    """Delete runs, given as FLOW/RUN, all or none; their logs too. Their values are left for garbage collection.

    Raises NotFoundError for a run that is not there, UserError `run_pinned`, `run_going_on`.
    """
    keys = [_key(path) for path in paths]
    pinned = {pin.path for pin in metadata.pins()}
    for flow, run in keys:
        found = metadata.runs(flow, run)
        if not found:
            raise NotFoundError(f"there is no run {flow}/{run}", hint="Nothing was deleted.")
        if found[0].status == RUNNING:
            raise UserError(f"run {flow}/{run} is going on", code="run_going_on", hint="Stop it first.")
        if f"{flow}/{run}" in pinned:
            raise UserError(
                f"run {flow}/{run} is pinned", code="run_pinned", hint=f"First: pyflow pin remove {flow}/{run}"
            )
    metadata.record([RunDeleted(flow, run) for flow, run in keys])
    for flow, run in keys:
        if not run_is_alive(root, flow, run):
            shutil.rmtree(root / "runs" / flow / run, ignore_errors=True)


def pin(metadata: Metadata, path: str, note: str, now: float) -> Pin:
    """Keep a run (FLOW/RUN), or an artifact's value (FLOW/RUN/STEP/TASK/ARTIFACT) even when its run is deleted."""
    parts = path.strip("/").split("/")
    digest = None
    if len(parts) == 5:
        flow, run, step, task, name = parts
        found = metadata.artifacts(flow, run, step, task, name)
        if not found:
            raise NotFoundError(f"there is no artifact {path}")
        digest = found[0].ref.digest
    elif not metadata.runs(*_key(path)):
        raise NotFoundError(f"there is no run {path}")
    made = Pin("/".join(parts), digest, note, now)
    metadata.record([made])
    return made


def unpin(metadata: Metadata, path: str) -> None:
    """Raises NotFoundError if it is not pinned."""
    name = path.strip("/")
    if name not in {item.path for item in metadata.pins()}:
        raise NotFoundError(f"{name} is not pinned", hint="See: pyflow pin list")
    metadata.record([Unpinned(name)])


def _key(path: str) -> tuple[str, str]:
    parts = path.strip("/").split("/")
    if len(parts) != 2 or not all(parts):
        raise UserError(f"{path!r} is not of the form FLOW/RUN", code="usage")
    return parts[0], parts[1]

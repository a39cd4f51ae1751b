"""Rows of the metadata (shared_spec/store.md, section 2) and the changes that write them.

Times are seconds since 1970, UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyflow.spec.task import ArtifactRef, TaskError

RUNNING, SUCCESS, CAUGHT = "running", "success", "caught"
FAILED, CRASHED, INTERRUPTED = "failed", "crashed", "interrupted"


@dataclass(frozen=True)
class RunRow:
    """`code` says what code it ran: digest of the package, flow_file, git_commit, git_branch, git_dirty. `spin`:
    RUN/STEP/TASK of the task that this run repeats; None for ordinary runs."""

    flow: str
    run: str
    status: str
    username: str
    created_at: float
    finished_at: float | None
    graph: Mapping[str, Any]
    error: Mapping[str, Any] | None = None
    origin: str | None = None
    tags: tuple[str, ...] = ()
    system_tags: tuple[str, ...] = ()
    info: Mapping[str, Any] = field(default_factory=dict)
    code: Mapping[str, Any] | None = None
    spin: str | None = None


@dataclass(frozen=True)
class TaskRow:
    """`iteration`: how often each loop around the step was gone through before, from the outside in. `foreach_count`
    tasks follow a foreach, the step `choice` follows a switch. `origin`: RUN/STEP/TASK of the task that
    did the work, if this one was taken over from an earlier run."""

    flow: str
    run: str
    step: str
    task: str
    status: str
    created_at: float
    finished_at: float | None = None
    foreach: tuple[Mapping[str, Any], ...] = ()
    inputs: tuple[str, ...] = ()
    iteration: tuple[int, ...] = ()
    attempt: int = 0
    foreach_count: int | None = None
    choice: str | None = None
    origin: str | None = None


@dataclass(frozen=True)
class AttemptRow:
    flow: str
    run: str
    step: str
    task: str
    attempt: int
    status: str
    pid: int | None
    started_at: float
    finished_at: float | None = None
    error: TaskError | None = None
    folder: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class ArtifactRow:
    """An artifact of an attempt; `inherited` if the attempt passed it on unchanged."""

    flow: str
    run: str
    step: str
    task: str
    attempt: int
    name: str
    ref: ArtifactRef
    inherited: bool


@dataclass(frozen=True)
class FinishedTask:
    """A task that ended as `success` or `caught`, with all artifacts that it has. Tasks that inherited the same share
    one mapping."""

    row: TaskRow
    artifacts: Mapping[str, ArtifactRef]


# The changes that the engine records; one tuple of them is one transaction.


@dataclass(frozen=True)
class RunCreated:
    row: RunRow


@dataclass(frozen=True)
class AttemptStarted:
    """Makes the task if it is new."""

    task: TaskRow
    attempt: AttemptRow


@dataclass(frozen=True)
class AttemptPid:
    flow: str
    run: str
    task: str
    attempt: int
    pid: int


@dataclass(frozen=True)
class AttemptFinished:
    """Ends an attempt; `final` ends its task with the same status. `artifacts` are all that the attempt has; how many
    tasks follow a foreach and which step follows a switch are kept with the task."""

    flow: str
    run: str
    step: str
    task: str
    attempt: int
    status: str
    at: float
    final: bool
    error: TaskError | None = None
    artifacts: Mapping[str, ArtifactRef] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()
    foreach_count: int | None = None
    choice: str | None = None


@dataclass(frozen=True)
class TakenOver:
    """Makes a task out of the finished task `origin_task` of run `origin_run`: the last attempt of that one becomes
    attempt 0 of this one, artifacts by reference. A task's inputs are taken over before it."""

    row: TaskRow
    origin_run: str
    origin_task: str


@dataclass(frozen=True)
class RunFinished:
    flow: str
    run: str
    status: str
    at: float
    error: Mapping[str, Any] | None = None


Change = RunCreated | AttemptStarted | AttemptPid | AttemptFinished | TakenOver | RunFinished

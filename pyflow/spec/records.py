"""Rows of the metadata (shared_spec/store.md, section 2) and the changes that write them.

Times are seconds since 1970, UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyflow.spec.task import ArtifactRef, Scalar, TaskError

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


@dataclass(frozen=True)
class FoundRun:
    """A run that was searched for; `values` are those that the search named, by label, as far as they are scalars."""

    row: RunRow
    values: Mapping[str, Scalar]


@dataclass(frozen=True)
class FoundTask:
    row: TaskRow
    values: Mapping[str, Scalar]


@dataclass(frozen=True)
class Use:
    """A task that has to do with an artifact, which it has under `name`."""

    row: TaskRow
    name: str


@dataclass(frozen=True)
class Lineage:
    """The tasks, in any run, that made an artifact, and those that had it from a task before them; in order of time.
    Tasks that a resumed run took over did neither."""

    made: tuple[Use, ...]
    read: tuple[Use, ...]


# The changes that are recorded; one tuple of them is one transaction.


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


@dataclass(frozen=True)
class TagsChanged:
    """Takes user tags from a run and gives it others; in this order, so that what is in both is there afterwards."""

    flow: str
    run: str
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunDeleted:
    """Takes a run with all its tasks out. What it alone referred to is left for garbage collection."""

    flow: str
    run: str


@dataclass(frozen=True)
class Pin:
    """Keeps what `path` names: FLOW/RUN a run, which then is not deleted; FLOW/RUN/STEP/TASK/ARTIFACT the blob
    `digest`, whatever happens to its run. Pinning again replaces the note."""

    path: str
    digest: str | None
    note: str
    at: float


@dataclass(frozen=True)
class Unpinned:
    path: str


@dataclass(frozen=True)
class BlobsForgotten:
    """Takes out what is known of blobs that no artifact refers to."""


@dataclass(frozen=True)
class Space:
    """What an artifact's values take: `size` bytes, each blob counted once; `shared` of them are also another's."""

    flow: str
    step: str
    name: str
    values: int
    blobs: int
    size: int
    shared: int


Change = (
    RunCreated
    | AttemptStarted
    | AttemptPid
    | AttemptFinished
    | TakenOver
    | RunFinished
    | TagsChanged
    | RunDeleted
    | Pin
    | Unpinned
    | BlobsForgotten
)

"""Tasks and their attempts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pyflow.client.artifacts import Artifact, Artifacts, Data, task_artifacts
from pyflow.client.catalog import Catalog, default_catalog
from pyflow.client.failure import Failure, failure_of
from pyflow.client.missing import split_pathspec, suggestion
from pyflow.spec.errors import NotFoundError
from pyflow.spec.records import RUNNING, SUCCESS, AttemptRow, TaskRow

# How many characters of a log are read at once.
PIECE = 1 << 20


class Task:
    """One execution of a step: `Task("MyFlow/1764000000000000/fit/7")`."""

    def __init__(self, pathspec: str, catalog: Catalog | None = None) -> None:
        catalog = catalog or default_catalog()
        flow, run, step, task = split_pathspec(pathspec, "flow/run/step/task")
        found = catalog.metadata.tasks(flow, run, step, task)
        if not found:
            known = suggestion(task, (row.task for row in catalog.metadata.tasks(flow, run, step)), what="tasks")
            raise NotFoundError(f"there is no task {pathspec}", hint=f"{known} {catalog.place}")
        self._set(found[0], catalog)

    @classmethod
    def from_row(cls, row: TaskRow, catalog: Catalog) -> Task:
        self = cls.__new__(cls)
        self._set(row, catalog)
        return self

    def _set(self, row: TaskRow, catalog: Catalog) -> None:
        self._row = row
        self._catalog = catalog
        self._attempts: list[Attempt] | None = None
        self._artifacts: list[Artifact] | None = None

    @property
    def id(self) -> str:
        return self._row.task

    @property
    def pathspec(self) -> str:
        row = self._row
        return f"{row.flow}/{row.run}/{row.step}/{row.task}"

    @property
    def row(self) -> TaskRow:
        """The task's row in the metadata, as it is now."""
        if self._row.status == RUNNING:
            self._row = self._catalog.metadata.tasks(*self._key)[0]
        return self._row

    @property
    def _key(self) -> tuple[str, str, str, str]:
        return self._row.flow, self._row.run, self._row.step, self._row.task

    @property
    def status(self) -> str:
        """`running`, `success`, `caught`, `failed`, `crashed` or `interrupted`."""
        return self.row.status

    @property
    def successful(self) -> bool:
        """Whether the step's code ended well; False for a failure that `catch` stored."""
        return self.status == SUCCESS

    @property
    def finished(self) -> bool:
        return self.status != RUNNING

    @property
    def created_at(self) -> datetime:
        return moment(self._row.created_at)

    @property
    def finished_at(self) -> datetime | None:
        return moment_or_none(self.row.finished_at)

    @property
    def index(self) -> int | None:
        """Which item of the innermost foreach it works on, or its number in a gang, from 0; None outside of both."""
        return foreach_index(self._row)

    @property
    def iteration(self) -> int | None:
        """How often the innermost loop around its step was gone through before; None outside of a loop."""
        return self._row.iteration[-1] if self._row.iteration else None

    @property
    def origin_pathspec(self) -> str | None:
        """The task that did the work, if this one was taken over when its run resumed an earlier one."""
        return f"{self._row.flow}/{self._row.origin}" if self._row.origin else None

    @property
    def attempts(self) -> list[Attempt]:
        """All tries, the first one first."""
        if self._attempts is not None:
            return self._attempts
        over = self.finished
        attempts = [Attempt(row) for row in self._catalog.metadata.attempts(*self._key)]
        if over:
            self._attempts = attempts
        return attempts

    @property
    def current_attempt(self) -> int:
        """The number of the last try, from 0."""
        return self.row.attempt

    @property
    def pid(self) -> int | None:
        """The process of the last try."""
        return self.attempts[-1].pid

    @property
    def exception(self) -> Failure | None:
        """What ended the last try, also where `catch` stored it."""
        return self.attempts[-1].exception

    @property
    def stdout(self) -> str:
        """What the last try has written so far."""
        return self.attempts[-1].stdout

    @property
    def stderr(self) -> str:
        return self.attempts[-1].stderr

    @property
    def warnings(self) -> tuple[str, ...]:
        """Announcements of what could not be kept exactly."""
        return self.attempts[-1].warnings

    @property
    def artifacts(self) -> Artifacts:
        """Artifacts by name, unopened: what the task set, what it passed on, parameters and constants."""
        return Artifacts(self.pathspec, self._read_artifacts(), self._catalog.place)

    @property
    def data(self) -> Data:
        """The same, by name the values."""
        return Data(self.pathspec, self._read_artifacts(), self._catalog.place)

    def _read_artifacts(self) -> list[Artifact]:
        if self._artifacts is not None:
            return self._artifacts
        over = self.finished
        found = [Artifact.from_row(row, self._catalog) for row in task_artifacts(self._catalog, *self._key)]
        if over:
            self._artifacts = found
        return found

    def __getitem__(self, name: str) -> Artifact:
        found: Artifact = self.artifacts[name]
        return found

    def __contains__(self, name: object) -> bool:
        return name in self.artifacts

    def __iter__(self) -> Iterator[Artifact]:
        return iter(self.artifacts)

    def __repr__(self) -> str:
        return f"Task({self.pathspec!r}: {self.status})"


class Attempt:
    """One try of a task."""

    def __init__(self, row: AttemptRow) -> None:
        self._row = row

    @property
    def number(self) -> int:
        return self._row.attempt

    @property
    def status(self) -> str:
        return self._row.status

    @property
    def pid(self) -> int | None:
        return self._row.pid

    @property
    def started_at(self) -> datetime:
        return moment(self._row.started_at)

    @property
    def finished_at(self) -> datetime | None:
        return moment_or_none(self._row.finished_at)

    @property
    def exception(self) -> Failure | None:
        return failure_of(self._row.error)

    @property
    def warnings(self) -> tuple[str, ...]:
        return self._row.warnings

    @property
    def stdout(self) -> str:
        return self.log("stdout")

    @property
    def stderr(self) -> str:
        return self.log("stderr")

    def log(self, stream: str) -> str:
        """The text of a stream (`stdout` or `stderr`); empty if nothing was written."""
        return "".join(self.log_pieces(stream))

    def log_pieces(self, stream: str) -> Iterator[str]:
        """The text of a stream piece by piece: a log may be larger than memory."""
        path = Path(self._row.folder) / f"{stream}.log"
        try:
            with path.open(encoding="utf-8", errors="replace", newline="") as file:
                while piece := file.read(PIECE):
                    yield piece
        except FileNotFoundError:
            return

    def __repr__(self) -> str:
        row = self._row
        return f"Attempt({row.flow}/{row.run}/{row.step}/{row.task}, {row.attempt}: {row.status})"


def foreach_index(row: TaskRow) -> int | None:
    frames = (frame for frame in reversed(row.foreach) if frame.get("foreach") or frame.get("parallel"))
    return next((frame["index"] for frame in frames), None)


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def moment_or_none(seconds: float | None) -> datetime | None:
    return None if seconds is None else moment(seconds)

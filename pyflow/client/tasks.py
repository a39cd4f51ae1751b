"""Tasks and their attempts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pyflow.client import look
from pyflow.client.artifacts import Artifact, Artifacts, Data, task_artifacts
from pyflow.client.catalog import Catalog, default_catalog, reopened
from pyflow.client.code import Code, code_of
from pyflow.client.facts import Fact, environment_info, facts
from pyflow.client.failure import Failure, failure_of
from pyflow.client.items import Stated, moment, moment_or_none
from pyflow.client.logs import LogLine, read_lines
from pyflow.client.missing import split_pathspec, suggestion
from pyflow.define import namespaces
from pyflow.spec.errors import NotFoundError
from pyflow.spec.records import RUNNING, AttemptRow, TaskRow

# How many characters of a log are read at once.
PIECE = 1 << 20


class Task(Stated, depth=4):
    """One execution of a step: `Task("MyFlow/1764000000000000/fit/7")`; `attempt` 0 is its first try, the last one is
    the default. Iteration gives artifacts."""

    def __init__(
        self, pathspec: str, catalog: Catalog | None = None, *, attempt: int | None = None, check_namespace: bool = True
    ) -> None:
        catalog = catalog or default_catalog()
        flow, run, step, task = split_pathspec(pathspec, "flow/run/step/task")
        found = catalog.metadata.tasks(flow, run, step, task)
        if not found:
            known = suggestion(task, (row.task for row in catalog.metadata.tasks(flow, run, step)), what="tasks")
            raise NotFoundError(f"there is no task {pathspec}", hint=f"{known} {catalog.place}")
        self._set(found[0], catalog)
        if check_namespace:
            namespaces.check(f"task {pathspec}", self.tags)
        if attempt is not None:
            self._choose(attempt)

    @classmethod
    def from_row(cls, row: TaskRow, catalog: Catalog) -> Task:
        self = cls.__new__(cls)
        self._set(row, catalog)
        return self

    def _set(self, row: TaskRow, catalog: Catalog) -> None:
        self._row = row
        self._catalog = catalog
        self._attempt: int | None = None
        self._attempts: list[Attempt] | None = None
        self._artifacts: list[Artifact] | None = None

    def _choose(self, attempt: int) -> None:
        """Tell of this attempt instead of the last one."""
        self._attempt = attempt
        known = [str(item.number) for item in self.attempts]
        if str(attempt) not in known:
            raise NotFoundError(f"task {self.pathspec} has no attempt {attempt}", hint=f"It has {', '.join(known)}.")

    @property
    def told(self) -> Attempt:
        """The attempt that is told of."""
        return next(item for item in reversed(self.attempts) if self._attempt in (None, item.number))

    @property
    def status(self) -> str:
        """`running`, `success`, `caught`, `failed`, `crashed` or `interrupted`."""
        return self.row.status if self._attempt is None else self.told.status

    @property
    def finished_at(self) -> datetime | None:
        return moment_or_none(self.row.finished_at) if self._attempt is None else self.told.finished_at

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
    def step(self) -> Any:
        """Its step."""
        return self.parent

    @property
    def run(self) -> Any:
        """The run that it belongs to."""
        return self.parent.parent

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
        over = self.row.status != RUNNING
        attempts = [Attempt(row) for row in self._catalog.metadata.attempts(*self._key)]
        if over:
            self._attempts = attempts
        return attempts

    @property
    def current_attempt(self) -> int:
        """The number of the try that is told of, from 0: the last one, if the task was not asked for another."""
        return self.row.attempt if self._attempt is None else self._attempt

    @property
    def pid(self) -> int | None:
        """The process of the last try."""
        return self.told.pid

    @property
    def exception(self) -> Failure | None:
        """What ended the last try, also where `catch` stored it."""
        return self.told.exception

    @property
    def stdout(self) -> str:
        """What the last try has written so far."""
        return self.told.stdout

    @property
    def stderr(self) -> str:
        return self.told.stderr

    @property
    def stdout_size(self) -> int:
        """In bytes."""
        return self.told.size("stdout")

    @property
    def stderr_size(self) -> int:
        return self.told.size("stderr")

    def loglines(self, stream: str, as_unicode: bool = True) -> Iterator[tuple[datetime | None, Any]]:
        """Lines of `stdout` or `stderr`, each with the time of its writing, to some hundredths of a second."""
        for line in self.told.loglines():
            if line.stream == stream:
                yield line.time, line.text if as_unicode else line.text.encode()

    @property
    def log(self) -> list[LogLine]:
        """Lines of both streams in the order in which they came: time, stream, text."""
        return self.told.loglines()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Announcements of what could not be kept exactly."""
        return self.told.warnings

    @property
    def parent_tasks(self) -> list[Task]:
        """The tasks whose artifacts it got."""
        flow, run, _, task = self._key
        return [Task.from_row(row, self._catalog) for row in self._catalog.metadata.parents(flow, run, task)]

    @property
    def child_tasks(self) -> list[Task]:
        """The tasks that got its artifacts."""
        flow, run, _, task = self._key
        return [Task.from_row(row, self._catalog) for row in self._catalog.metadata.children(flow, run, task)]

    @property
    def parent_task_pathspecs(self) -> list[str]:
        return [task.pathspec for task in self.parent_tasks]

    @property
    def child_task_pathspecs(self) -> list[str]:
        return [task.pathspec for task in self.child_tasks]

    @property
    def code(self) -> Code | None:
        """The code that its run used; None for a flow without a file."""
        return code_of(self._the_run(), self._catalog)

    @property
    def environment_info(self) -> dict[str, Any]:
        """Where it ran and with what: host, platform, versions, language."""
        return environment_info(self._the_run(), self._row.step)

    @property
    def runtime_name(self) -> str:
        """The backend: `local`."""
        return str(self._the_run().info.get("backend", "local"))

    @property
    def metadata(self) -> list[Fact]:
        """What is known of how the attempt was carried out, as facts with a name, a value and a time."""
        return facts(self._the_run(), self.row, self.told.row, self._catalog)

    @property
    def metadata_dict(self) -> dict[str, Any]:
        return {fact.name: fact.value for fact in self.metadata}

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
        found = [
            Artifact.from_row(row, self._catalog) for row in task_artifacts(self._catalog, *self._key, self._attempt)
        ]
        if over:
            self._artifacts = found
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.pathspec, self._catalog.root, self._attempt)

    def _repr_html_(self) -> str:
        attempts = [attempt.row for attempt in self.attempts]
        artifacts = [item.row for item in self.artifacts]
        return look.task_html(self.row, attempts, artifacts, time.time())

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
    def row(self) -> AttemptRow:
        return self._row

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

    def loglines(self) -> list[LogLine]:
        """What was written to both streams, in the order in which it came."""
        return read_lines(self._row.folder)

    def size(self, stream: str) -> int:
        """Bytes of what was written to a stream."""
        try:
            return (Path(self._row.folder) / f"{stream}.log").stat().st_size
        except FileNotFoundError:
            return 0

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


def _again(pathspec: str, root: str, attempt: int | None) -> Task:
    return Task(pathspec, reopened(root), attempt=attempt, check_namespace=False)


def is_control(row: TaskRow) -> bool:
    """Whether the task is the first of a gang."""
    return bool(row.foreach) and bool(row.foreach[-1].get("parallel")) and row.foreach[-1]["index"] == 0


def foreach_index(row: TaskRow) -> int | None:
    frames = (frame for frame in reversed(row.foreach) if frame.get("foreach") or frame.get("parallel"))
    return next((frame["index"] for frame in frames), None)

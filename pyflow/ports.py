"""The seams of pyflow. An implementation is a class with these methods; nothing inherits from here.

Each port's contract stands in its comments and is tested by one suite in tests/suites, which every
implementation passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pyflow.spec.graph import Graph
from pyflow.spec.records import (
    ArtifactRow,
    AttemptRow,
    Change,
    FinishedTask,
    FoundRun,
    FoundTask,
    Lineage,
    Pin,
    RunRow,
    Space,
    TaskRow,
)
from pyflow.spec.search import Search
from pyflow.spec.task import ArtifactRef, Scalar, TaskError, TaskRequest, TaskResult

Buffer = bytes | bytearray | memoryview


class Store(Protocol):
    """Blobs by digest. Blobs never change; there is no overwrite and no rename."""

    def put(self, chunks: Iterable[Buffer]) -> tuple[str, int]:
        """Store the concatenated chunks; returns (digest, size in bytes).

        Idempotent and atomic: readers see the whole blob or none, also when two writers store the same one
        or a writer is killed. Raises StoreError (code `store_write`, with path and reason) when the place
        cannot be written; then nothing of it is left.
        """
        ...

    def get(self, digest: str, *, whole: bool = True) -> Path:
        """A local, read-only file with the blob's bytes, its digest checked; unchecked, if it was not before, when it
        is not to be read as a `whole` (a check reads all of it).

        Raises StoreError `blob_missing` or `artifact_corrupt`, naming digest and path.
        """
        ...

    def exists(self, digest: str) -> bool: ...

    def list(self) -> Iterator[str]:
        """All digests, in no particular order; never a blob that is being written."""
        ...


class Metadata(Protocol):
    """Runs, tasks, attempts, artifacts. One writer for a run (the engine), any number of readers; tags are changed by
    anybody at any time."""

    def record(self, changes: Sequence[Change]) -> None:
        """Write all changes in one transaction: all or none.

        When it returns, they survive the death of this process; those that begin or end a run survive a power cut too.
        """
        ...

    def flows(self, tag: str | None = None) -> list[str]:
        """By name; those that have a run with the tag."""
        ...

    def runs(
        self,
        flow: str | None = None,
        run: str | None = None,
        limit: int | None = None,
        status: str | None = None,
        *,
        spins: bool = False,
    ) -> list[RunRow]:
        """Newest first. A run that says `running` though its engine is dead is `interrupted`, and so are its
        running tasks and attempts, here and below. Runs that only repeat a task (`spin`) are left out, unless `spins`
        asks for them or `run` names one."""
        ...

    def tasks(self, flow: str, run: str, step: str | None = None, task: str | None = None) -> list[TaskRow]:
        """In the order in which they were made."""
        ...

    def finished(self, flow: str, run: str) -> list[FinishedTask]:
        """Tasks that ended as success or caught, in the order in which they were made, each with all its artifacts:
        one answer for ten thousand tasks."""
        ...

    def attempts(self, flow: str, run: str, step: str | None = None, task: str | None = None) -> list[AttemptRow]:
        """All attempts, by task in order, then by attempt."""
        ...

    def artifacts(
        self,
        flow: str,
        run: str,
        step: str | None = None,
        task: str | None = None,
        name: str | None = None,
        attempt: int | None = None,
    ) -> list[ArtifactRow]:
        """The artifacts of each task's last attempt, or of attempt `attempt`; by task in order, then by name."""
        ...

    def parents(self, flow: str, run: str, task: str) -> list[TaskRow]:
        """The task's inputs, in the order in which they were made; `_parameters` is none."""
        ...

    def children(self, flow: str, run: str, task: str) -> list[TaskRow]:
        """The tasks that have the task as an input, in the order in which they were made."""
        ...

    # One query answers a search, however much there is in the store.

    def find_runs(self, search: Search) -> list[FoundRun]:
        """Newest first, unless the search has another order; what the order's value is missing of comes last."""
        ...

    def find_tasks(self, search: Search) -> list[FoundTask]:
        """Those of the newest run first, in a run in the order in which they were made. `_parameters` is none."""
        ...

    def find_artifacts(self, search: Search) -> list[ArtifactRow]:
        """Artifacts where they were made: by the last attempts of tasks (parameters by `_parameters`), as tasks are
        found, then by name."""
        ...

    def lineage(self, digest: str) -> Lineage:
        """Who made the artifact and who had it as an input."""
        ...

    # What garbage collection and checks ask.

    def referenced(self) -> set[str]:
        """The digests of all blobs that an artifact, a run's code or a pin refers to."""
        ...

    def pins(self) -> list[Pin]: ...

    def space(self) -> list[Space]:
        """What the artifacts take that tasks made, by flow, step and name; the largest first."""
        ...

    def problems(self) -> list[str]:
        """What is wrong with the records themselves, in words; empty if nothing is."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Started:
    id: str
    pid: int


@dataclass(frozen=True)
class Output:
    """Whole lines (without line ends) that an attempt wrote to `stream` (`stdout` or `stderr`)."""

    id: str
    stream: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Ended:
    """An attempt's process and all it started are gone; `result` is None after a crash, with `error` saying how."""

    id: str
    result: TaskResult | None
    error: TaskError | None


BackendEvent = Started | Output | Ended


class Backend(Protocol):
    """Where runners run. Started attempts run at the same time; the engine limits how many."""

    def prepare(self, graph: Graph, code: Mapping[str, str] | None = None) -> None:
        """Get ready to run this graph's steps: load the user's files in every language it needs. `code` says where the
        run's copy of them is: `copy` of `folder`; None: they are loaded from where they are.

        Raises DefinitionError (a file or function is missing, a file fails to load) or HostError
        (a language is not installed, with the command that installs it).
        """
        ...

    def capacity(self) -> Mapping[str, float]:
        """What attempts can be given together, by name of a resource (spec.resources.NAMES; memory and disk in MB). A
        resource that is not named is not limited."""
        ...

    def start(self, request: TaskRequest) -> None:
        """Start an attempt; returns at once. Its events carry request.id. Never raises for a single task:
        an attempt that cannot be started is reported as Ended."""
        ...

    def wait(self, timeout: float | None) -> list[BackendEvent]:
        """Events since the last call; waits for the first one at most `timeout` seconds (None: no limit).
        All Output of an attempt comes before its Ended."""
        ...

    def stop(self, id: str, grace: float) -> None:
        """Ask an attempt to end, after `grace` seconds make it; Ended follows. Unknown ids are ignored."""
        ...

    def close(self) -> None:
        """End everything that is left. Idempotent."""
        ...


@dataclass(frozen=True)
class TaskLabel:
    """How an attempt is named to people: run/step/task (pid)."""

    run: str
    step: str
    task: str
    attempt: int
    pid: int | None = None


class Reporter(Protocol):
    """Tells people what happens while it happens. Never raises and never changes the run."""

    def started(self, label: TaskLabel) -> None: ...

    def output(self, label: TaskLabel, stream: str, lines: Sequence[str]) -> None: ...

    def ended(self, label: TaskLabel, result: TaskResult | None, error: TaskError | None) -> None: ...

    def note(self, text: str, label: TaskLabel | None = None) -> None:
        """A line of the engine's own: a retry, a foreach's width, tasks being stopped."""
        ...

    def progress(self, *, done: int, running: int, known: int) -> None:
        """Called after each batch of events: tasks done, running, and known so far."""
        ...


@dataclass(frozen=True)
class Interpreter:
    """A command that starts a language's interpreter, and variables it needs."""

    command: tuple[str, ...]
    environment: Mapping[str, str]


class Environment(Protocol):
    """Gives the interpreter and packages that steps of a language run with."""

    def interpreter(self, language: str) -> Interpreter:
        """Raises HostError when the language is not to be had, with the command that installs it."""
        ...


@dataclass(frozen=True)
class Encoded:
    """A value as an artifact: the file's bytes, and what can be said of it unopened (spec.task.ArtifactRef)."""

    chunks: Sequence[Buffer]
    kind: str
    type: str
    preview: str
    warnings: tuple[str, ...] = ()
    scalar: Scalar = None

    def ref(self, digest: str, size: int) -> ArtifactRef:
        """What is kept of it in the metadata, once its bytes are in the store."""
        return ArtifactRef(digest, self.kind, size, self.type, self.preview, self.scalar)


class SecretSource(Protocol):
    """A kind of place where secrets are kept. One is made for each request; it keeps nothing."""

    def get(self, source: Mapping[str, Any], role: str | None) -> Mapping[str, str]:
        """The secrets that `source` names, as environment variables by name.

        `source` has a `type`, which chose this class, and what this kind of place needs (`id`, `options`, ...);
        `role` is an identity to take on, where the place knows such. Raises SecretError `secret_missing` (there is
        none of that name, or it may not be read) or `secret_invalid` (`source` lacks what is needed). A message never
        holds a value.
        """
        ...


class Codec(Protocol):
    """Values of this language <-> artifact files (shared_spec/artifact.md)."""

    def encode(self, value: Any, name: str) -> Encoded:
        """Raises ArtifactError with the name, type and two ways out when the value cannot be kept.
        `warnings` announce what cannot be kept exactly. Equal values give equal bytes. The chunks may lie in the
        value's own memory: they are to be used before the value is changed."""
        ...

    def decode(self, source: Path | Buffer, name: str = "", announce: Callable[[str], None] = ...) -> Any:
        """The value in the artifact file (or its bytes). The caller may change it without changing the file.
        What the value loses by being read in this language is announced: texts that name the artifact, `name`, are
        given to `announce` (without one they are warnings of the class ArtifactWarning).
        Raises StoreError `artifact_corrupt` or `artifact_version`."""
        ...

    def columns(self, path: Path, wanted: Sequence[Any], name: str = "", announce: Callable[[str], None] = ...) -> Any:
        """Some columns of the table in an artifact file, in the order asked for, and its row index: a table of the
        class that the artifact has. What lies under other columns is not read. `name` and `announce`: see `decode`.
        Raises NotFoundError `column_missing`, ArtifactError `not_a_table`, and what `decode` raises."""
        ...

    def unchanged(self, encoded: Encoded, source: Path, name: str) -> bool:
        """Whether an encoded value is what the artifact file `source` holds: the same bytes, or the bytes that reading
        and writing it here give (a value that the other language made may be written differently). Cheap where the
        value still lies in the mapped file."""
        ...

    def count(self, path: Path, language: str) -> int:
        """How many foreach items the artifact has for a split step of `language`: elements of a list or vector,
        rows of a table; a dict's keys (Python) or values (R); a Python text's characters; one for an R scalar.
        Raises ArtifactError `foreach_not_iterable` for a value without items."""
        ...

    def item(self, path: Path, index: int, language: str) -> Encoded:
        """Foreach item `index` as an artifact of its own, without reading the rest; a table's row is a table of one
        row."""
        ...

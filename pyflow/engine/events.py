"""What happens in a run, and what is to be done then: the messages of engine.state (shared_spec/run-state.md)."""

from __future__ import annotations

from dataclasses import dataclass

from pyflow.spec.task import TaskError

# Events


@dataclass(frozen=True)
class Begin:
    parameters: bool


@dataclass(frozen=True)
class StartedEvent:
    task: str
    attempt: int
    pid: int


@dataclass(frozen=True)
class Succeeded:
    """`foreach_count`: items of a foreach, size of a gang (at most max_workers). `choice`: the target of a switch."""

    task: str
    attempt: int
    foreach_count: int | None = None
    choice: str | None = None


@dataclass(frozen=True)
class Failed:
    """`crashed`: there was no result."""

    task: str
    attempt: int
    error: TaskError
    crashed: bool = False


@dataclass(frozen=True)
class Timer:
    task: str


@dataclass(frozen=True)
class Interrupt:
    pass


@dataclass(frozen=True)
class Stopped:
    task: str
    attempt: int


@dataclass(frozen=True)
class Hold:
    """From here on tasks that become ready are set aside."""


@dataclass(frozen=True)
class TakenOver:
    """A task that was set aside has been done by an earlier run."""

    task: str
    foreach_count: int | None = None
    choice: str | None = None


@dataclass(frozen=True)
class Release:
    """What was set aside and not taken over may start."""


Event = Begin | StartedEvent | Succeeded | Failed | Timer | Interrupt | Stopped | Hold | TakenOver | Release

# Actions


@dataclass(frozen=True)
class Launch:
    task: str
    attempt: int
    last: bool
    caught: TaskError | None = None


@dataclass(frozen=True)
class Wait:
    task: str
    seconds: float


@dataclass(frozen=True)
class Stop:
    task: str
    attempt: int


@dataclass(frozen=True)
class Finish:
    status: str
    error: TaskError | None = None
    task: str | None = None


Action = Launch | Wait | Stop | Finish

"""What is searched for among runs, tasks and artifacts: conditions, orders, and the facts that they may name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyflow.spec.records import CAUGHT, CRASHED, FAILED, INTERRUPTED, RUNNING, SUCCESS
from pyflow.spec.task import PARAMETERS, Scalar

TEXT, NUMBER, TIME, SECONDS, ANY = "text", "number", "time", "seconds", "any"
_RUN = {
    "flow": TEXT,
    "run": TEXT,
    "status": TEXT,
    "user": TEXT,
    "tag": TEXT,
    "created": TIME,
    "finished": TIME,
    "duration": SECONDS,
    "origin": TEXT,
}
_TASK = _RUN | {"step": TEXT, "task": TEXT, "attempt": NUMBER}
# What can be asked of a run, a task, an artifact, and of which type the answer is.
FIELDS: Mapping[str, Mapping[str, str]] = {
    "runs": _RUN,
    "tasks": _TASK,
    "artifacts": _TASK | {"name": TEXT, "kind": TEXT, "type": TEXT, "size": NUMBER, "digest": TEXT, "value": ANY},
}
_OF_TASKS = (RUNNING, SUCCESS, CAUGHT, FAILED, CRASHED, INTERRUPTED)
STATUSES: Mapping[str, tuple[str, ...]] = {
    "runs": (RUNNING, SUCCESS, FAILED, INTERRUPTED),
    "tasks": _OF_TASKS,
    "artifacts": _OF_TASKS,
}
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "~")


@dataclass(frozen=True)
class Field:
    """A fact of what is searched."""

    name: str


@dataclass(frozen=True)
class Value:
    """The scalar value of an artifact. `step` None: of the run's last task (of the task), else the parameter."""

    name: str
    step: str | None = None

    @property
    def label(self) -> str:
        """How a column with it is called."""
        if self.step is None:
            return self.name
        return f"{'params' if self.step == PARAMETERS else self.step}.{self.name}"


Name = Field | Value


@dataclass(frozen=True)
class Compare:
    """`operator` is one of OPERATORS; `right` is compared to only if it is of the same type."""

    left: Name
    operator: str
    right: Name | Scalar


@dataclass(frozen=True)
class Among:
    left: Name
    options: tuple[Scalar, ...]


@dataclass(frozen=True)
class Not:
    inner: Condition


@dataclass(frozen=True)
class Every:
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Either:
    parts: tuple[Condition, ...]


Condition = Compare | Among | Not | Every | Either


@dataclass(frozen=True)
class Order:
    by: Name
    descending: bool = False


@dataclass(frozen=True)
class Search:
    """What is looked for; `spins`: also runs that only repeat a task. `limit` None: all."""

    where: Condition | None = None
    sort: tuple[Order, ...] = ()
    limit: int | None = None
    spins: bool = False

    @property
    def shown(self) -> tuple[Value, ...]:
        """The values that the search names, which its answer tells of each run or task."""
        found = [*values_of(self.where), *(order.by for order in self.sort if isinstance(order.by, Value))]
        return tuple(dict.fromkeys(found))


def values_of(condition: Condition | None) -> list[Value]:
    """The values that a condition names, in the order of the text."""
    match condition:
        case Compare(left, _, right):
            return [name for name in (left, right) if isinstance(name, Value)]
        case Among(left, _):
            return [left] if isinstance(left, Value) else []
        case Not(inner):
            return values_of(inner)
        case Every(parts) | Either(parts):
            return [name for part in parts for name in values_of(part)]
    return []


def both(*conditions: Condition | None) -> Condition | None:
    """All conditions that are given; None if there is none."""
    parts = tuple(condition for condition in conditions if condition is not None)
    return parts[0] if len(parts) == 1 else Every(parts) if parts else None

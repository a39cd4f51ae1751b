"""`@step`, `r_step` and the step decorators. They only take notes; compile reads them, nothing runs here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, overload

from pyflow.define.config import delayable
from pyflow.define.place import caller_line
from pyflow.define.transitions import Options
from pyflow.spec.errors import DefinitionError, Where
from pyflow.spec.graph import Decorator

NOTES = "__pyflow_step__"
Target = TypeVar("Target", bound="Callable[..., Any] | RStep")


@dataclass
class StepNotes:
    """What has been said about a step: its decorators, the one nearest to the function first. One whose arguments are
    not known yet is a config.Delayed, one of the user's own a custom.Use. `start` and `end`: it is the first or the
    last step whatever its name."""

    decorators: list[Any] = field(default_factory=list)
    start: bool = False
    end: bool = False


@dataclass
class RStep:
    """A step whose code is an R function; made by `r_step`."""

    file: str
    function: str
    next: tuple[str, ...] | Mapping[Any, str]
    options: Options
    join: bool
    declared_in: str
    line: int
    name: str = ""
    notes: StepNotes = field(default_factory=StepNotes)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name


@overload
def step(function: Callable[..., Any]) -> Callable[..., Any]: ...


@overload
def step(
    *, start: bool = False, end: bool = False, node_info: Mapping[str, Any] | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]: ...


def step(
    function: Callable[..., Any] | None = None,
    *,
    start: bool = False,
    end: bool = False,
    node_info: Mapping[str, Any] | None = None,
) -> Any:
    """Make a method a step of the flow.

    The method takes `self`, or `self` and `inputs` if it joins branches. Its last statement is `self.next(...)`, except
    in the last step. Other decorators stand above `@step`. The first step is called `start` and the last one `end`, or
    they are marked: `@step(start=True)`, `@step(end=True)`. A flow of a single step needs neither. `node_info` is for
    tools that read flows: it is kept on the function, and has no other effect.

    Example::

        @step
        def start(self):
            self.x = 1
            self.next(self.end)
    """
    if function is None:
        return lambda found: _make_step(found, start, end, node_info)
    return _make_step(function, start, end, node_info)


def _make_step(
    function: Callable[..., Any], start: bool, end: bool, node_info: Mapping[str, Any] | None
) -> Callable[..., Any]:
    if not callable(function) or not hasattr(function, "__code__"):
        raise DefinitionError(f"@step stands on a method, not on {function!r}", code="step_invalid")
    setattr(function, NOTES, StepNotes(start=start, end=end))
    function.node_info = dict(node_info or {})  # type: ignore[attr-defined]
    return function


def r_step(
    file: str,
    function: str,
    *,
    next: str | Sequence[str] | Mapping[Any, str] | None = None,
    foreach: str | None = None,
    num_parallel: int | str | None = None,
    condition: str | None = None,
    join: bool = False,
    start: bool = False,
    end: bool = False,
) -> Any:
    """A step whose code is the R function `function` of `file` (relative to the flow's file).

    `next` names the next step, several for a branch, or by value for a switch: `next={"small": "a", "large": "b"},
    condition="size"`. `foreach` names the artifact to fan out over; `num_parallel` is the number of tasks in a gang, or
    the name of the artifact that holds it; with `join` the function takes `(self, inputs)`. Assign it in the class
    body; decorators take it as an argument::

        fit = retry(times=1)(r_step("model.R", "fit", next="join"))
    """
    frame = sys._getframe(1)
    targets = (next,) if isinstance(next, str) else next if isinstance(next, Mapping) else tuple(next or ())
    options, notes = Options(foreach, num_parallel, condition), StepNotes(start=start, end=end)
    return RStep(file, function, targets, options, join, frame.f_code.co_filename, frame.f_lineno, notes=notes)


def notes_of(target: object) -> StepNotes | None:
    """The notes of a step, or None for what is no step."""
    return target.notes if isinstance(target, RStep) else getattr(target, NOTES, None)


def attach(target: Target, note: Any) -> Target:
    """Note a decorator at a step; `note` has its name and line."""
    notes = notes_of(target)
    if notes is None:
        code = getattr(target, "__code__", None)
        where = Where(code.co_filename, note.line) if code else Where(line=note.line)
        raise DefinitionError(
            f"@{note.name} stands on {getattr(target, '__name__', target)!r}, which is not a step yet",
            code="decorator_misplaced",
            where=where,
            hint=f"Put @{note.name} above @step.",
        )
    notes.decorators.append(note)
    return target


def decorate(function: Target | None, name: str, args: Mapping[str, Any]) -> Any:
    """Serve both `@name` and `@name(...)`."""
    note = Decorator(name, dict(args), caller_line())
    return attach(function, note) if function is not None else lambda target: attach(target, note)


@overload
def retry(function: Target) -> Target: ...


@overload
def retry(*, times: int = 3, minutes_between_retries: float = 2) -> Callable[[Target], Target]: ...


@delayable(attach)
def retry(function: Any = None, *, times: int = 3, minutes_between_retries: float = 2) -> Any:
    """Try a failing step up to `times` more times (0 to 4), waiting `minutes_between_retries` in between."""
    return decorate(function, "retry", {"times": times, "minutes_between_retries": minutes_between_retries})


@overload
def catch(function: Target) -> Target: ...


@overload
def catch(*, var: str | None = None, print_exception: bool = True) -> Callable[[Target], Target]: ...


@delayable(attach)
def catch(function: Any = None, *, var: str | None = None, print_exception: bool = True) -> Any:
    """Let the run go on when the step fails after all retries.

    The artifact `var` then holds the error as a dict with `type`, `exception`, `stacktrace`, `language` and `code`;
    it is None if the step did not fail. What the step had set before the error is kept.
    """
    return decorate(function, "catch", {"var": var, "print_exception": print_exception})


@overload
def timeout(function: Target) -> Target: ...


@overload
def timeout(*, seconds: float = 0, minutes: float = 0, hours: float = 0) -> Callable[[Target], Target]: ...


@delayable(attach)
def timeout(function: Any = None, *, seconds: float = 0, minutes: float = 0, hours: float = 0) -> Any:
    """Fail the step with a TimeoutException when it takes longer than the sum of the three."""
    return decorate(function, "timeout", {"seconds": seconds, "minutes": minutes, "hours": hours})


@delayable(attach)
def environment(*, vars: Mapping[str, str]) -> Callable[[Target], Target]:
    """Set environment variables (text to text) for the step's process, before the step's code runs."""
    return decorate(None, "environment", {"vars": {key: str(value) for key, value in vars.items()}})


@delayable(attach)
def parallel(function: Any = None) -> Any:
    """Mark the step of a gang: `self.next(self.work, num_parallel=4)` starts so many tasks of it at the same time.

    They find each other by `current.parallel`: `main_ip`, `num_nodes`, `node_index` and `control_task_id`. If one of
    them fails the others are stopped, and with `retry` all of them are tried again. A join step follows.
    """
    return decorate(function, "parallel", {})

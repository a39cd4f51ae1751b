"""Which steps of a flow class are its first and its last one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from pyflow.define.source import ClassSource
from pyflow.define.steps import notes_of
from pyflow.spec.errors import GraphError, Problem, Where
from pyflow.spec.graph import Step


class Member(Protocol):
    """An attribute of the flow class."""

    @property
    def name(self) -> str: ...

    @property
    def value(self) -> object: ...

    @property
    def source(self) -> ClassSource: ...

    @property
    def line(self) -> int | None: ...


def ends(members: Sequence[Member], steps: Sequence[Step]) -> tuple[str, str]:
    """The names of the first and the last step: those that are marked, else `start` and `end`. The only step of a flow
    is both. Raises GraphError `step_invalid` where two steps are marked."""
    found = []
    for mark in ("start", "end"):
        marked = [member for member in members if getattr(notes_of(member.value), mark, False)]
        if len(marked) > 1:
            raise GraphError(tuple(_twice(mark, marked)))
        found.append(marked[0].name if marked else mark)
    if len(steps) == 1 and steps[0].transition.kind == "end":
        return steps[0].name, steps[0].name
    return found[0], found[1]


def _twice(mark: str, marked: Iterable[Member]) -> Iterable[Problem]:
    first, *others = marked
    for member in others:
        message = f"step {member.name} is marked with {mark}=True, but step {first.name} is so too"
        where = Where(member.source.file, member.line, member.name)
        yield Problem("step_invalid", message, where, f"A flow has one {mark} step: leave out one of the marks.")

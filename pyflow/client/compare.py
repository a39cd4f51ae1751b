"""What differs between two runs: parameters, code, environment, timing, artifacts.

    compare("MyFlow/1764000000000000", "MyFlow/1764000100000000")

Artifacts are compared by digest; a value is opened only when its difference is asked for.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pyflow.client.artifacts import Artifact, summary
from pyflow.client.runs import Run
from pyflow.spec.difference import Difference
from pyflow.spec.records import TaskRow
from pyflow.spec.task import PARAMETERS

# Heavy: loaded when values are compared, not when the client is.
DIFFERENCE = "pyflow.codec.difference:difference"
# What of a run's info and tags tells where it ran, in the order in which it is shown.
_ENVIRONMENT = ("host", "platform", "python", "pyflow")


@dataclass(frozen=True)
class Change:
    """A named thing that differs; None where a run does not have it."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Timing:
    """A step's number of tasks and their seconds in sum; None where it did not run."""

    step: str
    tasks: tuple[int, int]
    seconds: tuple[float | None, float | None]


class ArtifactChange:
    """An artifact that the two runs made differently. `difference` opens the two values."""

    def __init__(self, place: str, name: str, before: Artifact | None, after: Artifact | None) -> None:
        self.place, self.name, self.before, self.after = place, name, before, after

    @property
    def state(self) -> str:
        """`changed`, `added` or `removed`."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    @cached_property
    def difference(self) -> Difference:
        """What differs in the values. Natives stay closed."""
        if self.before is None:
            return Difference(f"new: {summary(_present(self.after))}")
        if self.after is None:
            return Difference(f"gone: {summary(self.before)}")
        if "native" in (self.before.kind, self.after.kind):
            return Difference(f"{summary(self.before)} -> {summary(self.after)}")
        return pkgutil.resolve_name(DIFFERENCE)(self.before.path, self.after.path)

    def __repr__(self) -> str:
        return f"ArtifactChange({self.place}/{self.name}: {self.state})"


class Comparison:
    """What differs between run `before` and run `after`; printing it shows all."""

    def __init__(self, before: Run, after: Run) -> None:
        self.before, self.after = before, after

    @property
    def parameters(self) -> list[Change]:
        """Parameters and constants with other values."""
        return [
            Change(item.name, _preview(item.before), _preview(item.after))
            for item in self._changes
            if item.place == PARAMETERS
        ]

    @cached_property
    def code(self) -> str:
        """A unified diff from the code of one to that of the other; empty if both ran the same."""
        if self.before.code is None or self.after.code is None or self.before.code.digest == self.after.code.digest:
            return ""
        return self.before.code.diff(self.after.code)

    @property
    def environment(self) -> list[Change]:
        """Machine, versions, user and git commit, where they differ."""
        old, new = _surroundings(self.before), _surroundings(self.after)
        return [Change(name, old[name], new[name]) for name in old if old[name] != new[name]]

    @cached_property
    def timing(self) -> list[Timing]:
        """Every step of either run, in the order in which they began."""
        old, new = _seconds(self._tasks[0]), _seconds(self._tasks[1])
        nothing: tuple[int, float | None] = (0, None)
        pairs = [(step, old.get(step, nothing), new.get(step, nothing)) for step in {**old, **new}]
        return [Timing(step, (one[0], two[0]), (one[1], two[1])) for step, one, two in pairs]

    @property
    def artifacts(self) -> list[ArtifactChange]:
        """Artifacts that tasks of the same step and foreach item made differently. What a task only passed on is
        told where it was made."""
        return [item for item in self._changes if item.place != PARAMETERS]

    @property
    def same(self) -> bool:
        """Whether parameters, code and artifacts are the same."""
        return not self._changes and not self.code

    @cached_property
    def _tasks(self) -> tuple[list[TaskRow], list[TaskRow]]:
        return self.before.task_rows(), self.after.task_rows()

    @cached_property
    def _changes(self) -> list[ArtifactChange]:
        old, new = _made(self.before, self._tasks[0]), _made(self.after, self._tasks[1])
        found = []
        for key in {**old, **new}:
            before, after = old.get(key), new.get(key)
            if before is None or after is None or before.digest != after.digest:
                found.append(ArtifactChange(*key, before, after))
        return found

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON values, the differences of artifacts too."""
        return {
            "before": self.before.pathspec,
            "after": self.after.pathspec,
            "same": self.same,
            "parameters": [vars(item) for item in self.parameters],
            "environment": [vars(item) for item in self.environment],
            "code": self.code.encode("utf-8", "replace").decode(),
            "timing": [
                {"step": item.step, "tasks": list(item.tasks), "seconds": list(item.seconds)} for item in self.timing
            ],
            "artifacts": [_artifact_json(item) for item in self.artifacts],
        }

    def __repr__(self) -> str:
        return "\n".join(text for _, text in self.lines())

    def lines(self) -> list[tuple[str, str]]:
        """The comparison as lines of text, each with what it is: `title`, `section`, `text`, or a kind of diff line."""
        shown = [("title", f"{self.before.pathspec} -> {self.after.pathspec}")]
        if self.same and not self.environment:
            shown.append(("text", "same parameters, code, environment and artifacts"))
        shown += _section("Parameters", [_changed(item) for item in self.parameters])
        shown += _section("Environment", [_changed(item) for item in self.environment])
        shown += _section("Code", self.code.split("\n")[:-1], kind="diff")
        shown += _section("Artifacts", [line for item in self.artifacts for line in _artifact_lines(item)])
        shown += _section("Timing", [_timing(item) for item in self.timing])
        return shown


def compare(before: Run | str, after: Run | str) -> Comparison:
    """What differs between two runs, given as Run or as "Flow/run". They may be of two flows.

    Raises NotFoundError for a run that is not there.
    """
    runs = [item if isinstance(item, Run) else Run(item) for item in (before, after)]
    return Comparison(*runs)


def _present(artifact: Artifact | None) -> Artifact:
    if artifact is None:
        raise ValueError("a change has an artifact on one side at least")
    return artifact


def _preview(artifact: Artifact | None) -> str | None:
    return None if artifact is None else artifact.preview


def _surroundings(run: Run) -> dict[str, str | None]:
    info, code = run.row.info, run.code
    found = {name: info.get(name) for name in _ENVIRONMENT}
    commit = None if code is None else code.git.commit
    dirty = " with changes" if code is not None and commit and code.git.dirty else ""
    return {"user": run.username, **found, "git": commit and f"{commit[:12]}{dirty}"}


def _seconds(rows: Sequence[TaskRow]) -> dict[str, tuple[int, float | None]]:
    """Tasks and the sum of their seconds, by step."""
    found: dict[str, tuple[int, float | None]] = {}
    for row in rows:
        count, seconds = found.get(row.step, (0, None))
        own = None if row.finished_at is None else row.finished_at - row.created_at
        both = seconds if own is None else own + (seconds or 0.0)
        found[row.step] = (count + 1, both)
    return found


def _made(run: Run, tasks: Iterable[TaskRow]) -> dict[tuple[str, str], Artifact]:
    """What the run's tasks made, not passed on, by the task's place in the graph and the artifact's name."""
    places = {row.task: _place(row) for row in tasks}
    found: dict[tuple[str, str], Artifact] = {}
    for item in run.made():
        place = PARAMETERS if item.row.step == PARAMETERS else places.get(item.row.task)
        if place is not None:
            found[place, item.name] = item
    return found


def _place(row: TaskRow) -> str:
    """`fit[2][0]`: the step, and the items of the foreach around it; `again` how often a loop was gone through."""
    indexes = "".join(f"[{frame['index']}]" for frame in row.foreach if "index" in frame)
    again = "".join(f" (round {number})" for number in row.iteration if number)
    return row.step + indexes + again


def _section(title: str, lines: Sequence[str], kind: str = "text") -> list[tuple[str, str]]:
    return [("section", title), *((kind, line) for line in lines)] if lines else []


def _changed(item: Change) -> str:
    return f"  {item.name}: {_or_none(item.before)} -> {_or_none(item.after)}"


def _or_none(text: str | None) -> str:
    return "(none)" if text is None else text


def _artifact_lines(item: ArtifactChange) -> list[str]:
    found = item.difference
    lines = [f"  {item.place}/{item.name}: {found.text}"]
    for part in found.details:
        note = f" ({part.note})" if part.note else ""
        lines.append(f"    {part.place}: {_or_none(part.before)} -> {_or_none(part.after)}{note}")
    if found.count > len(found.details) and found.details:
        lines.append(f"    ... and {found.count - len(found.details)} more")
    return lines


def _artifact_json(item: ArtifactChange) -> dict[str, Any]:
    sides: Mapping[str, Artifact | None] = {"before": item.before, "after": item.after}
    return {
        "place": item.place,
        "name": item.name,
        "state": item.state,
        **{side: None if found is None else found.digest for side, found in sides.items()},
        "difference": item.difference.text,
        "details": [vars(part) for part in item.difference.details],
    }


def _timing(item: Timing) -> str:
    old, new = ("-" if value is None else f"{value:.2f} s" for value in item.seconds)
    tasks = f"{item.tasks[0]}" if item.tasks[0] == item.tasks[1] else f"{item.tasks[0]} -> {item.tasks[1]}"
    return f"  {item.step}: {old} -> {new} ({tasks} {'task' if tasks == '1' else 'tasks'})"

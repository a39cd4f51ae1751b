"""Runs and their steps."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from pyflow.client import look
from pyflow.client.artifacts import Artifact, Artifacts, Data
from pyflow.client.catalog import Catalog, default_catalog
from pyflow.client.code import Code, code_of
from pyflow.client.facts import environment_info
from pyflow.client.failure import Failure, run_failure
from pyflow.client.items import Item, Stated, moment
from pyflow.client.missing import MissingItem, split_pathspec, suggestion
from pyflow.client.tags import change_tags, checked_tags
from pyflow.client.tasks import Task, is_control
from pyflow.define import namespaces
from pyflow.spec.errors import NotFoundError
from pyflow.spec.records import RUNNING, AttemptRow, RunRow, TagsChanged, TaskRow
from pyflow.spec.task import PARAMETERS


class Run(Stated, depth=2):
    """One execution of a flow: `Run("MyFlow/1764000000000000")`."""

    def __init__(self, pathspec: str, catalog: Catalog | None = None, *, check_namespace: bool = True) -> None:
        catalog = catalog or default_catalog()
        flow, run = split_pathspec(pathspec, "flow/run")
        found = catalog.metadata.runs(flow, run)
        if not found:
            raise missing_run(catalog, flow, run, NotFoundError)
        if check_namespace:
            namespaces.check(f"run {pathspec}", found[0].tags + found[0].system_tags)
        self._row = found[0]
        self._catalog = catalog

    @classmethod
    def from_row(cls, row: RunRow, catalog: Catalog) -> Run:
        self = cls.__new__(cls)
        self._row, self._catalog = row, catalog
        return self

    @property
    def id(self) -> str:
        return self._row.run

    @property
    def pathspec(self) -> str:
        return f"{self._row.flow}/{self._row.run}"

    @property
    def row(self) -> RunRow:
        """The run's row in the metadata, as it is now."""
        if self._row.status == RUNNING:
            self._row = self._catalog.metadata.runs(self._row.flow, self._row.run)[0]
        return self._row

    def _the_run(self) -> RunRow:
        return self._row

    @property
    def exception(self) -> Failure | None:
        """Why the run failed."""
        return run_failure(self.row.error)

    error = exception

    def add_tag(self, *tags: str | Iterable[str]) -> None:
        """Give the run tags: texts, or lists of them."""
        self.replace_tag((), tags)

    add_tags = add_tag

    def remove_tag(self, *tags: str | Iterable[str]) -> None:
        """Take tags away; one that the run does not have is none to take. Those of the system stay."""
        self.replace_tag(tags, ())

    remove_tags = remove_tag

    def replace_tag(self, remove: str | Iterable[Any], add: str | Iterable[Any]) -> None:
        """Take tags away and give others, at once."""
        row = self._row
        change = TagsChanged(row.flow, row.run, checked_tags(add), checked_tags(remove))
        change_tags(self._catalog, change, system=row.system_tags)
        self._row = self._catalog.metadata.runs(row.flow, row.run)[0]

    replace_tags = replace_tag

    @property
    def username(self) -> str:
        return self._row.username

    @property
    def origin(self) -> str | None:
        """The run that this one resumes."""
        return self._row.origin

    @property
    def origin_pathspec(self) -> str | None:
        return f"{self._row.flow}/{self._row.origin}" if self._row.origin else None

    @property
    def trigger(self) -> None:
        """The event that started the run: none, as events start runs only in a scheduler."""
        return None

    @property
    def info(self) -> Mapping[str, Any]:
        """Where and with what it was started: host, platform, versions, command."""
        return self._row.info

    @property
    def graph(self) -> Mapping[str, Any]:
        """The flow's graph as the run kept it: steps, transitions, decorators, parameters (shared_spec/graph.md)."""
        return self._row.graph

    @property
    def code(self) -> Code | None:
        """The code that the run used; None for a flow without a file."""
        return code_of(self._row, self._catalog)

    @property
    def spin(self) -> str | None:
        """RUN/STEP/TASK of the task that this run repeats, if it is no run of the whole flow."""
        return self._row.spin

    @property
    def parameters(self) -> Data:
        """The values of parameters and constants by name."""
        rows = self._catalog.metadata.artifacts(self._row.flow, self._row.run, PARAMETERS)
        items = [Artifact.from_row(row, self._catalog) for row in rows]
        return Data(f"{self.pathspec}/{PARAMETERS}", items, self._catalog.place)

    @property
    def end_task(self) -> Task | None:
        """The task of the last step; None if the run did not get there."""
        found = self._catalog.metadata.tasks(self._row.flow, self._row.run, self._row.graph.get("end", "end"))
        return Task.from_row(found[0], self._catalog) if found else None

    @property
    def data(self) -> Data:
        """The values of the last step by name."""
        return Data(self.pathspec, self.artifacts, self._catalog.place)

    @property
    def artifacts(self) -> Artifacts:
        """The artifacts of the last step by name, unopened."""
        task = self.end_task
        if task is None:
            raise NotFoundError(
                f"run {self.pathspec} has no data: it is {self.status}, and did not get to its last step",
                hint=f"Run({self.pathspec!r}).steps() has what was done before. {self._catalog.place}",
            )
        return task.artifacts

    def steps(self, *tags: str) -> list[Step]:
        """The steps that have begun, in the order in which they did, each with its tasks so far; none if the run does
        not have the tags."""
        if tags and not set(tags) <= self.tags:
            return []
        rows = self.task_rows()
        first = {step: order for order, step in enumerate(dict.fromkeys(row.step for row in rows))}
        grouped = groupby(sorted(rows, key=lambda row: first[row.step]), lambda row: row.step)
        return [Step.from_rows(list(group), self._catalog) for _, group in grouped]

    def task_rows(self) -> list[TaskRow]:
        """The metadata of all tasks so far, in the order in which they were made."""
        rows = self._catalog.metadata.tasks(self._row.flow, self._row.run)
        return [row for row in rows if row.step != PARAMETERS]

    def task_rows_of(self, name: str) -> list[TaskRow]:
        """The metadata of a step's tasks so far, one at least; raises MissingItem."""
        rows = self._catalog.metadata.tasks(self._row.flow, self._row.run, name)
        if rows:
            return rows
        steps = [step["name"] for step in self._row.graph.get("steps", ())]
        if name in steps:
            raise MissingItem(
                f"step {name!r} of run {self.pathspec} has no task: the run is {self.status}",
                hint=f"Either it did not get there or the step's turn is still to come. {self._catalog.place}",
            )
        known = suggestion(name, steps, what="steps")
        raise MissingItem(f"run {self.pathspec} has no step {name!r}", hint=f"{known} {self._catalog.place}")

    def attempt_rows(self, step: str | None = None, task: str | None = None) -> list[AttemptRow]:
        """The metadata of all attempts so far, by task in the order in which these were made."""
        rows = self._catalog.metadata.attempts(self._row.flow, self._row.run, step, task)
        return [row for row in rows if row.step != PARAMETERS]

    def made(self) -> list[Artifact]:
        """What all its tasks made, not what they passed on; parameters and constants first. One query."""
        rows = self._catalog.metadata.artifacts(self._row.flow, self._row.run)
        return [Artifact.from_row(row, self._catalog) for row in rows if not row.inherited]

    def _repr_html_(self) -> str:
        metadata, row = self._catalog.metadata, self.row
        tasks = metadata.tasks(row.flow, row.run)
        artifacts = [
            artifact
            for step in (PARAMETERS, row.graph.get("end", "end"))
            for artifact in metadata.artifacts(row.flow, row.run, step)
        ]
        return look.run_html(row, tasks, artifacts, time.time())

    def __getitem__(self, name: str) -> Step:
        return Step.from_rows(self.task_rows_of(name), self._catalog)

    def __contains__(self, name: object) -> bool:
        return bool(self._catalog.metadata.tasks(self._row.flow, self._row.run, str(name)))

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps())

    def __repr__(self) -> str:
        return f"Run({self.pathspec!r}: {self.status})"


class Step(Item, depth=3):
    """What a step did in a run: `Step("MyFlow/1764000000000000/fit")`."""

    def __init__(self, pathspec: str, catalog: Catalog | None = None, *, check_namespace: bool = True) -> None:
        catalog = catalog or default_catalog()
        flow, run, step = split_pathspec(pathspec, "flow/run/step")
        found = Run(f"{flow}/{run}", catalog, check_namespace=check_namespace)
        self._set(found.task_rows_of(step), catalog)

    @classmethod
    def from_rows(cls, rows: list[TaskRow], catalog: Catalog) -> Step:
        """The step whose tasks so far are `rows` (one at least)."""
        self = cls.__new__(cls)
        self._set(rows, catalog)
        return self

    def _set(self, rows: list[TaskRow], catalog: Catalog) -> None:
        self._first = rows[0]
        # Good for the first question; later there may be more.
        self._rows: list[TaskRow] | None = rows
        self._catalog = catalog

    @property
    def id(self) -> str:
        return self._first.step

    @property
    def pathspec(self) -> str:
        return f"{self._first.flow}/{self._first.run}/{self._first.step}"

    @property
    def created_at(self) -> datetime:
        """When its first task was made."""
        return moment(self._first.created_at)

    @property
    def finished_at(self) -> datetime | None:
        """When its last task ended; None if one has not."""
        ends = [task.finished_at for task in self.tasks()]
        return max(end for end in ends if end) if all(ends) else None

    @property
    def origin_pathspec(self) -> str | None:
        """The step in the run that this one's run resumes."""
        origin = self._the_run().origin
        return f"{self._first.flow}/{origin}/{self._first.step}" if origin else None

    @property
    def environment_info(self) -> dict[str, Any]:
        """Where it ran and with what: host, platform, versions, language."""
        return environment_info(self._the_run(), self._first.step)

    @property
    def parent_steps(self) -> list[Step]:
        """The steps whose tasks' artifacts its tasks got."""
        rows = self.parent.task_rows()
        wanted = {id for row in rows if row.step == self.id for id in row.inputs}
        return self._steps({row.step for row in rows if row.task in wanted}, rows)

    @property
    def child_steps(self) -> list[Step]:
        """The steps whose tasks got its tasks' artifacts."""
        rows = self.parent.task_rows()
        own = {row.task for row in rows if row.step == self.id}
        return self._steps({row.step for row in rows if own & set(row.inputs)}, rows)

    def _steps(self, names: set[str], rows: list[TaskRow]) -> list[Step]:
        found = {row.step: [other for other in rows if other.step == row.step] for row in rows if row.step in names}
        return [Step.from_rows(of_step, self._catalog) for of_step in found.values()]

    def control_tasks(self) -> list[Task]:
        """The first task of each gang (`num_parallel`)."""
        return [task for task in self.tasks() if is_control(task.row)]

    @property
    def control_task(self) -> Task | None:
        return next(iter(self.control_tasks()), None)

    def tasks(self, *tags: str) -> list[Task]:
        """The tasks so far, in the order in which they were made; none if the run does not have the tags."""
        if tags and not set(tags) <= self.tags:
            return []
        rows, self._rows = self._rows, None
        if rows is None:
            rows = self._catalog.metadata.tasks(self._first.flow, self._first.run, self._first.step)
        return [Task.from_row(row, self._catalog) for row in rows]

    @property
    def run(self) -> Run:
        """The run that it belongs to."""
        found: Run = self.parent
        return found

    @property
    def task(self) -> Task:
        """The first task: for a step outside of a foreach the only one."""
        return Task.from_row(self._first, self._catalog)

    def _repr_html_(self) -> str:
        return look.step_html(self.pathspec, [task.row for task in self.tasks()], time.time())

    def __getitem__(self, id: str | int) -> Task:
        found = self._catalog.metadata.tasks(self._first.flow, self._first.run, self._first.step, str(id))
        if not found:
            known = suggestion(str(id), (task.id for task in self.tasks()), what="tasks")
            raise MissingItem(f"step {self.pathspec} has no task {str(id)!r}", hint=f"{known} {self._catalog.place}")
        return Task.from_row(found[0], self._catalog)

    def __contains__(self, id: object) -> bool:
        return bool(self._catalog.metadata.tasks(self._first.flow, self._first.run, self._first.step, str(id)))

    def __iter__(self) -> Iterator[Task]:
        return iter(self.tasks())

    def __repr__(self) -> str:
        return f"Step({self.pathspec!r})"


def missing_run(catalog: Catalog, flow: str, run: str, error: type[NotFoundError]) -> NotFoundError:
    """The error for a run that is not there; it says so if the flow is not there either."""
    runs = [row.run for row in catalog.metadata.runs(flow, spins=True)]
    if not runs:
        return missing_flow(catalog, flow)
    known = suggestion(run, runs, what=f"runs of {flow}")
    return error(f"there is no run {flow}/{run}", hint=f"{known} {catalog.place}")


def missing_flow(catalog: Catalog, flow: str, error: type[NotFoundError] = NotFoundError) -> NotFoundError:
    known = suggestion(flow, catalog.metadata.flows(), what="flows with a run")
    return error(f"there is no run of a flow {flow!r}", hint=f"{known} {catalog.place}")

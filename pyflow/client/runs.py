"""Runs and their steps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from pyflow.client.artifacts import Artifact, Artifacts, Data
from pyflow.client.catalog import Catalog, default_catalog
from pyflow.client.code import Code
from pyflow.client.failure import Failure, run_failure
from pyflow.client.missing import MissingItem, split_pathspec, suggestion
from pyflow.client.tasks import Task, moment, moment_or_none
from pyflow.spec.errors import NotFoundError
from pyflow.spec.records import RUNNING, SUCCESS, RunRow, TaskRow
from pyflow.spec.task import PARAMETERS


class Run:
    """One execution of a flow: `Run("MyFlow/1764000000000000")`."""

    def __init__(self, pathspec: str, catalog: Catalog | None = None) -> None:
        catalog = catalog or default_catalog()
        flow, run = split_pathspec(pathspec, "flow/run")
        found = catalog.metadata.runs(flow, run)
        if not found:
            raise missing_run(catalog, flow, run, NotFoundError)
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

    @property
    def status(self) -> str:
        """`running`, `success`, `failed` or `interrupted`."""
        return self.row.status

    @property
    def successful(self) -> bool:
        return self.status == SUCCESS

    @property
    def finished(self) -> bool:
        return self.status != RUNNING

    @property
    def created_at(self) -> datetime:
        return moment(self._row.created_at)

    @property
    def finished_at(self) -> datetime | None:
        """None also for a run whose engine was killed."""
        return moment_or_none(self.row.finished_at)

    @property
    def exception(self) -> Failure | None:
        """Why the run failed."""
        return run_failure(self.row.error)

    error = exception

    @property
    def tags(self) -> frozenset[str]:
        return self.user_tags | self.system_tags

    @property
    def user_tags(self) -> frozenset[str]:
        return frozenset(self._row.tags)

    @property
    def system_tags(self) -> frozenset[str]:
        return frozenset(self._row.system_tags)

    @property
    def username(self) -> str:
        return self._row.username

    @property
    def origin(self) -> str | None:
        """The run that this one resumes."""
        return self._row.origin

    @property
    def code(self) -> Code | None:
        """The code that the run used; None for a flow without a file."""
        return None if self._row.code is None else Code(self.pathspec, self._row.code, self._catalog)

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

    def steps(self) -> list[Step]:
        """The steps that have begun, in the order in which they did, each with its tasks so far."""
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

    def __getitem__(self, name: str) -> Step:
        return Step.from_rows(self.task_rows_of(name), self._catalog)

    def __contains__(self, name: object) -> bool:
        return bool(self._catalog.metadata.tasks(self._row.flow, self._row.run, str(name)))

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps())

    def __repr__(self) -> str:
        return f"Run({self.pathspec!r}: {self.status})"


class Step:
    """What a step did in a run: `Step("MyFlow/1764000000000000/fit")`."""

    def __init__(self, pathspec: str, catalog: Catalog | None = None) -> None:
        catalog = catalog or default_catalog()
        flow, run, step = split_pathspec(pathspec, "flow/run/step")
        self._set(Run(f"{flow}/{run}", catalog).task_rows_of(step), catalog)

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

    def tasks(self) -> list[Task]:
        """The tasks so far, in the order in which they were made."""
        rows, self._rows = self._rows, None
        if rows is None:
            rows = self._catalog.metadata.tasks(self._first.flow, self._first.run, self._first.step)
        return [Task.from_row(row, self._catalog) for row in rows]

    @property
    def task(self) -> Task:
        """The first task: for a step outside of a foreach the only one."""
        return Task.from_row(self._first, self._catalog)

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

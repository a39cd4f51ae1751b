"""Searches over the whole store, whoever's runs they are: `runs(where="accuracy > 0.9", sort="-accuracy")`.

Each is one query. The language of `where` and `sort` is that of pyflow.spec.where.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from pyflow.client.artifacts import Artifact
from pyflow.client.catalog import Catalog, default_catalog
from pyflow.client.items import moment_or_none
from pyflow.client.runs import Run
from pyflow.client.tasks import Task, foreach_index
from pyflow.spec.records import ArtifactRow, FoundRun, FoundTask
from pyflow.spec.search import Compare, Condition, Field, Search, both
from pyflow.spec.task import Scalar
from pyflow.spec.where import parse_moment, parse_sort, parse_where

Kind = TypeVar("Kind")
Moment = datetime | str | float | int
Row = dict[str, Any]
_STATE = ("status", "created_at", "finished_at", "duration")
RUN_COLUMNS = ("flow", "run", *_STATE, "user", "tags", "origin")
TASK_COLUMNS = ("flow", "run", "step", "task", *_STATE, "index", "attempt", "origin")
ARTIFACT_COLUMNS = (
    "flow",
    "run",
    "step",
    "task",
    "name",
    "kind",
    "type",
    "size",
    "digest",
    "value",
    "preview",
)


class Found(list[Kind]):
    """What a search found, as a list; `rows` has the same as dicts with the keys `columns`, for a table:
    `pandas.DataFrame(found.rows, columns=found.columns)`."""

    def __init__(self, items: Iterable[Kind], rows: list[Row], columns: Iterable[str]) -> None:
        super().__init__(items)
        self.rows = rows
        self.columns = list(columns)


def runs(
    flow: str | None = None,
    *,
    where: str | None = None,
    user: str | None = None,
    tag: str | None = None,
    tags: Iterable[str] = (),
    status: str | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    sort: str | None = None,
    limit: int | None = None,
    spins: bool = False,
    catalog: Catalog | None = None,
) -> Found[Run]:
    """The runs that meet all conditions, newest first.

    `where` is a condition on facts and values (`accuracy > 0.9 and params.alpha in (1, 2)`), `sort` such names with
    commas between, the largest first after `-`. `since` and `until` take a time, also as text (`2026-11-24`, `7d`). The
    rows tell the values that `where` and `sort` name.

    >>> runs("TuningFlow", where="accuracy > 0.9", sort="-accuracy")[0].parameters.alpha  # doctest: +SKIP
    """
    catalog = catalog or default_catalog()
    given = _given("runs", where, flow=flow, user=user, status=status, tags=_tags(tag, tags), since=since, until=until)
    search = Search(given, _sort(sort, "runs"), limit, spins)
    found = catalog.metadata.find_runs(search)
    labels = _labels(search, RUN_COLUMNS)
    rows = [_run_row(item) | _told(item.values, labels) for item in found]
    return Found((Run.from_row(item.row, catalog) for item in found), rows, [*RUN_COLUMNS, *labels])


def tasks(
    flow: str | None = None,
    run: str | int | None = None,
    step: str | None = None,
    *,
    where: str | None = None,
    user: str | None = None,
    tag: str | None = None,
    tags: Iterable[str] = (),
    status: str | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    sort: str | None = None,
    limit: int | None = None,
    spins: bool = False,
    catalog: Catalog | None = None,
) -> Found[Task]:
    """The tasks that meet all conditions; those of the newest run first. As `runs`, but a plain name in `where` is an
    artifact of the task itself."""
    catalog = catalog or default_catalog()
    facts = {"flow": flow, "run": None if run is None else str(run), "step": step, "user": user, "status": status}
    given = _given("tasks", where, tags=_tags(tag, tags), since=since, until=until, **facts)
    search = Search(given, _sort(sort, "tasks"), limit, spins)
    found = catalog.metadata.find_tasks(search)
    labels = _labels(search, TASK_COLUMNS)
    rows = [_task_row(item) | _told(item.values, labels) for item in found]
    return Found((Task.from_row(item.row, catalog) for item in found), rows, [*TASK_COLUMNS, *labels])


def artifacts(
    flow: str | None = None,
    run: str | int | None = None,
    step: str | None = None,
    *,
    name: str | None = None,
    where: str | None = None,
    user: str | None = None,
    tag: str | None = None,
    tags: Iterable[str] = (),
    since: Moment | None = None,
    until: Moment | None = None,
    sort: str | None = None,
    limit: int | None = None,
    spins: bool = False,
    catalog: Catalog | None = None,
) -> Found[Artifact]:
    """Artifacts where they were made, parameters too (by step `_parameters`). `where` names their facts: `value`,
    `size`, `kind`, `type`, `digest` and those of their task; no value is opened."""
    catalog = catalog or default_catalog()
    facts = {"flow": flow, "run": None if run is None else str(run), "step": step, "name": name, "user": user}
    given = _given("artifacts", where, tags=_tags(tag, tags), since=since, until=until, **facts)
    found = catalog.metadata.find_artifacts(Search(given, _sort(sort, "artifacts"), limit, spins))
    rows = [_artifact_row(row) for row in found]
    return Found((Artifact.from_row(row, catalog) for row in found), rows, ARTIFACT_COLUMNS)


def _given(
    kind: str, where: str | None, *, tags: list[str], since: Moment | None, until: Moment | None, **facts: str | None
) -> Condition | None:
    """All that is asked for as one condition."""
    now = time.time()
    if facts.get("status") is not None:
        parse_where(f"status = {quoted(facts['status'])}", kind, now)  # names the statuses that there are
    equal = [Compare(Field(name), "=", value) for name, value in facts.items() if value is not None]
    tagged = [Compare(Field("tag"), "=", name) for name in tags]
    begun = [
        Compare(Field("created"), sign, _seconds(value, now))
        for sign, value in ((">=", since), ("<=", until))
        if value is not None
    ]
    return both(*equal, *tagged, *begun, parse_where(where, kind, now) if where is not None else None)


def quoted(text: str | None) -> str:
    """A text as the language of searches has it."""
    return "'" + str(text).replace("'", "''") + "'"


def _tags(tag: str | None, tags: Iterable[str]) -> list[str]:
    several = [tags] if isinstance(tags, str) else list(tags)
    return several if tag is None else [tag, *several]


def _sort(sort: str | None, kind: str) -> Any:
    return () if sort is None else parse_sort(sort, kind)


def _seconds(value: Moment, now: float) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    return parse_moment(value, now) if isinstance(value, str) else float(value)


def _labels(search: Search, columns: Iterable[str]) -> dict[str, str]:
    """How the columns of values are called, and their labels; one that is called like a fact stands in backticks."""
    taken = frozenset(columns)
    return {f"`{value.label}`" if value.label in taken else value.label: value.label for value in search.shown}


def _told(values: Mapping[str, Scalar], labels: Mapping[str, str]) -> Row:
    return {name: values.get(label) for name, label in labels.items()}


def _run_row(found: FoundRun) -> Row:
    row = found.row
    return {
        "flow": row.flow,
        "run": row.run,
        "status": row.status,
        "created_at": moment_or_none(row.created_at),
        "finished_at": moment_or_none(row.finished_at),
        "duration": None if row.finished_at is None else row.finished_at - row.created_at,
        "user": row.username,
        "tags": sorted(row.tags),
        "origin": row.origin,
    }


def _task_row(found: FoundTask) -> Row:
    row = found.row
    return {
        "flow": row.flow,
        "run": row.run,
        "step": row.step,
        "task": row.task,
        "status": row.status,
        "created_at": moment_or_none(row.created_at),
        "finished_at": moment_or_none(row.finished_at),
        "duration": None if row.finished_at is None else row.finished_at - row.created_at,
        "index": foreach_index(row),
        "attempt": row.attempt,
        "origin": row.origin,
    }


def _artifact_row(row: ArtifactRow) -> Row:
    ref = row.ref
    return {
        "flow": row.flow,
        "run": row.run,
        "step": row.step,
        "task": row.task,
        "name": row.name,
        "kind": ref.kind,
        "type": ref.type,
        "size": ref.size,
        "digest": ref.digest,
        "value": ref.scalar,
        "preview": ref.preview,
    }

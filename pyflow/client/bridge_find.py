"""Tables for the client of R: searches, lineage, log lines, attempts. Columns, not rows: R makes vectors of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pyflow.client import find as searches
from pyflow.client.catalog import default_catalog
from pyflow.client.tasks import Task
from pyflow.spec.errors import UserError
from pyflow.spec.records import Use

Request = Mapping[str, Any]
Row = dict[str, Any]

_SEARCHES: Mapping[str, Callable[..., searches.Found[Any]]] = {
    "runs": searches.runs,
    "tasks": searches.tasks,
    "artifacts": searches.artifacts,
}
_TYPES = {
    **dict.fromkeys(("created_at", "finished_at", "started_at", "time"), "time"),
    **dict.fromkeys(("duration", "size", "index", "attempt", "pid"), "number"),
    "tags": "texts",
}
LINEAGE_COLUMNS = ("role", "flow", "run", "step", "task", "name", "status", "created_at")
_FACTS = frozenset(
    "flow run step task status user origin name kind type digest preview stream text role message".split()
)


def find(request: Request) -> Row:
    """A search of `kind`, its arguments in `arguments` (those of pyflow.client.find)."""
    kind = request["kind"]
    if kind not in _SEARCHES:
        raise UserError(f"there is no search for {kind!r}", code="protocol_error")
    found = _SEARCHES[kind](**request["arguments"])
    return table(found.rows, found.columns)


def lineage(request: Request) -> Row:
    """The tasks that made an artifact, by digest, and those that read it; `role` says which."""
    found = default_catalog().metadata.lineage(request["digest"])
    return table(lineage_rows(found.made, "made") + lineage_rows(found.read, "read"), LINEAGE_COLUMNS)


def lineage_rows(uses: Iterable[Use], role: str) -> list[Row]:
    return [
        {
            "role": role,
            "flow": use.row.flow,
            "run": use.row.run,
            "step": use.row.step,
            "task": use.row.task,
            "name": use.name,
            "status": use.row.status,
            "created_at": use.row.created_at,
        }
        for use in uses
    ]


def attempts(task: Task) -> Row:
    rows = [
        {
            "attempt": item.number,
            "status": item.status,
            "pid": item.pid,
            "started_at": item.started_at,
            "finished_at": item.finished_at,
            "message": item.exception.message if item.exception else None,
        }
        for item in task.attempts
    ]
    return table(rows, ("attempt", "status", "pid", "started_at", "finished_at", "message"))


def log_lines(task: Task, stream: str | None) -> Row:
    rows = [line._asdict() for line in task.log if stream in (None, line.stream)]
    return table(rows, ("time", "stream", "text"))


def table(rows: list[Row], columns: Sequence[str]) -> Row:
    """Rows as columns in order, each with its name, type and values; times are seconds since 1970."""
    return {"rows": len(rows), "columns": [_column(name, [row[name] for row in rows]) for name in columns]}


def _column(name: str, values: list[Any]) -> Row:
    plain = [value.timestamp() if isinstance(value, datetime) else value for value in values]
    return {"name": name, "type": _TYPES.get(name) or ("text" if name in _FACTS else _type(plain)), "values": plain}


def _type(values: list[Any]) -> str:
    """The type of a column of scalars: `number`, `flag`, `text`, or `mixed`."""
    kinds = {
        "flag" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
        for value in values
        if value is not None
    }
    return kinds.pop() if len(kinds) == 1 else "mixed" if kinds else "flag"


def _kind(value: Any) -> str:
    return "flag" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"

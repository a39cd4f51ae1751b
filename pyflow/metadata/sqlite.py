"""ports.Metadata in one SQLite file, in WAL mode: readers never wait for writers, and writers only for each other.

Durability. A commit writes to the log without waiting for the disk, so it survives a kill of the process. The
transaction that begins or ends a run waits for the disk, and with it all that came before. What a power cut may take
is the last events of a run that was going on; the run is then interrupted, which is what the power cut made of it.
Waiting at each event would cost the engine some milliseconds for each task and would not save the running tasks.

Inherited artifacts. A task usually has all artifacts of its first input and a few of its own. Only the difference is
written: ten thousand tasks of a foreach that inherit fifty artifacts cost no row for these.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from pyflow.metadata import database, rows
from pyflow.metadata.search import Statement
from pyflow.spec import records
from pyflow.spec.records import (
    ArtifactRow,
    AttemptRow,
    Change,
    FinishedTask,
    FoundRun,
    FoundTask,
    Lineage,
    RunRow,
    TaskRow,
    Use,
)
from pyflow.spec.search import Search

QUERIES = database.queries()
Values = dict[str, Any]


class SqliteMetadata:
    """`alive(flow, run)` tells whether the engine of a run lives."""

    def __init__(self, root: Path, *, readonly: bool, alive: Callable[[str, str], bool]) -> None:
        self.root = str(root.absolute())
        self.path = root / "metadata.db"
        self.readonly = readonly
        self.alive = alive
        self._connection: sqlite3.Connection | None = None
        self._owner = 0
        self._empty = False
        if not readonly:
            self._connected()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # Writing

    def record(self, changes: Sequence[Change]) -> None:
        connection = self._connected()
        final = any(isinstance(change, records.RunCreated | records.RunFinished) for change in changes)
        with database.errors(self.path, "written", "store_write"):
            connection.execute(f"PRAGMA synchronous = {'FULL' if final else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                for kind, group in groupby(changes, type):
                    _WRITERS[kind](self, connection, group)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _run_created(self, connection: sqlite3.Connection, changes: Iterable[records.RunCreated]) -> None:
        connection.executemany(QUERIES["add_run"], [rows.run_values(change.row) for change in changes])

    def _attempt_started(self, connection: sqlite3.Connection, changes: Iterable[records.AttemptStarted]) -> None:
        changes = list(changes)
        connection.executemany(QUERIES["add_task"], [rows.task_values(change.task) for change in changes])
        attempts = [rows.attempt_values(change.attempt, self.root) for change in changes]
        connection.executemany(QUERIES["add_attempt"], attempts)

    def _attempt_pid(self, connection: sqlite3.Connection, changes: Iterable[records.AttemptPid]) -> None:
        connection.executemany(QUERIES["set_pid"], [vars(change) for change in changes])

    def _attempt_finished(self, connection: sqlite3.Connection, changes: Iterable[records.AttemptFinished]) -> None:
        for change in changes:
            key = {"flow": change.flow, "run": change.run, "task": change.task, "attempt": change.attempt}
            found = connection.execute(QUERIES["find_attempt"], key).fetchone()
            if found is None:
                raise KeyError(
                    f"attempt {change.attempt} of {change.flow}/{change.run}/{change.task} was never started"
                )
            id, task_id, before = found
            base, names = self._difference(connection, change, before)
            ended = {"id": id, "task_id": task_id, "base": base, "attempt": change.attempt}
            ended |= {"status": change.status, "at": change.at, "error": rows.error_to_json(change.error)}
            ended |= {"foreach_count": change.foreach_count, "choice": change.choice}
            connection.execute(QUERIES["end_attempt"], ended | {"warnings": rows.to_json(list(change.warnings))})
            if change.final:
                connection.execute(QUERIES["end_task"], ended)
            values = [row | {"id": id} for row in rows.artifact_values(change, names)]
            connection.executemany(QUERIES["add_blob"], [row for row in values if row["digest"]])
            connection.executemany(QUERIES["add_artifact"], values)

    def _difference(
        self, connection: sqlite3.Connection, change: records.AttemptFinished, base: int | None
    ) -> tuple[int | None, list[str]]:
        """The base to use, and the names that must be written; without a base where that is no longer."""
        full = sorted(change.artifacts)
        if base is None:
            return None, full
        found = connection.execute(QUERIES["artifacts_of_attempt"], {"id": base})
        names = rows.base_difference(change, {name: (digest, type) for name, digest, type, _ in found})
        return (base, names) if len(names) < len(full) else (None, full)

    def _taken_over(self, connection: sqlite3.Connection, changes: Iterable[records.TakenOver]) -> None:
        """A few statements for all of them, however many they are."""
        changes = list(changes)
        connection.executemany(QUERIES["add_task"], [rows.task_values(change.row) for change in changes])
        connection.execute(QUERIES["make_taken"])
        connection.execute(QUERIES["clear_taken"])
        connection.executemany(QUERIES["add_taken"], [rows.taken_values(change) for change in changes])
        for query in ("copy_attempts", "move_bases", "copy_artifacts"):
            connection.execute(QUERIES[query])

    def _run_finished(self, connection: sqlite3.Connection, changes: Iterable[records.RunFinished]) -> None:
        for change in changes:
            error = None if change.error is None else dict(change.error)
            cursor = connection.execute(QUERIES["end_run"], vars(change) | {"error": rows.to_json(error)})
            if cursor.rowcount == 0:
                raise KeyError(f"run {change.flow}/{change.run} was never begun")

    def _tags_changed(self, connection: sqlite3.Connection, changes: Iterable[records.TagsChanged]) -> None:
        for change in changes:
            key = {"flow": change.flow, "run": change.run}
            tags = {name: rows.to_json(list(dict.fromkeys(getattr(change, name)))) for name in ("add", "remove")}
            if connection.execute(QUERIES["change_tags"], key | tags).rowcount == 0:
                raise KeyError(f"there is no run {change.flow}/{change.run}")

    def _run_deleted(self, connection: sqlite3.Connection, changes: Iterable[records.RunDeleted]) -> None:
        for change in changes:
            if connection.execute(QUERIES["delete_run"], vars(change)).rowcount == 0:
                raise KeyError(f"there is no run {change.flow}/{change.run}")

    def _pinned(self, connection: sqlite3.Connection, changes: Iterable[records.Pin]) -> None:
        connection.executemany(QUERIES["add_pin"], [vars(change) for change in changes])

    def _unpinned(self, connection: sqlite3.Connection, changes: Iterable[records.Unpinned]) -> None:
        for change in changes:
            if connection.execute(QUERIES["remove_pin"], vars(change)).rowcount == 0:
                raise KeyError(f"there is no pin of {change.path}")

    def _blobs_forgotten(self, connection: sqlite3.Connection, changes: Iterable[records.BlobsForgotten]) -> None:
        connection.execute(QUERIES["forget_blobs"])

    # Reading

    def flows(self, tag: str | None = None) -> list[str]:
        return [row["flow"] for row in self._select("flows", tag=tag)]

    def runs(
        self,
        flow: str | None = None,
        run: str | None = None,
        limit: int | None = None,
        status: str | None = None,
        *,
        spins: bool = False,
    ) -> list[RunRow]:
        # Which of the running ones are interrupted only their locks tell: these are sorted out here.
        told = status not in (records.RUNNING, records.INTERRUPTED)
        where = {"flow": flow, "run": run, "status": status if told else None}
        shown = limit if told and limit is not None else -1
        found = self._select("runs", where, limit=shown, spins=spins or run is not None)
        result = [rows.run_row(row | {"status": self._run_status(row["status"], row)}) for row in found]
        if told:
            return result
        return [row for row in result if row.status == status][:limit]

    def tasks(self, flow: str, run: str, step: str | None = None, task: str | None = None) -> list[TaskRow]:
        found = self._select("tasks", _key(flow, run, step, task))
        return [rows.task_row(row) for row in self._shown(found)]

    def attempts(self, flow: str, run: str, step: str | None = None, task: str | None = None) -> list[AttemptRow]:
        found = self._select("attempts", _key(flow, run, step, task))
        return [rows.attempt_row(row, self.root) for row in self._shown(found)]

    def artifacts(
        self,
        flow: str,
        run: str,
        step: str | None = None,
        task: str | None = None,
        name: str | None = None,
        attempt: int | None = None,
    ) -> list[ArtifactRow]:
        found = self._select("artifacts", _key(flow, run, step, task), name=name, attempt=attempt)
        return rows.artifact_rows(tuple(row.values()) for row in found)

    def finished(self, flow: str, run: str) -> list[FinishedTask]:
        found = self._select("finished", flow=flow, run=run)
        layers = rows.layers(tuple(row.values()) for row in self._select("finished_layers", flow=flow, run=run))
        return [FinishedTask(artifacts=layers[row.pop("attempt_id")], row=rows.task_row(row)) for row in found]

    def parents(self, flow: str, run: str, task: str) -> list[TaskRow]:
        return [rows.task_row(row) for row in self._shown(self._select("parents", flow=flow, run=run, task=task))]

    def children(self, flow: str, run: str, task: str) -> list[TaskRow]:
        return [rows.task_row(row) for row in self._shown(self._select("children", flow=flow, run=run, task=task))]

    def find_runs(self, search: Search) -> list[FoundRun]:
        statement = Statement(QUERIES, "runs", search)
        result = []
        for row in self._found(statement):
            values = statement.shown(row)
            row["status"] = self._run_status(row["status"], row)
            result.append(FoundRun(rows.run_row(row), values))
        return result

    def find_tasks(self, search: Search) -> list[FoundTask]:
        statement = Statement(QUERIES, "tasks", search)
        found = self._found(statement)
        values = [statement.shown(row) for row in found]
        return [FoundTask(rows.task_row(row), told) for row, told in zip(self._shown(found), values, strict=True)]

    def find_artifacts(self, search: Search) -> list[ArtifactRow]:
        found = self._found(Statement(QUERIES, "artifacts", search))
        return rows.artifact_rows(tuple(row.values()) for row in found)

    def lineage(self, digest: str) -> Lineage:
        return Lineage(*(self._uses(f"lineage_{what}", digest) for what in ("made", "read")))

    def referenced(self) -> set[str]:
        return {row["digest"] for row in self._select("referenced")}

    def pins(self) -> list[records.Pin]:
        return [records.Pin(**row) for row in self._select("pins")]

    def space(self) -> list[records.Space]:
        return [records.Space(**row) for row in self._select("space")]

    def problems(self) -> list[str]:
        """What SQLite finds wrong in the file itself."""
        with database.errors(self.path, "read", "store_read"):
            connection = self._connected()
            found = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
            lost = connection.execute("PRAGMA foreign_key_check")
            return found + [f"row {row[1]} of {row[0]} refers to nothing" for row in lost]

    def _uses(self, query: str, digest: str) -> tuple[Use, ...]:
        found = self._shown(self._select(query, digest=digest))
        return tuple(Use(name=row.pop("name"), row=rows.task_row(row)) for row in found)

    def _run_status(self, status: str, row: Values) -> str:
        return _shown_status(self.alive, status, row["flow"], row["run"])

    def _shown(self, found: list[Values]) -> list[Values]:
        """Tasks or attempts; those that say `running` in a run that is over were interrupted."""
        over: dict[tuple[str, str], bool] = {}
        for row in found:
            run_status, run = row.pop("run_status"), (row["flow"], row["run"])
            if row["status"] != records.RUNNING:
                continue
            if run not in over:
                over[run] = self._run_status(run_status, row) != records.RUNNING
            if over[run]:
                row["status"] = records.INTERRUPTED
        return found

    def _select(self, query: str, where: Values | None = None, **values: Any) -> list[Values]:
        given = {column: value for column, value in (where or {}).items() if value is not None}
        conditions = " AND ".join(f"{column} = :{column.rpartition('.')[2]}" for column in given) or "TRUE"
        values |= {column.rpartition(".")[2]: value for column, value in given.items()}
        return self._asked(query, QUERIES[query].replace("{where}", conditions), values)

    def _found(self, statement: Statement) -> list[Values]:
        return self._asked(f"find_{statement.kind}", statement.sql, statement.values)

    def _asked(self, query: str, sql: str, values: Values) -> list[Values]:
        """The answer to one question; `query` is its name."""
        with database.errors(self.path, "read", "store_read"):
            cursor = self._connected().execute(sql, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def _connected(self) -> sqlite3.Connection:
        """The connection of this process: SQLite's may not be carried across a fork. A reader of a store that does not
        exist looks again each time, so that it sees the first run."""
        if self._connection is None or self._owner != os.getpid() or (self._empty and self.path.exists()):
            self._owner = os.getpid()
            self._empty = self.readonly and not self.path.exists()
            self._connection = (database.open_reader if self.readonly else database.open_writer)(self.path)
            # Not a method: the connection would keep this object, and itself, for ever.
            self._connection.create_function("shown_status", 3, partial(_shown_status, self.alive))
        return self._connection


def _shown_status(alive: Callable[[str, str], bool], status: str, flow: str, run: str) -> str:
    """A run's status as people see it; SQL calls it, too."""
    return records.INTERRUPTED if status == records.RUNNING and not alive(flow, run) else status


def _key(flow: str, run: str, step: str | None, task: str | None) -> Values:
    return {"runs.flow": flow, "runs.run": run, "tasks.step": step, "tasks.task": task}


_WRITERS: dict[type, Callable[[SqliteMetadata, sqlite3.Connection, Any], None]] = {
    records.RunCreated: SqliteMetadata._run_created,
    records.AttemptStarted: SqliteMetadata._attempt_started,
    records.AttemptPid: SqliteMetadata._attempt_pid,
    records.AttemptFinished: SqliteMetadata._attempt_finished,
    records.TakenOver: SqliteMetadata._taken_over,
    records.RunFinished: SqliteMetadata._run_finished,
    records.TagsChanged: SqliteMetadata._tags_changed,
    records.RunDeleted: SqliteMetadata._run_deleted,
    records.Pin: SqliteMetadata._pinned,
    records.Unpinned: SqliteMetadata._unpinned,
    records.BlobsForgotten: SqliteMetadata._blobs_forgotten,
}

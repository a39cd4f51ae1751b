"""What is known of how a task was carried out, under the names that Metaflow's users know."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from pyflow.client.catalog import Catalog
from pyflow.client.items import moment
from pyflow.spec.records import CAUGHT, SUCCESS, AttemptRow, RunRow, TaskRow


class Fact(NamedTuple):
    """One thing that is known; `type` is the kind of fact, which mostly is its name."""

    name: str
    value: Any
    created_at: datetime
    type: str
    task: str


def environment_info(run: RunRow, step: str) -> dict[str, Any]:
    """Where the tasks of a step ran and with what."""
    language = next((item.get("language") for item in run.graph.get("steps", ()) if item["name"] == step), None)
    told = {key: value for key, value in run.info.items() if key != "command"}
    return {**told, "language": language or run.graph.get("language", "python")}


def facts(run: RunRow, task: TaskRow, attempt: AttemptRow, catalog: Catalog) -> list[Fact]:
    """All facts of an attempt; those of its end come only when it has ended."""
    origin_run, _, origin_task = (task.origin or "").partition("/")
    begun = {
        "attempt": attempt.attempt,
        "pid": attempt.pid,
        "user": run.username,
        "runtime": run.info.get("backend", "local"),
        "origin-run-id": origin_run or None,
        "origin-task-id": origin_task.rpartition("/")[2] or None,
        "ds-type": "local",
        "ds-root": catalog.root,
        "python_version": run.info.get("python"),
        "pyflow_version": run.info.get("pyflow"),
        "host": run.info.get("host"),
        "script-name": run.graph.get("file"),
        "code-package": run.code["digest"] if run.code else None,
        "git-commit": run.code.get("git_commit") if run.code else None,
        "git-branch": run.code.get("git_branch") if run.code else None,
        "foreach-stack": [[frame.get("foreach"), frame["count"], frame["index"]] for frame in task.foreach] or None,
    }
    ended = {"attempt_ok": attempt.status in (SUCCESS, CAUGHT), "status": attempt.status}
    name = f"{task.flow}/{task.run}/{task.step}/{task.task}"
    found = [
        Fact(key, value, moment(attempt.started_at), key, name) for key, value in begun.items() if value is not None
    ]
    if attempt.finished_at is not None:
        found += [Fact(key, value, moment(attempt.finished_at), key, name) for key, value in ended.items()]
    return found

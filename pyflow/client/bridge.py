"""What the client of R asks through reticulate: text in, text out, so that no bridge converts a value.

`ask('{"op": "flows"}')` answers `{"ok": ["MyFlow"]}` or `{"error": {"code": ..., "message": ..., "hint": ...}}`.
Times are seconds since 1970. R reads a value itself, from the file that `layout` describes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pyflow.client.artifacts import Artifact
from pyflow.client.catalog import default_catalog
from pyflow.client.code import Code
from pyflow.client.flows import Flow, Pyflow
from pyflow.client.runs import Run
from pyflow.client.tasks import Task, foreach_index
from pyflow.codec.layout import layout_of
from pyflow.spec.errors import NotFoundError, PyflowError, UserError, reading_artifact
from pyflow.spec.records import RUNNING, SUCCESS, AttemptRow, RunRow, TaskRow
from pyflow.vaults import get_secret

Request = Mapping[str, Any]


def ask(text: str) -> str:
    """Answer one request."""
    try:
        request = json.loads(text)
        op = request["op"]
        if op not in OPERATIONS:
            raise UserError(f"unknown request {op!r}", code="protocol_error")
        answer: dict[str, Any] = {"ok": OPERATIONS[op](request)}
    except PyflowError as error:
        answer = {"error": {"code": error.code, "message": error.message, "hint": error.hint}}
    except (KeyError, TypeError, ValueError) as error:
        message = f"not a request: {type(error).__name__}: {error}: {text}"
        answer = {"error": {"code": "protocol_error", "message": message, "hint": ""}}
    return json.dumps(answer, ensure_ascii=False)


def _flows(request: Request) -> list[str]:
    return [flow.id for flow in Pyflow()]


def _runs(request: Request) -> list[dict[str, Any]]:
    flow = Flow(request["flow"])
    rows = default_catalog().metadata.runs(flow.id, limit=request.get("limit"), status=request.get("status"))
    return [_run_row(row) for row in rows]


def _run(request: Request) -> dict[str, Any]:
    return _run_row(_the_run(request).row)


def _steps(request: Request) -> list[dict[str, Any]]:
    return [{"step": step.id, "tasks": len(step.tasks())} for step in _the_run(request)]


def _tasks(request: Request) -> list[dict[str, Any]]:
    run, step = _the_run(request), request.get("step")
    rows = run.task_rows() if step is None else run.task_rows_of(step)
    attempts = default_catalog().metadata.attempts(request["flow"], request["run"], step)
    last = {row.task: row for row in attempts}
    return [_task_row(row, last[row.task]) for row in rows]


def _artifacts(request: Request) -> list[dict[str, Any]]:
    return [_artifact_row(item) for item in _the_task(request).artifacts]


def _data(request: Request) -> list[dict[str, Any]]:
    return [_artifact_row(item) for item in _the_run(request).artifacts]


def _log(request: Request) -> dict[str, str]:
    task, number = _the_task(request), request.get("attempt")
    found = [attempt for attempt in task.attempts if number is None or attempt.number == number]
    if not found:
        raise NotFoundError(
            f"task {task.pathspec} has no attempt {number}", hint=f"It has 0 to {task.current_attempt}."
        )
    return {"text": found[-1].log(request["stream"])}


def _secret(request: Request) -> dict[str, dict[str, str]]:
    return {"values": get_secret(request["source"], request.get("role"))}


def _layout(request: Request) -> dict[str, Any]:
    columns = request.get("columns")
    with reading_artifact(request.get("pathspec") or f"artifact {request['digest']}"):
        return layout_of(default_catalog().store.get(request["digest"], whole=columns is None), columns)


def _path(request: Request) -> str:
    return str(default_catalog().store.get(request["digest"]))


def _code(request: Request) -> dict[str, Any] | None:
    code = _the_run(request).code
    if code is None:
        return None
    git = {"commit": code.git.commit, "branch": code.git.branch, "dirty": code.git.dirty}
    return {"digest": code.digest, "flow_file": str(code.flow_file), "git": git, "files": code.files}


def _the_code(request: Request) -> Code:
    run = _the_run(request)
    if run.code is None:
        raise NotFoundError(f"run {run.pathspec} has no code: its flow had no file")
    return run.code


def _code_file(request: Request) -> dict[str, str]:
    return {"text": _the_code(request)[request["name"]]}


def _code_extract(request: Request) -> str:
    return str(_the_code(request).extract(request["folder"]))


def _code_diff(request: Request) -> dict[str, str]:
    """Against run `other` of the same flow, or against what is in the folder now (null)."""
    other = request.get("other")
    against = None if other is None else _the_code({**request, "run": other})
    text = _the_code(request).diff(against, folder=request.get("folder"))
    return {"text": text.encode("utf-8", "replace").decode()}


OPERATIONS: Mapping[str, Callable[[Request], Any]] = {
    "flows": _flows,
    "runs": _runs,
    "run": _run,
    "steps": _steps,
    "tasks": _tasks,
    "artifacts": _artifacts,
    "data": _data,
    "log": _log,
    "layout": _layout,
    "path": _path,
    "secret": _secret,
    "code": _code,
    "code_file": _code_file,
    "code_extract": _code_extract,
    "code_diff": _code_diff,
}


def _the_run(request: Request) -> Run:
    return Run(f"{request['flow']}/{request['run']}")


def _the_task(request: Request) -> Task:
    return Task("/".join(str(request[key]) for key in ("flow", "run", "step", "task")))


def _run_row(row: RunRow) -> dict[str, Any]:
    return {
        "flow": row.flow,
        "run": row.run,
        **_state(row),
        "username": row.username,
        "tags": sorted({*row.tags, *row.system_tags}),
        "user_tags": sorted(row.tags),
        "origin": row.origin,
        "spin": row.spin,
        "error": row.error,
    }


def _task_row(row: TaskRow, attempt: AttemptRow) -> dict[str, Any]:
    return {
        "step": row.step,
        "task": row.task,
        **_state(row),
        "index": foreach_index(row),
        "iteration": row.iteration[-1] if row.iteration else None,
        "origin": f"{row.flow}/{row.origin}" if row.origin else None,
        "attempts": row.attempt + 1,
        "attempt": row.attempt,
        "pid": attempt.pid,
        "warnings": list(attempt.warnings),
        "error": attempt.error.to_json() if attempt.error else None,
    }


def _state(row: RunRow | TaskRow) -> dict[str, Any]:
    return {
        "status": row.status,
        "successful": row.status == SUCCESS,
        "finished": row.status != RUNNING,
        "created_at": row.created_at,
        "finished_at": row.finished_at,
    }


def _artifact_row(item: Artifact) -> dict[str, Any]:
    row = item.row
    return {
        "name": row.name,
        "step": row.step,
        "task": row.task,
        "digest": row.ref.digest,
        "kind": row.ref.kind,
        "type": row.ref.type,
        "size": row.ref.size,
        "preview": row.ref.preview,
        "inherited": row.inherited,
    }

"""What the client of R asks through reticulate: text in, text out, so that no bridge converts a value.

`ask('{"op": "flows"}')` answers `{"ok": ["MyFlow"]}` or `{"error": {"code": ..., "message": ..., "hint": ...}}`.
Times are seconds since 1970. R reads a value itself, from the file that `layout` describes.
"""

from __future__ import annotations

import pkgutil
from typing import Any

from pyflow.client import bridge_find
from pyflow.client.artifacts import Artifact
from pyflow.client.catalog import default_catalog, default_metadata, get_metadata, metadata
from pyflow.client.code import Code
from pyflow.client.compare import compare
from pyflow.client.flows import Flow, Pyflow
from pyflow.client.runs import Run, Step
from pyflow.client.tagging import rows_of, tag_runs
from pyflow.client.tasks import Task, foreach_index
from pyflow.define import namespaces
from pyflow.process.asking import Operations, Request, answer
from pyflow.spec.errors import NotFoundError, reading_artifact
from pyflow.spec.records import RUNNING, SUCCESS, AttemptRow, RunRow, TaskRow
from pyflow.spec.task import PARAMETERS
from pyflow.vaults import get_secret

# Heavy, and most questions open no value.
LAYOUT = "pyflow.codec.layout:layout_of"


def ask(text: str) -> str:
    """Answer one request."""
    return answer(text, OPERATIONS)


def _flows(request: Request) -> list[str]:
    return [flow.id for flow in Pyflow()]


def _runs(request: Request) -> list[dict[str, Any]]:
    found = Flow(request["flow"]).runs(limit=request.get("limit"), status=request.get("status"))
    return [_run_row(run.row) for run in found]


def _run(request: Request) -> dict[str, Any]:
    return _run_row(_the_run(request).row)


def _graph(request: Request) -> dict[str, Any]:
    return dict(_the_run(request).graph)


def _steps(request: Request) -> list[dict[str, Any]]:
    return [{"step": step.id, "tasks": len(step.tasks())} for step in _the_run(request)]


def _tasks(request: Request) -> list[dict[str, Any]]:
    run, step = _the_run(request), request.get("step")
    rows = run.task_rows() if step is None else run.task_rows_of(step)
    return _task_rows(request["flow"], request["run"], rows, step)


def _task_rows(flow: str, run: str, rows: list[TaskRow], step: str | None = None) -> list[dict[str, Any]]:
    """The rows with what their last attempts tell, which is one question for all of them."""
    last = {row.task: row for row in default_catalog().metadata.attempts(flow, run, step)}
    return [_task_row(row, last[row.task]) for row in rows]


def _artifacts(request: Request) -> list[dict[str, Any]]:
    return [_artifact_row(item) for item in _the_task(request).artifacts]


def _relatives(request: Request) -> list[dict[str, Any]]:
    """The tasks before (`way` parents) or after (children) a task."""
    task = _the_task(request)
    found = task.parent_tasks if request["way"] == "parents" else task.child_tasks
    return _task_rows(request["flow"], request["run"], [item.row for item in found])


def _attempts(request: Request) -> dict[str, Any]:
    return bridge_find.attempts(_the_task(request))


def _log_lines(request: Request) -> dict[str, Any]:
    return bridge_find.log_lines(_the_task(request), request.get("stream"))


def _facts(request: Request) -> dict[str, Any]:
    """What Metaflow calls the metadata of a task."""
    return _the_task(request).metadata_dict


def _environment_info(request: Request) -> dict[str, Any]:
    return _the_task(request).environment_info


def _related_steps(request: Request) -> list[str]:
    step = _the_run(request)[request["step"]]
    return [item.id for item in (step.parent_steps if request["way"] == "parents" else step.child_steps)]


def _parameters(request: Request) -> list[dict[str, Any]]:
    rows = default_catalog().metadata.artifacts(request["flow"], request["run"], PARAMETERS)
    return [_artifact_row(Artifact.from_row(row, default_catalog())) for row in rows]


def _end_task(request: Request) -> list[dict[str, Any]]:
    task = _the_run(request).end_task
    return [] if task is None else _task_rows(request["flow"], request["run"], [task.row], task.row.step)


def _exception(request: Request) -> dict[str, Any] | None:
    """What ended the attempt that the request is of."""
    error = _the_task(request).told.row.error
    return error.to_json() if error else None


def _tags(request: Request) -> list[dict[str, Any]]:
    """Change the tags of several runs (flow, run), all at once; their rows afterwards."""
    names = [f"{run['flow']}/{run['run']}" for run in request["runs"]]
    if request["add"] or request["remove"]:
        tag_runs(names, add=request["add"], remove=request["remove"])
    return [_run_row(row) for row in rows_of(names, default_catalog())]


def _namespace(request: Request) -> str | None:
    """The namespace, after a change to `set`, or to what holds without a choice (`default`)."""
    if request.get("default"):
        return namespaces.default_namespace()
    return namespaces.namespace(request["set"]) if "set" in request else namespaces.get_namespace()


def _metadata(request: Request) -> str:
    """Where the client reads from, after a change to `set` (null: the store of the working directory)."""
    if "set" not in request:
        return get_metadata()
    return default_metadata() if request["set"] is None else metadata(request["set"])


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
        return pkgutil.resolve_name(LAYOUT)(
            default_catalog().store.get(request["digest"], whole=columns is None), columns
        )


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


def _html(request: Request) -> dict[str, str]:
    """The page of a flow, run, step, task or artifact, by its path."""
    kinds = (Flow, Run, Step, Task, Artifact)
    path = request["path"]
    return {"html": kinds[path.count("/")](path)._repr_html_()}


def _compare(request: Request) -> dict[str, Any]:
    """What differs between the runs `before` and `after` (FLOW/RUN), and the same as lines for people."""
    found = compare(request["before"], request["after"])
    lines = [{"kind": kind, "text": text.encode("utf-8", "replace").decode()} for kind, text in found.lines()]
    return {**found.to_json(), "lines": lines}


OPERATIONS: Operations = {
    "flows": _flows,
    "runs": _runs,
    "run": _run,
    "graph": _graph,
    "steps": _steps,
    "tasks": _tasks,
    "artifacts": _artifacts,
    "data": _data,
    "log": _log,
    "log_lines": _log_lines,
    "attempts": _attempts,
    "relatives": _relatives,
    "related_steps": _related_steps,
    "facts": _facts,
    "parameters": _parameters,
    "end_task": _end_task,
    "exception": _exception,
    "environment_info": _environment_info,
    "tags": _tags,
    "namespace": _namespace,
    "metadata": _metadata,
    "find": bridge_find.find,
    "lineage": bridge_find.lineage,
    "layout": _layout,
    "path": _path,
    "secret": _secret,
    "code": _code,
    "code_file": _code_file,
    "code_extract": _code_extract,
    "code_diff": _code_diff,
    "compare": _compare,
    "html": _html,
}


def _the_run(request: Request) -> Run:
    """The run; the namespace counts only when a run is asked for by its name, not for what R has already."""
    by_name = request["op"] == "run" and not request.get("known")
    return Run(f"{request['flow']}/{request['run']}", check_namespace=by_name)


def _the_task(request: Request) -> Task:
    path = "/".join(str(request[key]) for key in ("flow", "run", "step", "task"))
    return Task(path, attempt=request.get("number"), check_namespace=False)


def _run_row(row: RunRow) -> dict[str, Any]:
    return {
        "flow": row.flow,
        "run": row.run,
        **_state(row),
        "username": row.username,
        "tags": sorted({*row.tags, *row.system_tags}),
        "user_tags": sorted(row.tags),
        "system_tags": sorted(row.system_tags),
        "info": dict(row.info),
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
        "scalar": row.ref.scalar,
    }

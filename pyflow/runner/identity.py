"""Who this task is: the values of `current`, the same in every language."""

from __future__ import annotations

from typing import Any

from pyflow.spec.task import TaskRequest


def current_values(request: TaskRequest) -> dict[str, Any]:
    return {
        "is_running_flow": True,
        "flow_name": request.flow,
        "run_id": request.run,
        "step_name": request.step,
        "task_id": request.task,
        "retry_count": request.attempt,
        "origin_run_id": request.origin_run_id,
        "pathspec": request.pathspec,
        "namespace": request.namespace,
        "username": request.username,
        "tags": list(request.tags),
        "parameter_names": sorted(request.parameters.keys() - set(request.constants)),
        "tempdir": ".",
        "iteration": request.iteration[-1] if request.iteration else None,
        "is_parallel": request.parallel is not None,
        **({} if request.parallel is None else {"parallel": dict(request.parallel)}),
        **request.project,
    }

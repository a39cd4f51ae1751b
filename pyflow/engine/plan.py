"""What one run is to do, and the requests and rows that follow from it. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pyflow.engine.events import Finish, Launch
from pyflow.engine.outcome import Outcome
from pyflow.engine.resume import Origin
from pyflow.engine.state import Frame, Task
from pyflow.spec.graph import Graph, Step, transition_to_json
from pyflow.spec.records import (
    RUNNING,
    AttemptFinished,
    AttemptRow,
    FinishedTask,
    RunFinished,
    RunRow,
    TakenOver,
    TaskRow,
)
from pyflow.spec.task import PARAMETERS, ArtifactRef, ForeachFrame, Input, TaskRequest, TaskResult

Artifacts = Mapping[str, ArtifactRef]
# All members of a gang run on this machine.
MAIN_IP = "127.0.0.1"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Plan:
    """A run before it starts. `values` are the parameters' values, as define.values resolves them; `retry_wait`: honour
    minutes_between_retries; `grace`: seconds that a task has to end when it is told to; `resumes`: the run
    `origin` as this one takes it over; `capacity`: what tasks may take together, by name of a resource; `project`: what
    `current` tells of it; `code` is recorded of the run's code, `copy` says where tasks load it from."""

    graph: Graph
    run: str
    root: str
    store: Mapping[str, Any]
    values: tuple[Mapping[str, Any], ...] = ()
    max_workers: int = 16
    max_num_splits: int = 100
    retry_wait: bool = False
    grace: float = 5.0
    capacity: Mapping[str, float] = field(default_factory=dict)
    project: Mapping[str, Any] = field(default_factory=dict)
    username: str = ""
    namespace: str = ""
    tags: tuple[str, ...] = ()
    system_tags: tuple[str, ...] = ()
    origin: str | None = None
    resumes: Origin | None = None
    graph_json: Mapping[str, Any] = field(default_factory=dict)
    info: Mapping[str, Any] = field(default_factory=dict)
    code: Mapping[str, Any] | None = None
    copy: Mapping[str, str] | None = None

    @property
    def flow(self) -> str:
        return self.graph.name

    @property
    def given(self) -> Artifacts:
        """Parameters and constants that come from the origin."""
        return self.resumes.values if self.resumes else {}

    @property
    def has_parameters(self) -> bool:
        return bool(self.values or self.graph.constants or self.given)


def run_row(plan: Plan, at: float) -> RunRow:
    return RunRow(
        flow=plan.flow,
        run=plan.run,
        status=RUNNING,
        username=plan.username,
        created_at=at,
        finished_at=None,
        graph=plan.graph_json,
        origin=plan.origin,
        tags=plan.tags,
        system_tags=plan.system_tags,
        info=plan.info,
        code=plan.code,
    )


def task_row(plan: Plan, task: Task, at: float) -> TaskRow:
    return TaskRow(
        flow=plan.flow,
        run=plan.run,
        step=task.step,
        task=task.id,
        status=RUNNING,
        created_at=at,
        foreach=tuple({name: getattr(frame, name) for name in Frame.__slots__} for frame in task.frames),
        inputs=task.inputs,
        iteration=task.iteration,
        attempt=task.attempt,
    )


def taken_over(plan: Plan, task: Task, found: FinishedTask, *, origin: str, at: float) -> TakenOver:
    """The change that makes `task` out of a finished task of run `origin`."""
    done = found.row
    row = replace(
        task_row(plan, task, at),
        status=done.status,
        finished_at=at,
        foreach_count=done.foreach_count,
        choice=done.choice,
        origin=done.origin or f"{origin}/{done.step}/{done.task}",
    )
    return TakenOver(row, origin_run=origin, origin_task=done.task)


def attempt_row(plan: Plan, task: Task, at: float) -> AttemptRow:
    return AttemptRow(
        flow=plan.flow,
        run=plan.run,
        step=task.step,
        task=task.id,
        attempt=task.attempt,
        status=RUNNING,
        pid=None,
        started_at=at,
        folder=attempt_folder(plan, task),
    )


def finished(
    plan: Plan, task: Task, outcome: Outcome, *, at: float, final: bool, artifacts: Artifacts
) -> AttemptFinished:
    """The end of an attempt; `artifacts` are all that it has, inherited ones included."""
    result = outcome.result
    return AttemptFinished(
        flow=plan.flow,
        run=plan.run,
        step=task.step,
        task=task.id,
        attempt=outcome.event.attempt,
        status=outcome.status,
        at=at,
        final=final,
        error=outcome.error,
        artifacts=artifacts,
        own=frozenset(result.artifacts) if result else frozenset(),
        warnings=result.warnings if result else (),
        foreach_count=result.foreach_count if result else None,
        choice=result.choice if result else None,
    )


def run_finished(plan: Plan, finish: Finish, task: Task | None, *, at: float) -> RunFinished:
    """The end of the run; `task` is the one whose failure ended it."""
    error = None
    if finish.error is not None and task is not None:
        error = {**finish.error.to_json(), "step": task.step, "task": task.id, "attempt": task.attempt}
    return RunFinished(plan.flow, plan.run, finish.status, at, error)


def attempt_folder(plan: Plan, task: Task) -> str:
    return f"{plan.root}/runs/{plan.flow}/{plan.run}/{task.step}/{task.id}/{task.attempt}"


def request(
    plan: Plan,
    task: Task,
    launch: Launch,
    *,
    step: Step | None,
    tasks: Mapping[str, Task],
    done: Mapping[str, Artifacts],
) -> TaskRequest:
    """The request of one attempt. `done`: artifacts of finished tasks by task id; `step` is None for `_parameters`."""
    common: dict[str, Any] = {
        "flow": plan.flow,
        "run": plan.run,
        "step": task.step,
        "task": task.id,
        "attempt": launch.attempt,
        "flow_file": plan.graph.file,
        "store": plan.store,
        "folder": attempt_folder(plan, task),
        "username": plan.username,
        "namespace": plan.namespace,
        "tags": plan.tags,
        "origin_run_id": plan.origin,
        "last_attempt": launch.last,
        "caught": launch.caught,
        "max_num_splits": plan.max_num_splits,
        "project": plan.project,
        "code": plan.copy,
    }
    if step is None:
        return _parameters_request(plan, common)
    return TaskRequest(
        **common,
        language=step.language,
        function={"file": step.function.file, "name": step.function.name},
        join=step.join,
        transition=transition_to_json(step.transition),
        parameters=done.get(PARAMETERS, {}),
        inputs=tuple(
            Input(tasks[id].step, id, done[id], index if step.join else None) for index, id in enumerate(task.inputs)
        ),
        foreach=_foreach_frames(plan, task, done),
        iteration=task.iteration,
        parallel=_gang(task, tasks),
        reserved=tuple(item.name for item in plan.graph.steps),
        catch=_arguments(step, "catch", {"var": None, "print_exception": True}),
        timeout=timeout_seconds(step),
        environment=_threads(step) | _variables(step),
        secrets=_arguments(step, "secrets", {"sources": [], "role": None, "allow_override": False}),
        configs=tuple(config.name for config in plan.graph.configs if not config.plain),
        constants=plan.graph.constants,
        wrappers=tuple(
            {"name": item.name, "args": dict(item.args), "language": item.language, "file": item.file}
            for item in step.decorators
            if item.custom
        ),
    )


def _parameters_request(plan: Plan, common: Mapping[str, Any]) -> TaskRequest:
    return TaskRequest(
        **common,
        language=plan.graph.language,
        function={"file": plan.graph.file, "name": None},
        join=False,
        transition={"kind": "linear", "targets": [plan.graph.start], "foreach": None},
        values=plan.values,
        constants=tuple(name for name in plan.graph.constants if name not in plan.given),
    )


def _foreach_frames(plan: Plan, task: Task, done: Mapping[str, Artifacts]) -> tuple[ForeachFrame, ...]:
    return tuple(
        ForeachFrame(
            step=frame.split,
            language=plan.graph.step(frame.split).language,
            variable=frame.foreach,
            index=frame.index,
            count=frame.count,
            digest=(done[frame.owner].get(frame.foreach) or done[PARAMETERS][frame.foreach]).digest,
        )
        for frame in task.frames
        if frame.foreach is not None
    )


def _gang(task: Task, tasks: Mapping[str, Task]) -> dict[str, Any] | None:
    """Whom a member of a gang works with; the first member is the one in control."""
    frame = task.frames[-1] if task.frames else None
    if frame is None or not frame.parallel:
        return None
    # Members are made one after the other.
    first = str(int(task.id) - frame.index)
    return {
        "num_nodes": frame.count,
        "node_index": frame.index,
        "control_task_id": tasks[first].id,
        "main_ip": MAIN_IP,
    }


def _arguments(step: Step, name: str, defaults: Mapping[str, Any]) -> dict[str, Any] | None:
    decorator = step.decorator(name)
    return None if decorator is None else {**defaults, **decorator.args}


def _variables(step: Step) -> dict[str, str]:
    """The environment variables of a step; numbers become text, and R writes an empty list for no variables."""
    found = (_arguments(step, "environment", {}) or {}).get("vars") or {}
    return {name: str(value) for name, value in found.items()}


def _threads(step: Step) -> dict[str, str]:
    """A step that was given several cores may use them in its linear algebra; others have one thread for it."""
    cpu = (_arguments(step, "resources", {}) or {}).get("cpu") or 1
    return dict.fromkeys(THREADS, str(int(cpu))) if cpu >= 2 else {}


def timeout_seconds(step: Step) -> float:
    """Sum of the timeout decorator's arguments in seconds; 0 without one."""
    args = _arguments(step, "timeout", {}) or {}
    units = {"seconds": 1, "minutes": 60, "hours": 3600}
    return float(sum(args.get(name, 0) * factor for name, factor in units.items()))


def all_artifacts(plan: Plan, task: Task, done: Mapping[str, Artifacts], *, result: TaskResult) -> Artifacts:
    """Inherited and own artifacts of a finished attempt. A join inherits nothing, not even from a single input.

    Without changes it is the input's own mapping: a foreach of thousands of tasks must not copy it for each.
    """
    is_join = task.step != PARAMETERS and plan.graph.step(task.step).join
    inherited = {} if is_join or not task.inputs else done[task.inputs[0]]
    if task.step == PARAMETERS:
        inherited = plan.given
    if not result.artifacts and not result.removed:
        return inherited
    kept = inherited if not result.removed else {k: v for k, v in inherited.items() if k not in result.removed}
    return {**kept, **result.artifacts}

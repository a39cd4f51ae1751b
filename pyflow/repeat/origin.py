"""Which task is repeated, and the request that gives it its inputs again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pyflow.engine import plan as plans
from pyflow.engine.events import Launch
from pyflow.engine.plan import Artifacts, Plan
from pyflow.engine.state import Frame, Task
from pyflow.ports import Metadata
from pyflow.spec.errors import NotFoundError, UserError
from pyflow.spec.graph import Decorator, Graph
from pyflow.spec.names import did_you_mean
from pyflow.spec.records import RunRow, TaskRow
from pyflow.spec.task import PARAMETERS, TaskRequest

FORMS = "STEP, RUN/STEP or RUN/STEP/TASK"


@dataclass(frozen=True)
class Origin:
    """A task of an earlier run; what it was given is in `done`, by task."""

    run: RunRow
    task: TaskRow
    tasks: tuple[TaskRow, ...]
    done: dict[str, Artifacts]

    @property
    def pathspec(self) -> str:
        return f"{self.run.run}/{self.task.step}/{self.task.task}"


def find_origin(metadata: Metadata, flow: str, text: str) -> Origin:
    """The task that `text` names: a step of the newest run that has a task of it (its first one), RUN/STEP,
    RUN/STEP/TASK, each also with FLOW/ before it.

    Raises NotFoundError, and UserError `pathspec_invalid`.
    """
    parts = [part for part in text.split("/") if part]
    if len(parts) > 1 and parts[0] == flow:
        parts = parts[1:]
    if len(parts) == 1:
        run, step, task = None, parts[0], None
    elif len(parts) in (2, 3):
        run, step, task = parts[0], parts[1], (*parts[2:], None)[0]
    else:
        raise UserError(f"{text!r} names no task", code="pathspec_invalid", hint=f"The forms are {FORMS}.")
    row, found = _find(metadata, flow, run=run, step=step, task=task)
    if row.spin is not None:
        # It was given what the task that it repeats was given, and that one's run has it.
        return find_origin(metadata, flow, row.spin)
    done = {item.row.task: item.artifacts for item in metadata.finished(flow, row.run)}
    return Origin(row, found, tuple(metadata.tasks(flow, row.run)), done)


def _find(metadata: Metadata, flow: str, *, run: str | None, step: str, task: str | None) -> tuple[RunRow, TaskRow]:
    runs = metadata.runs(flow, run)
    for row in runs:
        tasks = metadata.tasks(flow, row.run, step, task)
        if tasks:
            return row, tasks[0]
    if not runs:
        what = f"there is no run {flow}/{run}" if run else f"flow {flow} has no run yet"
        raise NotFoundError(what, hint="Run the flow first." if run is None else f"See: pyflow runs {flow}.")
    steps = [item["name"] for item in runs[0].graph.get("steps", ())]
    where = f"run {flow}/{run}" if run else f"any run of {flow}"
    what = f"task {step}/{task}" if task else f"task of step {step!r}"
    raise NotFoundError(f"{where} has no {what}", hint="" if step in steps else did_you_mean(step, steps))


def request_of(origin: Origin, plan: Plan) -> TaskRequest:
    """The request that carries the task out again in the run that `plan` describes, with the steps of its graph.

    Raises UserError `spin_graph_changed` when the task has no place in the graph any more, `spin_inputs_missing` when
    what it was given is not there.
    """
    _check_place(origin, plan.graph)
    tasks = {row.task: _task(row) for row in origin.tasks}
    task = replace(tasks[origin.task.task], attempt=0)
    missing = [id for id in task.inputs if id not in origin.done]
    if missing:
        raise UserError(
            f"task {origin.pathspec} has no inputs: task {missing[0]} has not ended well", code="spin_inputs_missing"
        )
    launch = Launch(task.id, attempt=0, last=True)
    return plans.request(plan, task, launch, step=plan.graph.step(task.step), tasks=tasks, done=origin.done)


def undecorated(graph: Graph, *, all: bool) -> Graph:
    """The graph without the decorators that hide an error from the person who repeats a task, or without any."""

    def stays(decorator: Decorator) -> bool:
        return not all and (decorator.custom or decorator.name not in ("retry", "catch"))

    return replace(
        graph,
        steps=tuple(replace(step, decorators=tuple(filter(stays, step.decorators))) for step in graph.steps),
    )


def _task(row: TaskRow) -> Task:
    return Task(row.task, row.step, tuple(Frame(**frame) for frame in row.foreach), row.inputs, row.iteration)


def _check_place(origin: Origin, graph: Graph) -> None:
    step, names = origin.task.step, [item.name for item in graph.steps]
    for name in (step, *(frame["split"] for frame in origin.task.foreach)):
        if name not in names and name != PARAMETERS:
            raise _changed(origin, f"the flow has no step {name!r} now", did_you_mean(name, names))
    if step == PARAMETERS:
        raise _changed(origin, f"{PARAMETERS} is no step", "Choose a step of the flow.")
    if not graph.step(step).join and len(origin.task.inputs) > 1:
        raise _changed(origin, f"step {step!r} joined branches then, and takes no inputs now", "")


def _changed(origin: Origin, reason: str, hint: str) -> UserError:
    return UserError(f"task {origin.pathspec} cannot be repeated: {reason}", code="spin_graph_changed", hint=hint)

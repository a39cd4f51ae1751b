"""Which tasks of an earlier run a resumed run takes over (shared_spec/run-state.md, section 5).

Pure: rows and graphs in, tasks or Problems out. What follows from a task that is taken over is decided by engine.state,
which is told so by events: there is no second scheduler here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count, takewhile

from pyflow.engine import events
from pyflow.engine import state as states
from pyflow.engine.events import Action, Begin, Event, Succeeded
from pyflow.engine.state import RunState, Task
from pyflow.spec.errors import Problem
from pyflow.spec.gangs import Limits
from pyflow.spec.graph import Graph, Step, parse_graph
from pyflow.spec.names import nearest
from pyflow.spec.records import FinishedTask, RunRow
from pyflow.spec.task import PARAMETERS, ArtifactRef

# What makes tasks of two runs the same one: step, inputs (ids of the origin), and the place in a split whose tasks all
# are of one step. The name of a branch is in the step.
Key = tuple[str, tuple[str, ...], int | None]


@dataclass(frozen=True)
class Origin:
    """The run that `graph` resumes. `values` are the parameters, configurations and constants that it hands on; `gangs`
    is how many finished tasks there are by step and inputs."""

    run: str
    graph: Graph
    old: Graph
    step: str | None
    tasks: tuple[FinishedTask, ...]
    finished: Mapping[Key, FinishedTask]
    values: Mapping[str, ArtifactRef]
    gangs: Mapping[tuple[str, tuple[str, ...]], int]

    @cached_property
    def new_names(self) -> frozenset[str]:
        """Parameters, configurations and constants that the origin did not have."""
        return _names(self.graph) - self.values.keys()

    def begins_with(self, event: Event) -> bool:
        """Whether tasks may be taken over from this event on: the first, or the end of the task that makes the values
        which the origin did not have."""
        if self.new_names:
            return isinstance(event, Succeeded) and event.task == PARAMETERS
        return isinstance(event, Begin)


@dataclass(frozen=True)
class Replay:
    """`taken`: by the id of the new task, in the order of making, what it takes over. `actions`: what is left to do."""

    taken: Mapping[str, FinishedTask]
    actions: list[Action]


def origin_of(graph: Graph, run: RunRow, tasks: Sequence[FinishedTask], step: str | None = None) -> Origin:
    """`tasks` are those that `run` finished; from `step` on they are not taken over."""
    old = parse_graph(run.graph)
    keys = {_key(old, task): task for task in tasks}
    parameters = next((task.artifacts for task in tasks if task.row.task == PARAMETERS), {})
    return Origin(
        run=run.run,
        graph=graph,
        old=old,
        step=step,
        tasks=tuple(tasks),
        finished=keys,
        values={name: ref for name, ref in parameters.items() if name in _names(graph)},
        gangs=Counter(key[:2] for key in keys),
    )


def replay(state: RunState, event: Event, origin: Origin) -> Replay:
    """Apply `event`, and then the end of every task that the origin has finished, to the state of the new run."""
    states.apply(state, events.Hold())
    actions = states.apply(state, event)
    taken: dict[str, FinishedTask] = {}
    for id in _made(state):
        found = _counterpart(origin, state.tasks[id], taken) if state.held and id in state.held else None
        if found is not None:
            taken[id] = found
            actions += states.apply(state, events.TakenOver(id, found.row.foreach_count, found.row.choice))
    actions += states.apply(state, events.Release())
    return Replay(taken, actions)


def problems(origin: Origin) -> list[Problem]:
    """Why the origin cannot be resumed with this graph and step; empty if it can."""
    steps = [step.name for step in origin.graph.steps]
    if origin.step is not None and origin.step not in steps:
        near = nearest(origin.step, steps)
        hint = f"Did you mean {near!r}?" if near else f"The steps are: {', '.join(steps)}."
        message = f"the flow {origin.graph.name} has no step {origin.step!r} to resume from."
        return [Problem("resume_step_unknown", message, hint=hint)]
    return [*_parameter_problems(origin), *_step_problems(origin)]


def gang_problems(origin: Origin, limits: Limits) -> list[Problem]:
    """Gangs that are to run again and are larger than this run can start; their sizes are known from the origin."""
    if all(step.transition.kind != "parallel" for step in origin.graph.steps):
        return []
    state = RunState(origin.graph)
    taken = replay(state, Begin(bool(origin.values)), origin).taken
    found: dict[str, Problem] = {}
    for owner, gang in state.gangs.items():
        split = state.steps[state.tasks[owner].step]
        why = None if gang.members[0] in taken else limits.too_large(split, len(gang.members))
        if why is not None:
            found[split.name] = Problem("gang_too_large", why[0], split.where, why[1])
    return list(found.values())


# Matching


def _key(graph: Graph, task: FinishedTask) -> Key:
    frames = task.row.foreach
    place = frames[-1]["index"] if frames and _counts(graph, frames[-1]["split"]) else None
    return task.row.step, task.row.inputs, place


def _counts(graph: Graph, split: str) -> bool:
    return graph.step(split).transition.kind != "branch"


def _counterpart(origin: Origin, task: Task, taken: Mapping[str, FinishedTask]) -> FinishedTask | None:
    """The finished task of the origin that does what the new `task` is to do. All inputs of a task that has been made
    were taken over."""
    if task.step == origin.step:
        return None
    inputs = tuple(taken[id].row.task for id in task.inputs)
    frame = task.frames[-1] if task.frames else None
    counted = frame is not None and _counts(origin.graph, frame.split)
    place = frame.index if frame is not None and counted else None
    if frame is not None and _is_gang(origin.graph, frame.split) and inputs == (taken[frame.owner].row.task,):
        # The tasks of a gang work together: all of them again, or none.
        if origin.gangs.get((task.step, inputs), 0) < frame.count:
            return None
    return origin.finished.get((task.step, inputs, place))


def _is_gang(graph: Graph, split: str) -> bool:
    return graph.step(split).transition.kind == "parallel"


def _made(state: RunState) -> Iterator[str]:
    """Ids of all tasks in the order of making, also of those that are made meanwhile."""
    if PARAMETERS in state.tasks:
        yield PARAMETERS
    yield from takewhile(state.tasks.__contains__, map(str, count(1)))


# Problems


def _names(graph: Graph) -> frozenset[str]:
    """What is stored before the first step."""
    parameters, configs = (item.name for item in graph.parameters), (item.name for item in graph.configs)
    return frozenset([*parameters, *configs, *graph.constants])


def _parameter_problems(origin: Origin) -> list[Problem]:
    run, names, before = origin.run, _names(origin.graph), _names(origin.old)
    if before and not any(task.row.task == PARAMETERS for task in origin.tasks):
        message = f"run {run} ended before it had stored its parameters, so there is nothing to take over."
        return [Problem("resume_nothing", message, hint="Start a new run.")]
    gone = [item.name for item in origin.old.parameters if item.name not in names]
    found = [
        Problem(
            "resume_parameter_removed",
            f"run {run} has the parameter {name!r}, which the flow has no more.",
            hint="Start a new run, or give the flow its parameter back.",
        )
        for name in gone
    ]
    for item in origin.graph.parameters:
        if item.name not in before and not item.has_default:
            message = f"the parameter {item.name!r} is new since run {run} and has no default."
            hint = "A resumed run has the parameters of its origin: give it a default, or start a new run."
            found.append(Problem("resume_parameter_added", message, hint=hint))
    return found


def _step_problems(origin: Origin) -> list[Problem]:
    """Steps whose finished tasks are no tasks of the graph any more. Tasks from origin.step on run again anyway."""
    now = {step.name: step for step in origin.graph.steps}
    before = {step.name: step for step in origin.old.steps}
    again: set[str] = set()
    found: dict[str, Problem] = {}
    for task in origin.tasks:
        name = task.row.step
        if name == origin.step or not again.isdisjoint(task.row.inputs):
            again.add(task.row.task)
        elif name != PARAMETERS and name not in found:
            problem = _change(origin, before[name], now[name], task) if name in now else _vanished(origin, name)
            if problem is not None:
                found[name] = problem
    return list(found.values())


def _change(origin: Origin, old: Step, new: Step, task: FinishedTask) -> Problem | None:
    """Why a finished task of the step `old` is no task of `new`."""
    before, now = _role(old), _role(new)
    if before != now:
        message = f"step {new.name!r} was {before} in run {origin.run} and is {now} now."
    elif new.transition.kind == "switch" and task.row.choice not in new.transition.targets:
        message = (
            f"step {new.name!r} went on to {task.row.choice!r} in run {origin.run}, which is none of its cases now."
        )
    else:
        return None
    return Problem("resume_graph_changed", message, new.where, f"Run it again, and what follows: resume {new.name}.")


def _role(step: Step) -> str:
    """What must stay the same about a step, in words. Of all else a finished task does not depend."""
    transition = step.transition
    over = {"foreach": transition.foreach, "switch": transition.condition, "parallel": transition.num_parallel}
    kind = "gang" if transition.kind == "parallel" else transition.kind
    subject = over.get(transition.kind)
    parts = ["a join"] if step.join else []
    if transition.kind in over:
        parts.append(f"a {kind}{f' over {subject!r}' if subject is not None else ''}")
    return " and ".join(parts) or "an ordinary step"


def _vanished(origin: Origin, name: str) -> Problem:
    steps = {step.name for step in origin.graph.steps}
    before = [item.name for item in origin.old.steps if name in item.transition.targets and item.name in steps]
    hint = f"Resume from a step before it: resume {before[0]}." if before else "Start a new run."
    message = f"step {name!r} has finished in run {origin.run}, but the flow does not have it any more."
    return Problem("resume_step_missing", message, hint=hint)

"""Which tasks of an earlier run a resumed run takes over (shared_spec/run-state.md, section 5).

Pure: rows and graphs in, tasks or Problems out. What follows from a task that is taken over is decided by engine.state,
which is told so by events: there is no second scheduler here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, takewhile

from pyflow.engine import state as states
from pyflow.engine.state import Action, Begin, Event, RunState, Succeeded, Task
from pyflow.spec.errors import Problem
from pyflow.spec.graph import Graph, Step, parse_graph
from pyflow.spec.names import nearest
from pyflow.spec.records import FinishedTask, RunRow
from pyflow.spec.task import PARAMETERS, ArtifactRef

# What makes tasks of two runs the same one: step, inputs (ids of the origin), and the place in a split whose tasks all
# are of one step. The name of a branch is in the step.
Key = tuple[str, tuple[str, ...], int | None]
# Transitions of which only a finished task can tell what follows.
TOLD = frozenset({"foreach", "parallel", "switch"})


@dataclass(frozen=True)
class Origin:
    """The run that `graph` resumes. `values` are the parameters and constants that it hands on; `changed` says, by step,
    why tasks of the origin are none of this graph."""

    run: str
    graph: Graph
    old: Graph
    step: str | None
    tasks: tuple[FinishedTask, ...]
    finished: Mapping[Key, FinishedTask]
    values: Mapping[str, ArtifactRef]
    changed: Mapping[str, Problem]
    gangs: Mapping[tuple[str, tuple[str, ...]], int] = field(default_factory=dict)

    @property
    def new_names(self) -> frozenset[str]:
        """Parameters and constants that the origin did not have."""
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
    problems: tuple[Problem, ...]


def origin_of(graph: Graph, run: RunRow, tasks: Sequence[FinishedTask], step: str | None = None) -> Origin:
    """`tasks` are those that `run` finished; from `step` on they are not taken over."""
    old = parse_graph(run.graph)
    keys = {_key(old, task): task for task in tasks}
    parameters = next((task.artifacts for task in tasks if task.row.task == PARAMETERS), {})
    steps = {item.name: item for item in old.steps}
    pairs = [(steps[item.name], item) for item in graph.steps if item.name in steps]
    return Origin(
        run=run.run,
        graph=graph,
        old=old,
        step=step,
        tasks=tuple(tasks),
        finished=keys,
        values={name: ref for name, ref in parameters.items() if name in _names(graph)},
        changed={new.name: problem for before, new in pairs if (problem := _change(run.run, before, new))},
        gangs=Counter(key[:2] for key in keys),
    )


def replay(state: RunState, event: Event, origin: Origin) -> Replay:
    """Apply `event`, and then the end of every task that the origin has finished, to the state of the new run."""
    states.apply(state, states.Hold())
    actions = states.apply(state, event)
    taken: dict[str, FinishedTask] = {}
    problems: dict[str, Problem] = {}
    for id in _made(state):
        found = _counterpart(origin, state.tasks[id], taken) if state.held and id in state.held else None
        if found is None:
            continue
        problem = _no_longer(origin, state, found)
        if problem is not None:
            problems[found.row.step] = problem
            continue
        taken[id] = found
        actions += states.apply(state, states.TakenOver(id, found.row.foreach_count, found.row.choice))
    actions += states.apply(state, states.Release())
    return Replay(taken, actions, tuple(problems.values()))


def problems(origin: Origin) -> list[Problem]:
    """Why the origin cannot be resumed with this graph and step; empty if it can."""
    if origin.step is not None and origin.step not in {step.name for step in origin.graph.steps}:
        return [_unknown_step(origin, origin.step)]
    found = [*_parameter_problems(origin), *_vanished(origin)]
    if origin.tasks:
        state = RunState(origin.graph)
        found += replay(state, Begin(bool(origin.values)), origin).problems
    return found


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
    return frozenset(parameter.name for parameter in graph.parameters) | frozenset(graph.constants)


def _no_longer(origin: Origin, state: RunState, found: FinishedTask) -> Problem | None:
    """Why a finished task does not fit into the graph any more."""
    step = state.steps.get(found.row.step)
    if step is None or found.row.step in origin.changed:
        return origin.changed.get(found.row.step)
    if step.transition.kind == "switch" and found.row.choice not in step.transition.targets:
        return Problem(
            "resume_graph_changed",
            f"step {step.name!r} went on to {found.row.choice!r} in run {origin.run}, which is not one of its cases now.",
            step.where,
            _again(step.name),
        )
    return None


def _change(run: str, old: Step, new: Step) -> Problem | None:
    """Why tasks of the step `old` in `run` are not tasks of `new`."""
    before, now = _role(old), _role(new)
    if before == now:
        return None
    message = f"step {new.name!r} was {before} in run {run} and is {now} now."
    return Problem("resume_graph_changed", message, new.where, _again(new.name))


def _role(step: Step) -> str:
    """What must stay the same for a step's tasks to be taken over, in words."""
    transition = step.transition
    what = f"a {transition.kind}" if transition.kind in TOLD else "an ordinary step"
    over = {"foreach": transition.foreach, "switch": transition.condition, "parallel": transition.num_parallel}
    subject = over.get(transition.kind)
    return f"{what}{f' over {subject!r}' if subject is not None else ''}{', a join,' if step.join else ''}"


def _again(step: str) -> str:
    return f"Run it again, and what follows: resume {step}."


def _unknown_step(origin: Origin, step: str) -> Problem:
    steps = [item.name for item in origin.graph.steps]
    near = nearest(step, steps)
    hint = f"Did you mean {near!r}?" if near else f"The steps are: {', '.join(steps)}."
    return Problem("resume_step_unknown", f"the flow {origin.graph.name} has no step {step!r} to resume from.", hint=hint)


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


def _vanished(origin: Origin) -> list[Problem]:
    """Finished tasks whose step is gone, unless they come after the step from which all runs again."""
    steps = {step.name for step in origin.graph.steps}
    again: set[str] = set()
    gone: dict[str, None] = {}
    for task in origin.tasks:
        if task.row.step == origin.step or not again.isdisjoint(task.row.inputs):
            again.add(task.row.task)
        elif task.row.step not in steps and task.row.step != PARAMETERS:
            gone[task.row.step] = None
    return [_vanished_problem(origin, name, steps) for name in gone]


def _vanished_problem(origin: Origin, name: str, steps: set[str]) -> Problem:
    before = [item.name for item in origin.old.steps if name in item.transition.targets and item.name in steps]
    hint = f"Resume from a step before it: resume {before[0]}." if before else "Start a new run."
    message = f"step {name!r} has finished in run {origin.run}, but the flow does not have it any more."
    return Problem("resume_step_missing", message, hint=hint)

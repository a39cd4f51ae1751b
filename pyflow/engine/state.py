"""What a run does on each event (shared_spec/run-state.md): `apply(state, event) -> actions`.

Pure decisions: no process, file, clock or randomness; time is in the actions as seconds to wait. The state is changed
in place, because a copy of 10,000 tasks for each event would cost more than the tasks; the same events always give
the same state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pyflow.engine.events import (
    Action,
    Begin,
    Event,
    Failed,
    Finish,
    Hold,
    Interrupt,
    Launch,
    Release,
    StartedEvent,
    Stop,
    Stopped,
    Succeeded,
    TakenOver,
    Timer,
    Wait,
)
from pyflow.engine.packing import Packing
from pyflow.spec.graph import Graph, Step
from pyflow.spec.loops import Edge, loop_edges, open_loops
from pyflow.spec.records import FAILED, INTERRUPTED, SUCCESS
from pyflow.spec.resources import needs
from pyflow.spec.task import PARAMETERS, TaskError

NEW, ACTIVE, STOPPING, OVER = "new", "running", "stopping", "over"
WORKERS = "workers"


@dataclass(frozen=True, slots=True)
class Frame:
    """One open split: branch, item or gang member `index` of `count`, opened by task `owner` of step `split`."""

    split: str
    owner: str
    index: int
    count: int
    foreach: str | None = None
    parallel: bool = False


@dataclass(slots=True)
class Task:
    """A task as the scheduler sees it. `attempt` is the running or the next one. `iteration`: how often each loop
    around its step has been gone through before, from the outside in."""

    id: str
    step: str
    frames: tuple[Frame, ...]
    inputs: tuple[str, ...]
    iteration: tuple[int, ...] = ()
    attempt: int = 0
    running: bool = False
    last: bool = True
    caught: TaskError | None = None


@dataclass(slots=True)
class Gang:
    """Tasks that run at the same time or not at all; the first one stands for all where they wait to start. `failed`:
    a member has failed in this attempt, and what follows is decided when all have ended."""

    members: tuple[str, ...]
    failed: bool = False


@dataclass
class RunState:
    """The whole state of a run; change it only through `apply`.

    `ready` may be launched as soon as `capacity` (of each resource) has room for them, `running` have a process,
    `waiting` wait for the timer of a retry. `arrived` has, for each (join, owner of the split), the inputs that are
    there. `gangs` are by the task that opened them. With `retry_wait` a retry waits for its minutes_between_retries,
    else it follows at once.
    """

    graph: Graph
    max_workers: int = 16
    retry_wait: bool = False
    capacity: Mapping[str, float] = field(default_factory=dict)
    phase: str = NEW
    tasks: dict[str, Task] = field(default_factory=dict)
    ready: Packing = field(init=False)
    running: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    held: dict[str, Task] | None = None
    arrived: dict[tuple[str, str], dict[int, str]] = field(default_factory=dict)
    gangs: dict[str, Gang] = field(default_factory=dict)
    outcome: Finish | None = None
    steps: dict[str, Step] = field(default_factory=dict)
    back: frozenset[Edge] = field(init=False)
    loops: dict[str, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        self.steps = {step.name: step for step in self.graph.steps}
        self.back = loop_edges(self.graph)
        self.loops = open_loops(self.graph, self.back)
        # A process is one more thing that a task needs and a run has so many of.
        capacity = {WORKERS: self.max_workers, **self.capacity}
        one = {WORKERS: 1.0}
        self.ready = Packing(capacity, {n: one | needs(step, self.capacity) for n, step in self.steps.items()})


def apply(state: RunState, event: Event) -> list[Action]:
    """Advance `state` by one event; returns what must be done now."""
    if isinstance(event, Begin):
        return _begin(state, event)
    if isinstance(event, Interrupt):
        return _stop_all(state, Finish(INTERRUPTED))
    if isinstance(event, Timer):
        return _timer(state, event)
    if isinstance(event, Hold | TakenOver | Release):
        return _replay(state, event)
    task = state.tasks.get(event.task)
    if task is None or not task.running or task.attempt != event.attempt or isinstance(event, StartedEvent):
        return []
    _ended(state, task)
    if state.phase == STOPPING:
        return _finish_if_idle(state)
    gang = _gang_of(state, task)
    if gang is not None:
        return _member_ended(state, gang, task, event)
    if isinstance(event, Succeeded):
        return _succeeded(state, task, event)
    if isinstance(event, Failed):
        return _failed(state, task, event)
    return _stop_all(state, Finish(INTERRUPTED))


def _begin(state: RunState, event: Begin) -> list[Action]:
    if state.phase != NEW:
        return []
    state.phase = ACTIVE
    if event.parameters:
        state.tasks[PARAMETERS] = Task(PARAMETERS, PARAMETERS, (), ())
        _make_ready(state, state.tasks[PARAMETERS])
    else:
        _begin_steps(state)
    return _launch_ready(state)


def _begin_steps(state: RunState) -> None:
    start = state.graph.start
    _make_ready(state, _add(state, start, (), (), (0,) * len(state.loops[start])))


def _add(
    state: RunState, step: str, frames: tuple[Frame, ...], inputs: tuple[str, ...], iteration: tuple[int, ...]
) -> Task:
    number = len(state.tasks) + (PARAMETERS not in state.tasks)
    task = Task(str(number), step, frames, inputs, iteration)
    state.tasks[task.id] = task
    return task


def _iteration(state: RunState, source: Task, target: str) -> tuple[int, ...]:
    """How often each loop around `target` has been gone through when `source` goes on to it."""
    heads = state.loops[target]
    if not heads:
        return ()
    counts = dict(zip(state.loops[source.step], source.iteration, strict=True))
    again = target if (source.step, target) in state.back else None
    return tuple(counts.get(head, 0) + (head == again) for head in heads)


def _make_ready(state: RunState, task: Task) -> None:
    gang = _gang_of(state, task)
    members = gang.members if gang else (task.id,)
    if state.held is None:
        state.ready.add(_number(task.id), task.step, len(members))
    else:
        state.held |= {id: state.tasks[id] for id in members}


def _launch_ready(state: RunState) -> list[Action]:
    actions: list[Action] = []
    while (number := state.ready.take()) is not None:
        first = state.tasks[str(number) if number else PARAMETERS]
        gang = _gang_of(state, first)
        for id in gang.members if gang else (first.id,):
            actions.append(_launch(state, state.tasks[id], alone=gang is None))
    return actions


def _launch(state: RunState, task: Task, *, alone: bool) -> Launch:
    """A member of a gang may not catch its error: the others are to be stopped first."""
    final = task.attempt >= _retries(state, task) and (alone or not _catches(state, task))
    task.running = True
    task.last = task.caught is not None or final
    state.running.add(task.id)
    return Launch(task.id, task.attempt, task.last, task.caught)


def _ended(state: RunState, task: Task) -> None:
    task.running = False
    state.running.discard(task.id)
    state.ready.release(_number(task.id))


def _succeeded(state: RunState, task: Task, event: Succeeded | TakenOver) -> list[Action]:
    if task.id == PARAMETERS:
        _begin_steps(state)
        return _launch_ready(state)
    transition = state.steps[task.step].transition
    if transition.kind == "end":
        state.phase, state.outcome = STOPPING, Finish(SUCCESS)
        return _finish_if_idle(state)
    if transition.kind in ("foreach", "parallel"):
        _fan_out(state, task, event.foreach_count or 0)
    elif transition.kind == "branch":
        count = len(transition.targets)
        for index, target in enumerate(transition.targets):
            _arrive(state, task, target, (*task.frames, Frame(task.step, task.id, index, count)))
    else:
        _arrive(state, task, event.choice or transition.targets[0], task.frames)
    return _launch_ready(state)


def _fan_out(state: RunState, task: Task, count: int) -> None:
    """One task for each item, or for each member of a gang."""
    transition = state.steps[task.step].transition
    target, parallel = transition.targets[0], transition.kind == "parallel"
    iteration = _iteration(state, task, target)
    tasks = []
    for index in range(count):
        frame = Frame(task.step, task.id, index, count, transition.foreach, parallel)
        tasks.append(_add(state, target, (*task.frames, frame), (task.id,), iteration))
    if parallel:
        state.gangs[task.id] = Gang(tuple(member.id for member in tasks))
        tasks = tasks[:1]
    for item in tasks:
        _make_ready(state, item)


def _arrive(state: RunState, task: Task, target: str, frames: tuple[Frame, ...]) -> None:
    """Go on to `target`; a join waits until every branch of the innermost split has arrived."""
    iteration = _iteration(state, task, target)
    if not state.steps[target].join:
        _make_ready(state, _add(state, target, frames, (task.id,), iteration))
        return
    frame = frames[-1]
    key = (target, frame.owner)
    arrived = state.arrived.setdefault(key, {})
    arrived[frame.index] = task.id
    if len(arrived) == frame.count:
        del state.arrived[key]
        inputs = tuple(arrived[index] for index in range(frame.count))
        _make_ready(state, _add(state, target, frames[:-1], inputs, iteration))


# Gangs


def _gang_of(state: RunState, task: Task) -> Gang | None:
    if not task.frames or not task.frames[-1].parallel:
        return None
    return state.gangs[task.frames[-1].owner]


def _member_ended(state: RunState, gang: Gang, task: Task, event: Succeeded | Failed | Stopped) -> list[Action]:
    """A member that fails stops the others. When all have ended the gang goes on, or is tried again as a whole."""
    stops: list[Action] = []
    if gang.failed:
        task.attempt += 1
    elif isinstance(event, Stopped):
        return _stop_all(state, Finish(INTERRUPTED))
    elif isinstance(event, Failed):
        if not _tried_again(state, task, event):
            return _stop_all(state, Finish(FAILED, event.error, task.id))
        gang.failed = True
        for member in (state.tasks[id] for id in gang.members):
            member.caught = task.caught
            if member.running:
                stops.append(Stop(member.id, member.attempt))
            else:
                member.attempt += 1
    if any(state.tasks[id].running for id in gang.members):
        return [*stops, *_launch_ready(state)]
    if gang.failed:
        gang.failed = False
        return [*stops, *_start_again(state, state.tasks[gang.members[0]])]
    return _gang_arrives(state, gang)


def _gang_arrives(state: RunState, gang: Gang) -> list[Action]:
    for id in gang.members:
        member = state.tasks[id]
        _arrive(state, member, state.steps[member.step].transition.targets[0], member.frames)
    return _launch_ready(state)


# Failures


def _failed(state: RunState, task: Task, event: Failed) -> list[Action]:
    if not _tried_again(state, task, event):
        return _stop_all(state, Finish(FAILED, event.error, task.id))
    task.attempt += 1
    return _start_again(state, task)


def _tried_again(state: RunState, task: Task, event: Failed) -> bool:
    """Whether another attempt follows: a retry, or one in which `catch` stores the error (`caught`)."""
    if task.caught is not None:
        return False
    if event.error.retry and task.attempt < _retries(state, task):
        return True
    if _catches(state, task) and (event.crashed or not task.last):
        task.caught = event.error
        return True
    return False


def _start_again(state: RunState, task: Task) -> list[Action]:
    seconds = 0.0 if task.caught else _retry_seconds(state, task)
    if seconds > 0:
        state.waiting.add(task.id)
        return [Wait(task.id, seconds), *_launch_ready(state)]
    _make_ready(state, task)
    return _launch_ready(state)


def _replay(state: RunState, event: Hold | TakenOver | Release) -> list[Action]:
    if isinstance(event, Hold):
        state.held = {} if state.held is None else state.held
        return []
    if state.held is None:
        return []
    if isinstance(event, TakenOver):
        task = state.held.pop(event.task, None)
        return [] if task is None else _taken_over(state, task, event, state.held)
    held, state.held = state.held, None
    # A gang starts as a whole, and its first member stands for it.
    for id in dict.fromkeys(gang.members[0] if (gang := _gang_of(state, task)) else task.id for task in held.values()):
        _make_ready(state, state.tasks[id])
    return _launch_ready(state) if state.phase == ACTIVE else []


def _taken_over(state: RunState, task: Task, event: TakenOver, held: Mapping[str, Task]) -> list[Action]:
    gang = _gang_of(state, task)
    if gang is None:
        return _succeeded(state, task, event)
    return [] if any(id in held for id in gang.members) else _gang_arrives(state, gang)


def _timer(state: RunState, event: Timer) -> list[Action]:
    if state.phase != ACTIVE or event.task not in state.waiting:
        return []
    state.waiting.discard(event.task)
    _make_ready(state, state.tasks[event.task])
    return _launch_ready(state)


def _stop_all(state: RunState, outcome: Finish) -> list[Action]:
    if state.phase in (STOPPING, OVER):
        return []
    state.phase, state.outcome = STOPPING, outcome
    stops: list[Action] = [Stop(id, state.tasks[id].attempt) for id in sorted(state.running, key=_number)]
    return [*stops, *_finish_if_idle(state)]


def _finish_if_idle(state: RunState) -> list[Action]:
    if state.running or state.phase != STOPPING or state.outcome is None:
        return []
    state.phase = OVER
    return [state.outcome]


def _number(id: str) -> int:
    return 0 if id == PARAMETERS else int(id)


def _retries(state: RunState, task: Task) -> int:
    step = state.steps.get(task.step)
    retry = step.decorator("retry") if step else None
    return int(retry.args.get("times", 3)) if retry else 0


def _retry_seconds(state: RunState, task: Task) -> float:
    retry = state.steps[task.step].decorator("retry")
    if retry is None or not state.retry_wait:
        return 0.0
    return 60.0 * float(retry.args.get("minutes_between_retries", 2))


def _catches(state: RunState, task: Task) -> bool:
    step = state.steps.get(task.step)
    return step is not None and step.decorator("catch") is not None

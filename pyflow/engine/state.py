"""What a run does on each event (shared_spec/run-state.md): `apply(state, event) -> actions`.

Pure decisions: no process, file, clock or randomness; time is in the actions as seconds to wait. The state is changed
in place, because a copy of 10,000 tasks for each event would cost more than the tasks; the same events always give
the same state.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from pyflow.spec.graph import Graph, Step
from pyflow.spec.records import FAILED, INTERRUPTED, SUCCESS
from pyflow.spec.task import PARAMETERS, TaskError

NEW, ACTIVE, STOPPING, OVER = "new", "running", "stopping", "over"


@dataclass(frozen=True, slots=True)
class Frame:
    """One open split: branch or item `index` of `count`, opened by task `owner` of step `split`."""

    split: str
    owner: str
    index: int
    count: int
    foreach: str | None = None


@dataclass(slots=True)
class Task:
    """A task as the scheduler sees it. `attempt` is the running or the next one."""

    id: str
    step: str
    frames: tuple[Frame, ...]
    inputs: tuple[str, ...]
    attempt: int = 0
    running: bool = False
    last: bool = True
    caught: TaskError | None = None


# Events


@dataclass(frozen=True)
class Begin:
    parameters: bool


@dataclass(frozen=True)
class StartedEvent:
    task: str
    attempt: int
    pid: int


@dataclass(frozen=True)
class Succeeded:
    task: str
    attempt: int
    foreach_count: int | None = None


@dataclass(frozen=True)
class Failed:
    """`crashed`: there was no result."""

    task: str
    attempt: int
    error: TaskError
    crashed: bool = False


@dataclass(frozen=True)
class Timer:
    task: str


@dataclass(frozen=True)
class Interrupt:
    pass


@dataclass(frozen=True)
class Stopped:
    task: str
    attempt: int


Event = Begin | StartedEvent | Succeeded | Failed | Timer | Interrupt | Stopped

# Actions


@dataclass(frozen=True)
class Launch:
    task: str
    attempt: int
    last: bool
    caught: TaskError | None = None


@dataclass(frozen=True)
class Wait:
    task: str
    seconds: float


@dataclass(frozen=True)
class Stop:
    task: str
    attempt: int


@dataclass(frozen=True)
class Finish:
    status: str
    error: TaskError | None = None
    task: str | None = None


Action = Launch | Wait | Stop | Finish


@dataclass
class RunState:
    """The whole state of a run; change it only through `apply`.

    `ready` (a heap by task number) may be launched, `running` have a process, `waiting` wait for the timer of a retry.
    `arrived` has, for each (join, owner of the split), the inputs that are there. With `retry_wait` a retry waits for
    its minutes_between_retries, else it follows at once.
    """

    graph: Graph
    max_workers: int = 16
    retry_wait: bool = False
    phase: str = NEW
    tasks: dict[str, Task] = field(default_factory=dict)
    ready: list[tuple[int, str]] = field(default_factory=list)
    running: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    arrived: dict[tuple[str, str], dict[int, str]] = field(default_factory=dict)
    outcome: Finish | None = None
    steps: dict[str, Step] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.steps = {step.name: step for step in self.graph.steps}


def apply(state: RunState, event: Event) -> list[Action]:
    """Advance `state` by one event; returns what must be done now."""
    if isinstance(event, Begin):
        return _begin(state, event)
    if isinstance(event, Interrupt):
        return _stop_all(state, Finish(INTERRUPTED))
    if isinstance(event, Timer):
        return _timer(state, event)
    task = state.tasks.get(event.task)
    if task is None or not task.running or task.attempt != event.attempt or isinstance(event, StartedEvent):
        return []
    _ended(state, task)
    if state.phase == STOPPING:
        return _finish_if_idle(state)
    if isinstance(event, Succeeded):
        return _succeeded(state, task, event.foreach_count)
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
        _add(state, state.graph.start, (), ())
    return _launch_ready(state)


def _add(state: RunState, step: str, frames: tuple[Frame, ...], inputs: tuple[str, ...]) -> None:
    number = len(state.tasks) + (PARAMETERS not in state.tasks)
    task = Task(str(number), step, frames, inputs)
    state.tasks[task.id] = task
    _make_ready(state, task)


def _make_ready(state: RunState, task: Task) -> None:
    heapq.heappush(state.ready, (_number(task.id), task.id))


def _launch_ready(state: RunState) -> list[Action]:
    actions: list[Action] = []
    while state.ready and len(state.running) < state.max_workers:
        _, id = heapq.heappop(state.ready)
        task = state.tasks[id]
        task.running = True
        task.last = task.caught is not None or task.attempt >= _retries(state, task)
        state.running.add(id)
        actions.append(Launch(id, task.attempt, task.last, task.caught))
    return actions


def _ended(state: RunState, task: Task) -> None:
    task.running = False
    state.running.discard(task.id)


def _succeeded(state: RunState, task: Task, foreach_count: int | None) -> list[Action]:
    if task.id == PARAMETERS:
        _add(state, state.graph.start, (), ())
        return _launch_ready(state)
    transition = state.steps[task.step].transition
    if transition.kind == "end":
        state.phase, state.outcome = STOPPING, Finish(SUCCESS)
        return _finish_if_idle(state)
    if transition.kind == "foreach":
        count, target = foreach_count or 0, transition.targets[0]
        for index in range(count):
            frame = Frame(task.step, task.id, index, count, transition.foreach)
            _add(state, target, (*task.frames, frame), (task.id,))
    elif transition.kind == "branch":
        count = len(transition.targets)
        for index, target in enumerate(transition.targets):
            _arrive(state, task, target, (*task.frames, Frame(task.step, task.id, index, count)))
    else:
        _arrive(state, task, transition.targets[0], task.frames)
    return _launch_ready(state)


def _arrive(state: RunState, task: Task, target: str, frames: tuple[Frame, ...]) -> None:
    """Go on to `target`; a join waits until every branch of the innermost split has arrived."""
    if not state.steps[target].join:
        _add(state, target, frames, (task.id,))
        return
    frame = frames[-1]
    key = (target, frame.owner)
    arrived = state.arrived.setdefault(key, {})
    arrived[frame.index] = task.id
    if len(arrived) == frame.count:
        del state.arrived[key]
        _add(state, target, frames[:-1], tuple(arrived[index] for index in range(frame.count)))


def _failed(state: RunState, task: Task, event: Failed) -> list[Action]:
    if event.error.retry and task.caught is None and task.attempt < _retries(state, task):
        task.attempt += 1
        seconds = _retry_seconds(state, task)
        if seconds > 0:
            state.waiting.add(task.id)
            return [Wait(task.id, seconds), *_launch_ready(state)]
        _make_ready(state, task)
        return _launch_ready(state)
    if _catches(state, task) and task.caught is None and (event.crashed or not task.last):
        task.attempt += 1
        task.caught = event.error
        _make_ready(state, task)
        return _launch_ready(state)
    return _stop_all(state, Finish(FAILED, event.error, task.id))


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

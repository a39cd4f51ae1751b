"""Properties of the state machine for every shape of flow and every order of events; its table is in the vectors."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflow.engine.events import Begin, Failed, Finish, Interrupt, Launch, Stop, Stopped, Succeeded, Timer, Wait
from pyflow.engine.state import RunState, apply
from pyflow.spec.graph import Function, Graph, Step, Transition
from pyflow.spec.structure import structure
from pyflow.spec.task import PARAMETERS, TaskError
from tests.unit.flow_shapes import DECORATORS, RETRY, SHAPES, Chooser, expected_tasks, graph_of

ERROR = TaskError("ValueError", "bad")
WIDTHS = (1, 2, 3)


def width(step, indices):
    """How many items a foreach has: fixed by where it is, so that a run's tasks are known beforehand."""
    return WIDTHS[(sum(map(ord, step)) + sum(indices)) % len(WIDTHS)]


def widths(graph, max_workers):
    """The same, and at most `max_workers` for a gang."""

    def count(step, indices):
        limit = max_workers if graph.step(step).transition.kind == "parallel" else max(WIDTHS)
        return min(width(step, indices), limit)

    return count


class World:
    """Plays the processes: attempts run until `end` ends them; watches what every run must keep."""

    def __init__(self, graph, *, max_workers, retry_wait=False):
        self.state = RunState(graph, max_workers, retry_wait)
        self.count = widths(graph, max_workers)
        self.choose = Chooser(graph)
        self.running = {}
        self.stopped = set()
        self.waiting = []
        self.launched = []
        self.finish = None

    def do(self, event):
        assert self.finish is None or not self.running
        actions = apply(self.state, event)
        for action in actions:
            self.take(action)
        self.check_gangs({(action.task, action.attempt) for action in actions if isinstance(action, Launch)})
        assert len(self.running) <= self.state.max_workers
        assert set(self.running) == self.state.running

    def check_gangs(self, launched):
        """Tasks of a gang start together, in the same attempt."""
        for gang in self.state.gangs.values():
            started = {attempt for task, attempt in launched if task in gang.members}
            if started:
                [attempt] = started
                assert {(task, attempt) for task in gang.members} <= launched

    def take(self, action):
        assert self.finish is None, "an action after the finish"
        if isinstance(action, Launch):
            assert self.state.phase == "running", "a launch while the run stops"
            assert (action.task, action.attempt) not in self.launched
            self.launched.append((action.task, action.attempt))
            self.running[action.task] = action.attempt
        elif isinstance(action, Stop):
            assert self.running[action.task] == action.attempt
            self.stopped.add(action.task)
        elif isinstance(action, Wait):
            self.waiting.append(action.task)
        elif isinstance(action, Finish):
            assert not self.running
            self.finish = action

    def end(self, task, outcome):
        attempt = self.running.pop(task)
        self.stopped.discard(task)
        if outcome == "succeeded":
            record = self.state.tasks[task]
            indices = tuple(frame.index for frame in record.frames)
            kind = None if task == PARAMETERS else self.state.steps[record.step].transition.kind
            count = self.count(record.step, indices) if kind in ("foreach", "parallel") else None
            self.do(Succeeded(task, attempt, count, self.choose(record.step, indices) if kind == "switch" else None))
        elif outcome == "stopped":
            self.do(Stopped(task, attempt))
        else:
            self.do(Failed(task, attempt, ERROR, crashed=outcome == "crashed"))


def play(world, random, outcomes, *, parameters=False):
    """A whole run: what is running ends in random order with random outcomes, timers ring at random moments."""
    world.do(Begin(parameters))
    for _ in range(100_000):
        choices = [*((task, "end") for task in world.running), *((task, "timer") for task in world.waiting)]
        if world.finish is not None:
            return world.finish
        assert choices, "nothing runs and nothing waits, but the run is not over"
        task, kind = random.choice(choices)
        if kind == "timer":
            world.waiting.remove(task)
            world.do(Timer(task))
        else:
            world.end(task, random.choice(["stopped", *outcomes]) if task in world.stopped else random.choice(outcomes))
    raise AssertionError("the run does not end")


@settings(max_examples=150, deadline=None)
@given(shape=SHAPES, random=st.randoms(), max_workers=st.integers(1, 20), parameters=st.booleans())
def test_a_run_without_failure_has_exactly_the_right_tasks(shape, random, max_workers, parameters):
    graph = graph_of(shape)
    world = World(graph, max_workers=max_workers)
    assert play(world, random, ["succeeded"], parameters=parameters).status == "success"
    tasks = [task for task in world.state.tasks.values() if task.id != PARAMETERS]
    found = Counter((task.step, tuple(frame.index for frame in task.frames)) for task in tasks)
    assert found == Counter(expected_tasks(graph, widths(graph, max_workers)))
    assert [task.id for task in tasks] == [str(number + 1) for number in range(len(tasks))]
    assert Counter(task for task, _ in world.launched).most_common(1)[0][1] == 1


@settings(max_examples=150, deadline=None)
@given(shape=SHAPES, random=st.randoms(), max_workers=st.integers(1, 20))
def test_a_join_has_its_inputs_in_the_order_of_the_split(shape, random, max_workers):
    graph = graph_of(shape)
    world = World(graph, max_workers=max_workers)
    play(world, random, ["succeeded"])
    tasks = world.state.tasks
    for join in (task for task in tasks.values() if graph.step(task.step).join):
        inputs = [tasks[id] for id in join.inputs]
        for index, task in enumerate(inputs):
            if task.frames == join.frames:  # the split's own task: a branch straight into the join
                assert task.step != join.step and join.step in graph.step(task.step).transition.targets
            else:
                assert task.frames[:-1] == join.frames
                assert (task.frames[-1].index, task.frames[-1].count) == (index, len(inputs))


@settings(max_examples=200, deadline=None)
@given(
    shape=SHAPES,
    decorators=DECORATORS,
    random=st.randoms(),
    max_workers=st.integers(1, 8),
    retry_wait=st.booleans(),
    outcomes=st.lists(st.sampled_from(["succeeded", "failed", "crashed"]), min_size=1, max_size=6),
)
def test_a_run_with_failures_ends(shape, decorators, random, max_workers, retry_wait, outcomes):
    world = World(graph_of(shape, decorators), max_workers=max_workers, retry_wait=retry_wait)
    finish = play(world, random, outcomes)
    assert finish.status in ("success", "failed")
    attempts = Counter(task for task, _ in world.launched)
    for task, count in attempts.items():
        assert [attempt for id, attempt in world.launched if id == task] == list(range(count))
        if (task_of := world.state.tasks[task]).frames and task_of.frames[-1].parallel:
            gang = world.state.gangs[task_of.frames[-1].owner]
            assert {attempts[member] for member in gang.members} == {count}
        decorators_of = {decorator.name for decorator in world.state.steps[world.state.tasks[task].step].decorators}
        assert count <= 1 + 2 * ("retry" in decorators_of) + ("catch" in decorators_of)
    if finish.status == "failed":
        assert finish.error == ERROR and finish.task in attempts
    else:
        assert set(attempts) == set(world.state.tasks)


@settings(max_examples=150, deadline=None)
@given(
    shape=SHAPES, decorators=DECORATORS, random=st.randoms(), max_workers=st.integers(1, 8), after=st.integers(0, 30)
)
def test_an_interrupted_run_ends_after_what_runs(shape, decorators, random, max_workers, after):
    world = World(graph_of(shape, decorators), max_workers=max_workers, retry_wait=True)
    world.do(Begin(False))
    for _ in range(after):
        if world.finish is not None:
            return
        if world.running:
            world.end(random.choice(list(world.running)), random.choice(["succeeded", "failed", "succeeded"]))
        else:
            world.do(Timer(world.waiting.pop()))
    if world.finish is not None:
        return
    before = world.state.phase
    world.do(Interrupt())
    launched = len(world.launched)
    while world.running:
        world.end(random.choice(list(world.running)), random.choice(["stopped", "succeeded", "failed"]))
    assert len(world.launched) == launched
    assert world.finish.status == ("interrupted" if before == "running" else "failed")


@settings(max_examples=100, deadline=None)
@given(shape=SHAPES, random=st.randoms(), events=st.lists(st.integers(0, 5), max_size=12))
def test_events_of_attempts_that_do_not_run_change_nothing(shape, random, events):
    world = World(graph_of(shape), max_workers=4)
    world.do(Begin(False))
    for number in events:
        wrong = str(number + 1)
        attempt = 1 if wrong in world.running else 0
        if wrong in world.running or wrong not in world.state.tasks:
            before = (dict(world.running), len(world.state.tasks), list(world.state.ready))
            for event in (Succeeded(wrong, attempt, 2, "end"), Failed(wrong, attempt, ERROR), Stopped(wrong, attempt)):
                assert apply(world.state, event) == []
            assert before == (dict(world.running), len(world.state.tasks), list(world.state.ready))
        if world.running:
            world.end(random.choice(list(world.running)), "succeeded")


@settings(max_examples=150, deadline=None)
@given(shape=SHAPES, random=st.randoms())
def test_an_iteration_counts_how_often_a_loop_was_gone_through(shape, random):
    graph = graph_of(shape)
    world = World(graph, max_workers=4)
    play(world, random, ["succeeded"])
    tasks = world.state.tasks
    form = structure(graph)
    loops = form.loops
    for task in tasks.values():
        assert len(task.iteration) == len(loops[task.step])
        for head, count in zip(loops[task.step], task.iteration, strict=True):
            # Of the tasks before this one at the same place, so many began the loop since it was entered.
            place = task.frames[: len(form.open_splits[head])]
            began = [t for t in tasks.values() if t.step == head and t.frames == place and int(t.id) <= int(task.id)]
            assert count == began[-1].iteration[loops[head].index(head)] < len(began)


def step(name, transition, *, join=False):
    return Step(name, "python", Function(None), transition, join)


WIDE = Graph(
    "Wide",
    "python",
    None,
    (
        step("start", Transition("foreach", ("work",), "items")),
        step("work", Transition("linear", ("join",))),
        step("join", Transition("linear", ("end",)), join=True),
        step("end", Transition("end")),
    ),
)


def test_a_foreach_of_ten_thousand_tasks_keeps_their_order():
    state = RunState(WIDE, max_workers=16)
    apply(state, Begin(False))
    running = [action.task for action in apply(state, Succeeded("1", 0, 10_000))]
    assert running == [str(number) for number in range(2, 18)]
    while len(running) > 0:
        # The last one started ends first.
        running += [action.task for action in apply(state, Succeeded(running.pop(), 0)) if action.task != "10002"]
    assert state.tasks["10002"].inputs == tuple(str(number) for number in range(2, 10_002))


@pytest.mark.parametrize("wait", [False, True])
def test_waiting_for_a_retry_is_an_option_of_the_run(wait):
    state = RunState(graph_of([("step",)], decorators=[(RETRY,)]), retry_wait=wait)
    apply(state, Begin(False))
    assert apply(state, Failed("1", 0, ERROR)) == [Wait("1", 60.0) if wait else Launch("1", 1, False)]

"""Packing: the machine is never given more than it has, nothing waits for ever, and order is kept where it can be."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflow.engine.events import Begin, Failed, Finish, Launch, Succeeded
from pyflow.engine.packing import Packing
from pyflow.engine.state import RunState, apply
from pyflow.spec.graph import Decorator, Function, Graph, Step, Transition
from pyflow.spec.resources import needs, too_large
from pyflow.spec.task import TaskError

CAPACITY = {"cpu": 8.0, "memory": 1000.0}
AMOUNTS = st.fixed_dictionaries({}, optional={"cpu": st.integers(1, 8), "memory": st.integers(1, 1000)})


def used(packing):
    return {name: sum(need.get(name, 0) for need in packing.running.values()) for name in CAPACITY}


@settings(max_examples=300, deadline=None)
@given(
    steps=st.lists(AMOUNTS, min_size=1, max_size=5), count=st.integers(1, 30), luck=st.randoms(use_true_random=False)
)
def test_never_more_than_there_is_and_everything_starts(steps, count, luck):
    packing = Packing(CAPACITY, {f"s{number}": need for number, need in enumerate(steps)})
    tasks = [luck.randrange(len(steps)) for _ in range(count)]
    waiting, running, started = list(enumerate(tasks, 1)), [], []
    while waiting or list(packing) or running:
        if waiting and luck.random() < 0.5:
            number, step = waiting.pop(0)
            packing.add(number, f"s{step}")
        while (number := packing.take()) is not None:
            running.append(number)
            started.append(number)
            assert all(used(packing)[name] <= CAPACITY[name] for name in CAPACITY)
        if running and (not waiting or luck.random() < 0.5):
            packing.release(running.pop(luck.randrange(len(running))))
    assert sorted(started) == list(range(1, len(tasks) + 1))


@settings(max_examples=200, deadline=None)
@given(small=st.integers(1, 4), ends=st.lists(st.integers(0, 7), min_size=60, max_size=60))
def test_a_big_task_waits_only_for_what_ran_before_it(small, ends):
    """Small tasks go on coming for ever; the big one starts as soon as those that ran when it came have ended."""
    packing = Packing({"cpu": 8}, {"small": {"cpu": small}, "big": {"cpu": 8}})
    numbers = iter(range(1, 10_000))
    running = []

    def fill():
        while (number := packing.take()) is not None:
            running.append(number)

    for _ in range(20):
        packing.add(next(numbers), "small")
    fill()
    before = set(running)
    big = next(numbers)
    packing.add(big, "big")
    for place in ends:
        packing.add(next(numbers), "small")
        if big in running:
            return
        done = running.pop(place % len(running))
        packing.release(done)
        before.discard(done)
        fill()
    older = [number for number in running if number < big]
    assert big in running or older, "nothing older runs, and yet the big task does not start"


def test_what_asks_for_nothing_is_not_held_up_by_what_does_not_fit():
    packing = Packing({"cpu": 2}, {"work": {"cpu": 2}})
    for number, step in ((1, "work"), (2, "work"), (3, "free"), (4, "free")):
        packing.add(number, step)
    assert [packing.take() for _ in range(4)] == [1, 3, 4, None]
    packing.release(1)
    assert packing.take() == 2


def test_ten_thousand_tasks_of_one_step_are_packed_in_no_time():
    packing = Packing({"cpu": 2}, {"work": {"cpu": 1}})
    for number in range(1, 10_001):
        packing.add(number, "work")
    running = [packing.take(), packing.take()]
    for number in range(3, 10_001):
        assert packing.take() is None
        packing.release(running.pop(0))
        running.append(packing.take())
        assert running[-1] == number


# The same through the state machine, with retries


def wide(asks, times):
    decorators = (Decorator("resources", asks), Decorator("retry", {"times": times}))
    return Graph(
        "Flow",
        "python",
        None,
        (
            Step("start", "python", Function(None), Transition("foreach", ("work",), "xs")),
            Step("work", "python", Function(None), Transition("linear", ("join",)), decorators=decorators),
            Step("join", "python", Function(None), Transition("linear", ("end",)), join=True),
            Step("end", "python", Function(None), Transition("end")),
        ),
    )


@settings(max_examples=100, deadline=None)
@given(asks=AMOUNTS, workers=st.integers(1, 20), count=st.integers(1, 25), luck=st.randoms(use_true_random=False))
def test_a_run_keeps_within_the_machine_and_ends(asks, workers, count, luck):
    graph = wide(asks, 2)
    state = RunState(graph, workers, capacity=CAPACITY)
    ask = needs(graph.step("work"), CAPACITY)
    running = {}

    def take(actions):
        running.update({action.task: action for action in actions if isinstance(action, Launch)})
        working = sum(state.tasks[task].step == "work" for task in running)
        assert len(running) <= workers
        assert all(working * amount <= CAPACITY[name] for name, amount in ask.items())
        return next((action for action in actions if isinstance(action, Finish)), None)

    finish = take(apply(state, Begin(False)))
    while finish is None:
        launch = running.pop(luck.choice(sorted(running)))
        if not launch.last and luck.random() < 0.5:
            finish = take(apply(state, Failed(launch.task, launch.attempt, TaskError("E", "bad"))))
        else:
            finish = take(apply(state, Succeeded(launch.task, launch.attempt, count)))
    assert finish == Finish("success")


# What a step asks for


def asking(**args):
    return wide(args, 0)


def test_a_default_is_never_too_much_but_what_is_asked_for_can_be():
    small = {"cpu": 0.5, "memory": 512.0}
    assert needs(asking().step("work"), small) == {"cpu": 0.5, "memory": 512.0}
    assert needs(asking().step("start"), small) == {}
    assert too_large(asking(), small) == []
    (problem,) = too_large(asking(memory=513), small)
    assert (problem.code, problem.where.step) == ("resources_too_large", "work")
    assert problem.message == "Step *work* asks for memory=513 MB, but this machine has memory=512 MB."
    assert problem.hint == "Ask for less or, if that is wrong, say what it has: --max-resources memory=513."
    (problem,) = too_large(asking(cpu=64), {"cpu": 2.0})
    assert problem.message == "Step *work* asks for cpu=64, but this machine has cpu=2."


@pytest.mark.parametrize("capacity", [{}, {"disk": 10.0}])
def test_what_is_not_limited_is_not_counted(capacity):
    assert needs(asking(cpu=64, memory=1e9, gpu=3).step("work"), capacity) == {}
    assert too_large(asking(cpu=64, memory=1e9), capacity) == []

"""What follows from a valid graph is what happens in a run."""

from hypothesis import given, settings

from pyflow.engine.events import Begin, Launch, Succeeded
from pyflow.engine.state import RunState, apply
from pyflow.spec.structure import structure, topological_order
from tests.unit.flow_shapes import SHAPES, Chooser, graph_of


def tasks_of_a_run(graph):
    state, choose = RunState(graph), Chooser(graph)
    running = apply(state, Begin(False))
    while isinstance(running[-1], Launch):
        task = state.tasks[running.pop().task]
        place = tuple(frame.index for frame in task.frames)
        is_switch = graph.step(task.step).transition.kind == "switch"
        running += apply(state, Succeeded(task.id, 0, 2, choose(task.step, place) if is_switch else None))
    return state.tasks


@settings(deadline=None)
@given(shape=SHAPES)
def test_the_open_splits_are_the_frames_of_the_tasks(shape):
    graph = graph_of(shape)
    found = structure(graph)
    for task in tasks_of_a_run(graph).values():
        assert tuple(frame.split for frame in task.frames) == found.open_splits[task.step]


@settings(deadline=None)
@given(shape=SHAPES)
def test_a_join_closes_the_split_of_its_inputs(shape):
    graph = graph_of(shape)
    found = structure(graph)
    assert set(found.closes) == {step.name for step in graph.steps if step.join}
    assert set(found.closed_by) == {step.name for step in graph.steps if step.transition.splits}
    for join, split in found.closes.items():
        assert found.closed_by[split] == join
        assert found.open_splits[join] == found.open_splits[split]


@settings(deadline=None)
@given(shape=SHAPES)
def test_each_step_comes_after_all_that_lead_to_it(shape):
    graph = graph_of(shape)
    found = structure(graph)
    assert sorted(found.order) == sorted(step.name for step in graph.steps)
    for step in graph.steps:
        for target in step.transition.targets:
            if (step.name, target) not in found.back:
                assert found.order.index(target) > found.order.index(step.name)


@settings(deadline=None)
@given(shape=SHAPES)
def test_the_order_does_not_depend_on_chance(shape):
    assert topological_order(graph_of(shape)) == topological_order(graph_of(shape))

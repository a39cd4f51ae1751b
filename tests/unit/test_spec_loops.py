"""Transitions that go back, and the loops that they make, against a slow but plain definition."""

from hypothesis import given, settings

from pyflow.spec.graph import Function, Graph, Step, Transition
from pyflow.spec.loops import loop_edges, open_loops, switch_edges
from tests.unit.flow_shapes import SHAPES, graph_of


def graph(first, **targets):
    steps = [
        Step(name, "python", Function(None), Transition("switch" if len(to) > 1 else "linear", tuple(to)))
        for name, to in targets.items()
    ]
    return Graph("T", "python", None, tuple(steps), start=first)


def test_a_step_that_goes_back_to_itself_is_a_loop():
    found = graph("a", a=["b"], b=["b", "end"], end=[])
    assert loop_edges(found) == {("b", "b")}
    assert open_loops(found, loop_edges(found)) == {"a": (), "b": ("b",), "end": ()}


def test_loops_are_ordered_from_the_outside_in():
    found = graph("a", a=["b"], b=["c"], c=["c", "b", "d"], d=["a", "end"], end=[])
    assert loop_edges(found) == {("c", "c"), ("c", "b"), ("d", "a")}
    assert open_loops(found, loop_edges(found)) == {
        "a": ("a",),
        "b": ("a", "b"),
        "c": ("a", "b", "c"),
        "d": ("a",),
        "end": (),
    }


def test_a_loop_may_be_entered_in_its_middle():
    found = graph("start", start=["a", "b"], a=["b"], b=["a", "end"], end=[])
    assert loop_edges(found) == {("b", "a")}


def test_the_edges_of_switches_are_those_that_may_not_be_taken():
    assert switch_edges(graph("a", a=["b"], b=["b", "end"], end=[])) == {("b", "b"), ("b", "end")}


def reaches(found, name, goal, *, past):
    """Whether a way leads from `name` to `goal` that does not pass `past`."""
    seen, queue = set(), [name]
    while queue:
        step = queue.pop()
        if step == goal:
            return True
        if step not in seen and step != past:
            seen.add(step)
            queue.extend(found.step(step).transition.targets)
    return False


@settings(max_examples=100, deadline=None)
@given(shape=SHAPES)
def test_a_loop_is_its_first_step_and_all_that_can_go_back_to_it(shape):
    found = graph_of(shape)
    back = loop_edges(found)
    loops = open_loops(found, back)
    for head in {target for _, target in back}:
        for step in found.steps:
            inside = step.name == head or any(
                reaches(found, step.name, source, past=head) for source, target in back if target == head
            )
            assert (head in loops[step.name]) == inside

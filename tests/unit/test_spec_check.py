"""The checker beyond its vectors: it accepts what runs, never fails on what does not, and speaks plainly."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflow.engine.events import Begin, Finish, Launch, Succeeded
from pyflow.engine.state import RunState, apply
from pyflow.spec.check import check_graph
from pyflow.spec.check_decorators import DECORATORS
from pyflow.spec.graph import Decorator, Function, Graph, Step, Transition, parse_graph
from pyflow.spec.names import did_you_mean, is_artifact_name, is_identifier, is_step_name, nearest
from tests.conformance.vectors import cases
from tests.unit.flow_shapes import DECORATORS as SOME_DECORATORS
from tests.unit.flow_shapes import SHAPES, graph_of

MESSAGES = Path(__file__).with_name("test_spec_check_messages.txt")


@settings(deadline=None)
@given(shape=SHAPES, decorators=SOME_DECORATORS)
def test_a_flow_of_any_shape_is_valid(shape, decorators):
    assert check_graph(graph_of(shape, decorators)) == []


def with_step(graph, step, **changes):
    steps = tuple(replace(item, **changes) if item is step else item for item in graph.steps)
    return replace(graph, steps=steps)


def leading_to(transition, targets):
    if transition.kind != "switch":
        return replace(transition, targets=targets)
    cases = tuple((str(number), target) for number, target in enumerate(targets))
    return replace(transition, targets=tuple(dict.fromkeys(targets)), cases=cases)


@st.composite
def nearly_valid_graphs(draw):
    """Valid graphs with one or two changes: a way that leads elsewhere, a step that becomes a join or is none any more."""
    graph = graph_of(draw(SHAPES))
    for _ in range(draw(st.integers(1, 2))):
        step = draw(st.sampled_from([step for step in graph.steps if step.transition.targets]))
        if draw(st.booleans()) and not step.transition.splits and step.name != graph.start:
            graph = with_step(graph, step, join=not step.join)
            continue
        targets = list(step.transition.targets)
        place = draw(st.integers(0, len(targets) - 1))
        targets[place] = draw(st.sampled_from([item.name for item in graph.steps]))
        graph = with_step(graph, step, transition=leading_to(step.transition, tuple(targets)))
    return graph


@settings(max_examples=500, deadline=None)
@given(graph=nearly_valid_graphs())
def test_what_the_checker_accepts_runs_to_its_end_and_no_problem_is_told_twice(graph):
    problems = check_graph(graph)
    seen = [(problem.code, problem.where.step) for problem in problems]
    assert len(seen) == len(set(seen))
    if problems:
        return
    state, dice = RunState(graph), Random(len(graph.steps))
    running = apply(state, Begin(False))
    while running and isinstance(running[-1], Launch):
        task = state.tasks[running.pop().task]
        targets = state.steps[task.step].transition.targets
        choice = dice.choice(targets) if targets else None
        running += apply(state, Succeeded(task.id, 0, 2, choice))
    assert running == [Finish("success")]
    reached, names = {task.step for task in state.tasks.values()}, {step.name for step in graph.steps}
    chooses = any(step.transition.kind == "switch" for step in graph.steps)
    assert reached <= names if chooses else reached == names


def test_a_flow_of_a_thousand_steps_is_checked_at_once():
    names = [f"s{number}" for number in range(1000)]
    steps = [
        Step(name, "python", Function(None), Transition("linear", (after,)))
        for name, after in zip(names, [*names[1:], "end"], strict=True)
    ]
    end = Step("end", "python", Function(None), Transition("end"))
    assert check_graph(Graph("Long", "python", None, (*steps, end), start="s0")) == []


def first_problem_of_each_code():
    found = {}
    for case in cases("graph"):
        if case.get("error", ["graph_format"]) != ["graph_format"]:
            for problem in check_graph(parse_graph(case["input"])):
                found.setdefault(problem.code, str(problem))
    return found


def test_the_messages_as_people_read_them():
    found = "".join(f"{code}\n    {text}\n" for code, text in sorted(first_problem_of_each_code().items()))
    assert found == MESSAGES.read_text("utf-8")


def test_a_flow_in_r_is_told_what_to_write_in_r():
    steps = (
        Step("start", "r", Function("f.R"), Transition("end"), file="f.R", line=3),
        Step("end", "r", Function("f.R"), Transition("end"), file="f.R", line=4),
    )
    [problem] = check_graph(Graph("Flow", "r", "f.R", steps))
    assert "next_step" in problem.message and "next_step" in problem.hint
    assert "self.next" not in str(problem)


def test_an_r_step_of_a_python_flow_is_told_what_its_declaration_takes():
    steps = (
        Step("start", "python", Function(None), Transition("linear", ("fit",))),
        Step("fit", "r", Function("m.R", "fit"), Transition("end")),
        Step("end", "python", Function(None), Transition("end")),
    )
    [problem] = check_graph(Graph("Flow", "python", "f.py", steps))
    assert "r_step()" in problem.hint and "self.next" not in str(problem)


@pytest.mark.parametrize(
    ("targets", "hint"),
    [(("midle",), "Did you mean 'middle'?"), (("zzz",), "Add a step named 'zzz', or name one of middle, end.")],
)
def test_an_unknown_step_is_answered_with_the_nearest_one(targets, hint):
    steps = (
        Step("start", "python", Function(None), Transition("linear", targets)),
        Step("middle", "python", Function(None), Transition("linear", ("end",))),
        Step("end", "python", Function(None), Transition("end")),
    )
    [problem] = check_graph(Graph("Flow", "python", None, steps))
    assert problem.hint == hint


def test_a_problem_of_a_decorator_is_at_the_line_of_the_decorator():
    decorators = (Decorator("retrry", {}, 11), Decorator("xyz", {}))
    steps = (
        Step(
            "start", "python", Function(None), Transition("linear", ("end",)), False, decorators, file="f.py", line=12
        ),
        Step("end", "python", Function(None), Transition("end")),
    )
    near, far = check_graph(Graph("Flow", "python", "f.py", steps))
    assert (str(near.where), near.hint) == ("f.py:11, step start", "Did you mean 'retry'?")
    assert (str(far.where), far.hint) == (
        "f.py:12, step start",
        f"The known ones are {', '.join(DECORATORS)}.",
    )


def test_a_problem_as_json_has_its_place_and_no_empty_keys():
    [problem] = [item for item in check_graph(parse_graph(bad_case("step-unknown")["input"]))]
    assert json.loads(json.dumps(problem.to_json())) == {
        "code": "step_unknown",
        "message": "Step *start* specifies a self.next() transition to an unknown step, *midle*.",
        "hint": "Did you mean 'middle'?",
        "file": "/home/ann/flow.py",
        "line": 10,
        "step": "start",
    }


def bad_case(id):
    return next(case for case in cases("graph") if case["id"] == id)


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("max-worker", ["max_workers", "tag"], "max_workers"),
        ("Middle", ["middle"], "middle"),
        ("xyz", ["middle", "end"], None),
        ("", ["middle"], None),
        ("x", [], None),
    ],
)
def test_the_nearest_name(name, known, expected):
    assert nearest(name, known) == expected
    assert did_you_mean(name, known) == ("" if expected is None else f"Did you mean {expected!r}?")


def test_what_names_look_like():
    assert [name for name in ("a", "A1_b", "_a", "1a", "ä", "a b", "a\n", "") if is_identifier(name)] == ["a", "A1_b"]
    assert [name for name in ("a", "a1_b", "A", "_a", "1a", "a\n", "") if is_step_name(name)] == ["a", "a1_b"]
    artifacts = ("x", "_x", "größe", "__x", "1x", "x.y", "x\n", "")
    assert [name for name in artifacts if is_artifact_name(name)] == ["x", "_x", "größe"]

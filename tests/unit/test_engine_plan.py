"""Requests, rows and artifacts that follow from a plan."""

import json
from dataclasses import replace

import pytest

from pyflow.engine import plan as plans
from pyflow.engine.events import Finish, Launch
from pyflow.engine.state import Frame, Task
from pyflow.spec.graph import Decorator
from pyflow.spec.task import PARAMETERS, ArtifactRef, TaskError, TaskResult, parse_request
from tests.unit.engine_world import foreach_graph, graph, step


def ref(letter):
    return ArtifactRef(letter * 64, "scalar", 10)


GRAPH = foreach_graph(parameters=(), constants=())
PLAN = plans.Plan(
    GRAPH,
    "17",
    "/store",
    {"type": "local", "root": "/store"},
    max_num_splits=7,
    username="ann",
    namespace="user:ann",
    tags=("nightly",),
    origin="16",
)
START = Task("1", "start", (), ())
WORK = Task("3", "work", (Frame("start", "1", 1, 2, "items"),), ("1",), attempt=1)
JOIN = Task("4", "join", (), ("2", "3"))
TASKS = {
    task.id: task for task in (START, Task("2", "work", (Frame("start", "1", 0, 2, "items"),), ("1",)), WORK, JOIN)
}
DONE = {"1": {"items": ref("a")}, "2": {"y": ref("b")}, "3": {"y": ref("c")}}


def request(task, *, launch=None, plan=PLAN, done=DONE):
    launch = launch or Launch(task.id, task.attempt, True)
    found = next((item for item in plan.graph.steps if item.name == task.step), None)
    return plans.request(plan, task, launch, step=found, tasks=TASKS, done=done)


def test_a_request_has_all_that_a_runner_needs():
    found = request(WORK, launch=Launch("3", 1, False))
    assert found.pathspec == "TestFlow/17/work/3"
    assert found.id == "3.1"
    assert found.folder == "/store/runs/TestFlow/17/work/3/1"
    assert (found.attempt, found.last_attempt, found.caught) == (1, False, None)
    assert (found.username, found.namespace, found.tags, found.origin_run_id) == ("ann", "user:ann", ("nightly",), "16")
    assert found.function == {"file": "/flow.py", "name": None}
    assert found.transition == {"kind": "linear", "targets": ["join"]}
    assert found.reserved == ("start", "work", "join", "end")
    assert found.max_num_splits == 7
    [item] = found.inputs
    assert (item.step, item.task, item.index, item.artifacts) == ("start", "1", None, DONE["1"])
    [frame] = found.foreach
    assert (frame.step, frame.language, frame.variable, frame.index, frame.count) == ("start", "python", "items", 1, 2)
    assert frame.digest == "a" * 64


def test_a_request_survives_the_way_to_the_runner():
    for task in (WORK, JOIN, START):
        found = request(task)
        assert parse_request(json.loads(json.dumps(found.to_json()))) == found


def test_a_join_has_an_input_for_each_branch():
    found = request(JOIN)
    assert found.join
    assert [(item.task, item.index, item.artifacts) for item in found.inputs] == [
        ("2", 0, DONE["2"]),
        ("3", 1, DONE["3"]),
    ]
    assert found.foreach == ()


def test_a_branch_is_no_foreach_frame():
    flow = graph(
        step("start", "a", "b"), step("a", "join"), step("b", "join"), step("join", "end", join=True), step("end")
    )
    task = Task("2", "a", (Frame("start", "1", 0, 2),), ("1",))
    found = plans.request(
        replace(PLAN, graph=flow), task, Launch("2", 0, True), step=flow.step("a"), tasks=TASKS, done=DONE
    )
    assert found.foreach == ()


def test_a_foreach_variable_may_be_a_parameter():
    done = {"1": {}, PARAMETERS: {"items": ref("d")}}
    found = request(WORK, done=done)
    assert found.parameters == {"items": ref("d")}
    assert found.foreach[0].digest == "d" * 64


def test_the_parameters_task_has_values_instead_of_inputs():
    values = ({"name": "n", "kind": "value", "type": "int", "value": 5},)
    plan = replace(PLAN, graph=replace(GRAPH, constants=("version",)), values=values)
    assert plan.has_parameters
    found = request(Task(PARAMETERS, PARAMETERS, (), ()), plan=plan)
    assert (found.values, found.constants, found.inputs, found.language) == (values, ("version",), (), "python")
    assert found.transition["targets"] == ["start"]


@pytest.mark.parametrize(
    ("graph_values", "values", "expected"),
    [((), (), False), (("version",), (), True), ((), ({"name": "n"},), True)],
)
def test_whether_a_run_needs_the_parameters_task(graph_values, values, expected):
    assert replace(PLAN, graph=replace(GRAPH, constants=graph_values), values=values).has_parameters == expected


@pytest.mark.parametrize(
    ("decorator", "attribute", "expected"),
    [
        (Decorator("catch", {"var": "e"}), "catch", {"var": "e", "print_exception": True}),
        (Decorator("catch", {"print_exception": False}), "catch", {"var": None, "print_exception": False}),
        (Decorator("retry", {}), "catch", None),
        (Decorator("timeout", {"seconds": 1, "minutes": 2, "hours": 0.5}), "timeout", 1921.0),
        (Decorator("retry", {}), "timeout", 0.0),
        (
            Decorator("environment", {"vars": {"A": "x", "N": 1, "F": 0.5}}),
            "environment",
            {"A": "x", "N": "1", "F": "0.5"},
        ),
        (Decorator("environment", {"vars": []}), "environment", {}),
        (Decorator("environment", {}), "environment", {}),
    ],
)
def test_decorators_reach_the_request(decorator, attribute, expected):
    steps = tuple(replace(item, decorators=(decorator,)) if item.name == "work" else item for item in GRAPH.steps)
    found = request(WORK, plan=replace(PLAN, graph=replace(GRAPH, steps=steps)))
    assert getattr(found, attribute) == expected


@pytest.mark.parametrize(
    ("own", "removed", "expected"),
    [
        ({}, (), {"items": "a"}),
        ({"x": ref("x")}, (), {"items": "a", "x": "x"}),
        ({"items": ref("x")}, (), {"items": "x"}),
        ({}, ("items",), {}),
        ({"x": ref("x")}, ("items", "other"), {"x": "x"}),
    ],
)
def test_what_a_task_has_when_it_ends(own, removed, expected):
    result = TaskResult(ok=True, artifacts=own, removed=removed)
    found = plans.all_artifacts(PLAN, WORK, DONE, result=result)
    assert {name: item.digest[0] for name, item in found.items()} == expected


def test_a_task_that_changes_nothing_shares_what_it_inherits():
    assert plans.all_artifacts(PLAN, WORK, DONE, result=TaskResult(ok=True)) is DONE["1"]


@pytest.mark.parametrize("inputs", [("2", "3"), ("2",)])
def test_a_join_inherits_nothing(inputs):
    join = replace(JOIN, inputs=inputs)
    assert plans.all_artifacts(PLAN, join, DONE, result=TaskResult(ok=True)) == {}


def test_the_start_and_the_parameters_inherit_nothing():
    for task in (START, Task(PARAMETERS, PARAMETERS, (), ())):
        own = {"x": ref("x")}
        assert plans.all_artifacts(PLAN, task, DONE, result=TaskResult(ok=True, artifacts=own)) == own


def test_rows_of_a_task_and_its_attempt():
    row = plans.task_row(PLAN, WORK, 5.0)
    assert (row.step, row.task, row.attempt, row.inputs, row.created_at, row.status) == (
        "work",
        "3",
        1,
        ("1",),
        5.0,
        "running",
    )
    assert row.foreach == (
        {"split": "start", "owner": "1", "index": 1, "count": 2, "foreach": "items", "parallel": False},
    )
    attempt = plans.attempt_row(PLAN, WORK, 6.0)
    assert (attempt.attempt, attempt.started_at, attempt.pid) == (1, 6.0, None)
    assert attempt.folder == "/store/runs/TestFlow/17/work/3/1"


def test_the_end_of_a_run_names_the_task_that_failed():
    error = TaskError("ValueError", "bad")
    found = plans.run_finished(PLAN, Finish("failed", error, "3"), WORK, at=9.0)
    assert (found.status, found.at) == ("failed", 9.0)
    assert found.error == {**error.to_json(), "step": "work", "task": "3", "attempt": 1}
    assert plans.run_finished(PLAN, Finish("success"), None, at=9.0).error is None

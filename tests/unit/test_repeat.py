"""Which task is meant, what it is given again, and how the repetition is recorded."""

from __future__ import annotations

import pytest

from pyflow.engine.plan import Plan
from pyflow.metadata import open_metadata
from pyflow.repeat import find_origin, replaced, request_of
from pyflow.spec.errors import NotFoundError, UserError
from pyflow.spec.graph import parse_graph
from pyflow.spec.records import AttemptFinished, AttemptRow, AttemptStarted, RunCreated, RunFinished, RunRow, TaskRow
from pyflow.spec.task import ArtifactRef
from pyflow.store import create_root

FLOW = "F"


def ref(letter: str) -> ArtifactRef:
    return ArtifactRef(letter * 64, "scalar", 8)


def step(name: str, transition: dict, **more) -> dict:
    found = {"name": name, "language": "python", "function": {"file": "/f.py", "name": None}, "join": False}
    return found | {"transition": transition, "decorators": [], "doc": "", "file": "/f.py", "line": 1} | more


GRAPH = {
    "format": "pyflow-graph",
    "version": 1,
    "name": FLOW,
    "language": "python",
    "file": "/f.py",
    "doc": "",
    "start": "start",
    "end": "end",
    "parameters": [],
    "constants": [],
    "steps": [
        step("start", {"kind": "foreach", "targets": ["work"], "foreach": "items"}),
        step("work", {"kind": "linear", "targets": ["join"]}),
        step("join", {"kind": "linear", "targets": ["end"]}, join=True),
        step("end", {"kind": "end", "targets": []}),
    ],
}


def task(run: str, name: str, id: str, *, inputs=(), foreach=()) -> TaskRow:
    return TaskRow(FLOW, run, name, id, "running", 1.0, foreach=foreach, inputs=inputs)


def frame(index: int) -> dict:
    return {"split": "start", "owner": "1", "index": index, "count": 2, "foreach": "items", "parallel": False}


def done(row: TaskRow, status: str = "success", **artifacts: ArtifactRef):
    attempt = AttemptRow(FLOW, row.run, row.step, row.task, 0, "running", 7, 1.0)
    yield AttemptStarted(row, attempt)
    yield AttemptFinished(
        FLOW, row.run, row.step, row.task, 0, status, 2.0, final=True, artifacts=artifacts, own=frozenset(artifacts)
    )


def run_row(run: str, **more) -> RunCreated:
    return RunCreated(RunRow(FLOW, run, "running", "ann", float(run), None, GRAPH, **more))


@pytest.fixture
def metadata(tmp_path):
    found = open_metadata(create_root(tmp_path))
    changes = [run_row("10")]
    changes += done(task("10", "_parameters", "_parameters"), alpha=ref("a"))
    changes += done(task("10", "start", "1", inputs=("_parameters",)), items=ref("b"))
    changes += done(task("10", "work", "2", inputs=("1",), foreach=(frame(0),)), items=ref("b"), y=ref("c"))
    changes += done(task("10", "work", "3", inputs=("1",), foreach=(frame(1),)), items=ref("b"), y=ref("d"))
    changes += done(task("10", "join", "4", inputs=("2", "3")), "failed")
    changes += [RunFinished(FLOW, "10", "failed", 3.0), run_row("20")]
    changes += done(task("20", "start", "1"), items=ref("e"))
    changes += [RunFinished(FLOW, "20", "failed", 3.0)]
    changes += [run_row("30", spin="10/work/3"), *done(task("30", "work", "3", foreach=(frame(1),)), y=ref("f"))]
    changes += [RunFinished(FLOW, "30", "success", 3.0)]
    found.record(changes)
    yield found
    found.close()


@pytest.mark.parametrize(
    ("text", "pathspec"),
    [
        ("work", "10/work/2"),  # the newest run that got there; run 30 only repeats a task
        ("start", "20/start/1"),
        ("10/start", "10/start/1"),
        ("10/work/3", "10/work/3"),
        ("F/10/work/3", "10/work/3"),
        ("30/work", "10/work/3"),  # what a repetition repeats
        ("join", "10/join/4"),
    ],
)
def test_which_task_is_meant(metadata, text, pathspec):
    assert find_origin(metadata, FLOW, text).pathspec == pathspec


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("wrok", "Did you mean 'work'"),
        ("99/work", "there is no run F/99"),
        ("20/work", "run F/20 has no task of step 'work'"),
        ("10/work/9", "run F/10 has no task work/9"),
    ],
)
def test_what_is_not_there(metadata, text, message):
    with pytest.raises(NotFoundError, match=message):
        find_origin(metadata, FLOW, text)


def test_what_names_no_task(metadata):
    with pytest.raises(UserError, match="names no task"):
        find_origin(metadata, FLOW, "a/b/c/d/e")


def plan(graph: dict = GRAPH) -> Plan:
    return Plan(parse_graph(graph), "40", "/root", {"type": "local", "root": "/root"}, origin="10")


def test_a_foreach_task_gets_its_item_and_inputs(metadata):
    request = request_of(find_origin(metadata, FLOW, "10/work/3"), plan())
    assert (request.run, request.task, request.origin_run_id, request.last_attempt) == ("40", "3", "10", True)
    assert [(item.task, dict(item.artifacts)) for item in request.inputs] == [("1", {"items": ref("b")})]
    assert request.parameters == {"alpha": ref("a")}
    assert [(item.index, item.count, item.digest) for item in request.foreach] == [(1, 2, ref("b").digest)]


def test_a_join_gets_all_inputs_in_order(metadata):
    request = request_of(find_origin(metadata, FLOW, "10/join"), plan())
    assert [(item.task, item.index, item.artifacts["y"]) for item in request.inputs] == [
        ("2", 0, ref("c")),
        ("3", 1, ref("d")),
    ]


def test_values_take_the_place_of_inputs(metadata):
    work = request_of(find_origin(metadata, FLOW, "10/work/3"), plan())
    other = replaced(work, {"items": ref("1"), "alpha": ref("2"), "new": ref("3")})
    assert other.parameters == {"alpha": ref("2")}
    assert dict(other.inputs[0].artifacts) == {"items": ref("1"), "new": ref("3")}
    assert other.foreach[0].digest == ref("1").digest
    join = replaced(request_of(find_origin(metadata, FLOW, "10/join"), plan()), {"y": ref("9")})
    assert [item.artifacts["y"] for item in join.inputs] == [ref("9")] * 2
    first = replaced(request_of(find_origin(metadata, FLOW, "20/start"), plan()), {"given": ref("5")})
    assert dict(first.inputs[0].artifacts) == {"given": ref("5")}


def changed(**steps: dict | None) -> dict:
    kept = [steps.get(item["name"], item) for item in GRAPH["steps"]]
    return GRAPH | {"steps": [item for item in kept if item is not None]}


@pytest.mark.parametrize(
    ("text", "graph", "message"),
    [
        ("10/work/3", changed(work=None), "no step 'work' now"),
        ("10/work/3", changed(start=None), "no step 'start' now"),
        ("10/join", changed(join=GRAPH["steps"][2] | {"join": False}), "takes no inputs now"),
        ("10/_parameters", GRAPH, "_parameters is no step"),
    ],
)
def test_a_graph_without_a_place_for_the_task(metadata, text, graph, message):
    with pytest.raises(UserError, match=message) as caught:
        request_of(find_origin(metadata, FLOW, text), plan(graph))
    assert caught.value.code == "spin_graph_changed"

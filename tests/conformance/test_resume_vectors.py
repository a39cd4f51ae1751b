"""What a resumed run takes over and why it refuses to (shared_spec/run-state.md, section 5), as the vectors state it."""

import pytest

from pyflow.engine.events import Begin, Succeeded
from pyflow.engine.resume import origin_of, problems, replay
from pyflow.engine.state import RunState, apply
from pyflow.spec.graph import parse_graph
from pyflow.spec.records import FinishedTask, RunRow, TaskRow
from pyflow.spec.task import PARAMETERS, ArtifactRef
from tests.conformance.vectors import case_id, cases

CASES = cases("run-state", "plan-*.json")


def read_task(data):
    row = TaskRow(
        "T",
        "1",
        data["step"],
        data["task"],
        data["status"],
        0.0,
        foreach=tuple(data["frames"]),
        inputs=tuple(data["inputs"]),
        foreach_count=data.get("foreach_count"),
        choice=data.get("choice"),
    )
    return FinishedTask(row, {name: ArtifactRef("0" * 64, "scalar", 1) for name in data.get("artifacts", ())})


def read_origin(case):
    given = case["input"]
    run = RunRow("T", "1", "failed", "ann", 0.0, 1.0, given["origin"]["graph"])
    return origin_of(
        parse_graph(given["graph"]), run, [read_task(item) for item in given["origin"]["tasks"]], given["step"]
    )


@pytest.mark.parametrize("case", [case for case in CASES if "error" in case], ids=case_id)
def test_what_is_refused(case):
    assert [problem.code for problem in problems(read_origin(case))] == case["error"]


@pytest.mark.parametrize("case", [case for case in CASES if "expect" in case], ids=case_id)
def test_what_is_taken_over(case):
    origin = read_origin(case)
    assert problems(origin) == []
    state, event = RunState(origin.graph), Begin(bool(origin.values or origin.new_names))
    if not origin.begins_with(event):
        apply(state, event)
        event = Succeeded(PARAMETERS, 0)
        assert origin.begins_with(event)
    taken = replay(state, event, origin).taken
    assert {id: found.row.task for id, found in taken.items()} == case["expect"]["taken"]

"""The contract of ports.Metadata.

    test_metadata = metadata_suite.suite(lambda folder: open_metadata(folder))

`make(folder)` opens the metadata of that folder; called again it opens the same, as another process would, where
the implementation can. The cases hold the lock of the runs that they call running (pyflow.metadata.liveness).
"""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import replace

import pytest

from pyflow.metadata.liveness import hold_run_lock
from pyflow.spec.records import (
    ArtifactRow,
    AttemptFinished,
    AttemptPid,
    AttemptRow,
    AttemptStarted,
    Lineage,
    RunCreated,
    RunFinished,
    RunRow,
    TagsChanged,
    TakenOver,
    TaskRow,
)
from pyflow.spec.search import Search
from pyflow.spec.task import ArtifactRef, TaskError
from pyflow.spec.where import parse_sort, parse_where

FLOW = "GenreStatsFlow"


def suite(make):
    """A pytest test with one case for each promise of the port."""

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
    def test(case, tmp_path):
        with ExitStack() as stack:
            for run in ("1", "2", "3"):
                stack.enter_context(hold_run_lock(tmp_path, FLOW, run))
            metadata = make(tmp_path)
            stack.callback(metadata.close)
            case(metadata)

    return test


def ref(text, *, kind="scalar", type="str", scalar=None):
    return ArtifactRef(
        digest=hashlib.sha256(text.encode()).hexdigest(),
        kind=kind,
        size=len(text) + 800,
        type=type,
        preview=text,
        scalar=scalar,
    )


def value(scalar):
    return ref(repr(scalar), type=type(scalar).__name__, scalar=scalar)


def run_row(run="1", *, flow=FLOW, at=None, **values):
    return RunRow(flow, run, "running", "ann", 100.0 + int(run) if at is None else at, None, {"name": flow}, **values)


def started(task, step, *, run="1", attempt=0, inputs=(), at=200.0, **values):
    """The change that begins an attempt, with the rows in it."""
    row = TaskRow(FLOW, run, step, task, "running", at, inputs=inputs, attempt=attempt, **values)
    folder = f"/elsewhere/{step}/{task}/{attempt}"
    return AttemptStarted(row, AttemptRow(FLOW, run, step, task, attempt, "running", None, at, folder=folder))


def finished(task, step, artifacts, own=None, *, run="1", attempt=0, status="success", at=300.0, **values):
    own = frozenset(artifacts if own is None else own)
    values = {"final": True, **values}
    return AttemptFinished(FLOW, run, step, task, attempt, status, at, artifacts=artifacts, own=own, **values)


def done(task, step, artifacts, own=None, *, inputs=(), run="1"):
    return [started(task, step, inputs=inputs, run=run), finished(task, step, artifacts, own, run=run)]


def names(metadata, task, run="1"):
    return {row.name: (row.ref, row.inherited) for row in metadata.artifacts(FLOW, run, task=task)}


def nothing_is_there(metadata):
    assert metadata.flows() == []
    assert metadata.runs() == metadata.runs(FLOW) == metadata.runs(FLOW, "1", limit=1) == []
    assert metadata.tasks(FLOW, "1") == []
    assert metadata.attempts(FLOW, "1") == []
    assert metadata.artifacts(FLOW, "1") == []


def a_run_comes_back_as_it_was(metadata):
    row = run_row(origin="0", tags=("a", "b"), system_tags=("user:ann",), info={"pid": 1, "versions": {"r": "4.2.2"}})
    row = replace(row, graph={"name": FLOW, "doc": "Größe \U0001f3ac"})
    metadata.record([RunCreated(row)])
    assert metadata.runs() == [row]
    metadata.record([RunFinished(FLOW, "1", "failed", 400.0, {"message": "no"})])
    assert metadata.runs() == [replace(row, status="failed", finished_at=400.0, error={"message": "no"})]


def runs_are_newest_first(metadata):
    metadata.record([RunCreated(run_row(run)) for run in ("2", "3", "1")])
    metadata.record([RunCreated(run_row("9", flow="Other", at=50.0)), RunFinished(FLOW, "2", "success", 400.0)])
    assert [row.run for row in metadata.runs()] == ["3", "2", "1", "9"]
    assert [row.run for row in metadata.runs(FLOW, limit=2)] == ["3", "2"]
    assert [row.run for row in metadata.runs(FLOW, "2")] == ["2"]
    assert metadata.runs(FLOW, limit=0) == []
    assert [row.run for row in metadata.runs(FLOW, status="success")] == ["2"]
    assert [row.run for row in metadata.runs(FLOW, status="running", limit=1)] == ["3"]
    assert metadata.flows() == [FLOW, "Other"]


def runs_of_one_moment_are_newest_first(metadata):
    metadata.record([RunCreated(run_row(run, at=5.0)) for run in ("1", "2", "3")])
    assert [row.run for row in metadata.runs(FLOW)] == ["3", "2", "1"]


def a_task_comes_back_as_it_was(metadata):
    frames = ({"split": "start", "owner": "1", "index": 3, "count": 5, "foreach": "genres"},)
    begin = started("7", "fit", inputs=("2",), foreach=frames)
    metadata.record([RunCreated(run_row()), begin])
    assert metadata.tasks(FLOW, "1") == [begin.task]
    assert metadata.attempts(FLOW, "1") == [begin.attempt]
    metadata.record([AttemptPid(FLOW, "1", "7", 0, 4711)])
    assert metadata.attempts(FLOW, "1") == [replace(begin.attempt, pid=4711)]
    metadata.record([finished("7", "fit", {}, warnings=("column x", "column y"))])
    assert metadata.tasks(FLOW, "1") == [replace(begin.task, status="success", finished_at=300.0)]
    ended = replace(begin.attempt, pid=4711, status="success", finished_at=300.0, warnings=("column x", "column y"))
    assert metadata.attempts(FLOW, "1") == [ended]


def tasks_are_in_the_order_of_making(metadata):
    made = [("_parameters", "_parameters"), ("1", "start"), *((str(n), "fit") for n in range(2, 12)), ("12", "join")]
    metadata.record([RunCreated(run_row()), RunCreated(run_row("2"))])
    metadata.record([started(task, step) for task, step in made])
    metadata.record([started("1", "start", run="2")])
    assert [row.task for row in metadata.tasks(FLOW, "1")] == [task for task, _ in made]
    assert [row.task for row in metadata.tasks(FLOW, "1", "fit")] == [str(n) for n in range(2, 12)]
    assert [row.task for row in metadata.tasks(FLOW, "1", task="12")] == ["12"]
    assert metadata.tasks(FLOW, "1", "fit", "12") == []
    assert [row.task for row in metadata.attempts(FLOW, "1", "fit")] == [str(n) for n in range(2, 12)]


def a_failure_and_its_retry(metadata):
    error = TaskError("ValueError", "bad genre", traceback="...", file="flow.py", line=41)
    first = started("1", "start")
    metadata.record([RunCreated(run_row()), first])
    metadata.record([finished("1", "start", {"x": ref("half")}, status="failed", error=error)])
    assert metadata.tasks(FLOW, "1")[0].status == "failed"
    assert names(metadata, "1") == {"x": (ref("half"), False)}
    again = started("1", "start", attempt=1, at=350.0)
    metadata.record([again])
    assert metadata.tasks(FLOW, "1") == [replace(first.task, attempt=1)], "created once"
    assert names(metadata, "1") == {}, "the last attempt has nothing yet"
    metadata.record([finished("1", "start", {"x": ref("whole")}, attempt=1)])
    attempts = metadata.attempts(FLOW, "1")
    assert [(row.attempt, row.status, row.error) for row in attempts] == [(0, "failed", error), (1, "success", None)]
    assert metadata.tasks(FLOW, "1")[0].status == "success"
    assert names(metadata, "1") == {"x": (ref("whole"), False)}


def an_end_that_is_not_final_leaves_the_task_running(metadata):
    metadata.record([RunCreated(run_row()), started("1", "start")])
    metadata.record([finished("1", "start", {}, status="crashed", final=False)])
    assert metadata.tasks(FLOW, "1")[0].status == "running"
    assert metadata.attempts(FLOW, "1")[0].status == "crashed"


def artifacts_come_back_as_they_were(metadata):
    values = {"b": ref("2", kind="list", type="list"), "a": ref("1")}
    metadata.record([RunCreated(run_row()), *done("1", "start", values)])
    assert metadata.artifacts(FLOW, "1") == [
        ArtifactRow(FLOW, "1", "start", "1", 0, name, values[name], False) for name in ("a", "b")
    ]
    assert [row.ref for row in metadata.artifacts(FLOW, "1", "start", "1", "b")] == [values["b"]]
    assert metadata.artifacts(FLOW, "1", name="c") == []
    assert metadata.artifacts(FLOW, "1", "end") == []


def two_languages_may_name_one_blob_differently(metadata):
    python, r = ref("Action", type="str"), ref("Action", type="character")
    metadata.record([RunCreated(run_row()), *done("1", "start", {"a": python, "b": r})])
    assert names(metadata, "1") == {"a": (python, False), "b": (r, False)}


def inherited_artifacts(metadata):
    a, b, c = ref("a"), ref("b"), ref("c")
    metadata.record([RunCreated(run_row())])
    metadata.record(done("1", "start", {"a": a, "b": b}))
    metadata.record(done("2", "next", {"a": a, "b": b, "c": c}, ["c"], inputs=("1",)))
    metadata.record(done("3", "next", {"a": c, "b": b, "c": c}, ["a"], inputs=("2",)))
    metadata.record(done("4", "next", {"a": c, "c": c}, [], inputs=("3",)))
    metadata.record(done("5", "next", {"a": c, "b": a, "c": c}, ["b"], inputs=("4",)))
    metadata.record(done("6", "next", {"a": c, "b": a, "c": c}, [], inputs=("5",)))
    assert names(metadata, "2") == {"a": (a, True), "b": (b, True), "c": (c, False)}
    assert names(metadata, "3") == {"a": (c, False), "b": (b, True), "c": (c, True)}
    assert names(metadata, "4") == {"a": (c, True), "c": (c, True)}
    assert names(metadata, "5") == {"a": (c, True), "b": (a, False), "c": (c, True)}
    assert names(metadata, "6") == {"a": (c, True), "b": (a, True), "c": (c, True)}
    assert [row.task for row in metadata.artifacts(FLOW, "1", name="b")] == ["1", "2", "3", "5", "6"]
    assert len(metadata.artifacts(FLOW, "1")) == 2 + 3 + 3 + 2 + 3 + 3


def the_same_value_set_anew_is_not_inherited(metadata):
    metadata.record([RunCreated(run_row()), *done("1", "start", {"a": ref("a")})])
    metadata.record(done("2", "next", {"a": ref("a")}, ["a"], inputs=("1",)))
    assert names(metadata, "2") == {"a": (ref("a"), False)}


def a_join_and_all_removed(metadata):
    metadata.record([RunCreated(run_row()), *done("1", "start", {"a": ref("a")})])
    for task in ("2", "3"):
        metadata.record(done(task, "fit", {"a": ref("a"), "x": ref(task)}, ["x"], inputs=("1",)))
    metadata.record(done("4", "join", {"x": ref("3"), "n": ref("2")}, ["x", "n"], inputs=("2", "3")))
    metadata.record(done("5", "end", {}, [], inputs=("4",)))
    assert names(metadata, "4") == {"x": (ref("3"), False), "n": (ref("2"), False)}
    assert names(metadata, "5") == {}


def a_failed_attempt_has_only_its_own(metadata):
    metadata.record([RunCreated(run_row()), *done("1", "start", {"a": ref("a"), "b": ref("b")})])
    metadata.record([started("2", "next", inputs=("1",)), finished("2", "next", {"c": ref("c")}, status="failed")])
    assert names(metadata, "2") == {"c": (ref("c"), False)}


def artifacts_of_an_input_that_is_retried_later_stay(metadata):
    """What a task inherited does not depend on what happens to others afterwards."""
    metadata.record([RunCreated(run_row()), *done("1", "start", {"a": ref("a"), "b": ref("b")})])
    metadata.record(done("2", "next", {"a": ref("a"), "b": ref("b")}, [], inputs=("1",)))
    metadata.record([started("1", "start", attempt=1), finished("1", "start", {"z": ref("z")}, attempt=1)])
    assert names(metadata, "2") == {"a": (ref("a"), True), "b": (ref("b"), True)}


def one_transaction_may_hold_all(metadata):
    metadata.record(
        [
            RunCreated(run_row()),
            *done("1", "start", {"a": ref("a")}),
            started("2", "end", inputs=("1",)),
            AttemptPid(FLOW, "1", "2", 0, 5),
            finished("2", "end", {"a": ref("a")}, []),
            RunFinished(FLOW, "1", "success", 400.0),
        ]
    )
    assert metadata.runs()[0].status == "success"
    assert [row.status for row in metadata.tasks(FLOW, "1")] == ["success", "success"]
    assert names(metadata, "2") == {"a": (ref("a"), True)}
    metadata.record([])


def all_or_nothing(metadata):
    metadata.record([RunCreated(run_row())])
    for bad in (finished("9", "start", {}), RunFinished(FLOW, "9", "success", 1.0), RunCreated(run_row())):
        with pytest.raises(Exception):  # noqa: B017 - a mistake of the engine; what matters is what it leaves
            metadata.record([started("1", "start"), RunFinished(FLOW, "1", "success", 1.0), bad])
        assert metadata.tasks(FLOW, "1") == []
        assert metadata.runs()[0].status == "running"
    metadata.record([started("1", "start")])
    assert len(metadata.tasks(FLOW, "1")) == 1


def what_runs_in_a_run_that_is_over_was_interrupted(metadata):
    metadata.record([RunCreated(run_row()), started("1", "start")])
    assert metadata.tasks(FLOW, "1")[0].status == "running"
    metadata.record([RunFinished(FLOW, "1", "failed", 400.0)])
    assert metadata.tasks(FLOW, "1")[0].status == "interrupted"
    assert metadata.attempts(FLOW, "1")[0].status == "interrupted"


def what_follows_a_split_is_kept_with_the_task(metadata):
    metadata.record([RunCreated(run_row()), started("1", "start"), started("2", "choose", inputs=("1",))])
    metadata.record([finished("1", "start", {}, foreach_count=7), finished("2", "choose", {}, choice="left")])
    assert [(row.foreach_count, row.choice) for row in metadata.tasks(FLOW, "1")] == [(7, None), (None, "left")]


def finished_tasks_come_with_all_they_have(metadata):
    a, b, c = ref("a"), ref("b"), ref("c")
    metadata.record([RunCreated(run_row()), *done("1", "start", {"a": a, "b": b})])
    for task in ("2", "3"):
        metadata.record(done(task, "fit", {"a": a, "b": b}, [], inputs=("1",)))
    metadata.record(done("4", "fit", {"a": c, "c": c}, ["a", "c"], inputs=("1",)))
    metadata.record([started("5", "fit", inputs=("1",)), finished("5", "fit", {"z": c}, status="failed")])
    metadata.record([started("6", "fit", inputs=("1",)), finished("6", "fit", {"z": c}, status="caught")])
    metadata.record([started("7", "fit", inputs=("1",))])
    found = metadata.finished(FLOW, "1")
    tasks = {row.task: row for row in metadata.tasks(FLOW, "1")}
    assert [item.row for item in found] == [tasks[id] for id in ("1", "2", "3", "4", "6")]
    assert [dict(item.artifacts) for item in found] == [
        {"a": a, "b": b},
        {"a": a, "b": b},
        {"a": a, "b": b},
        {"a": c, "c": c},
        {"z": c},
    ]
    assert found[1].artifacts is found[0].artifacts is found[2].artifacts
    assert metadata.finished(FLOW, "2") == metadata.finished("Other", "1") == []


def finished_tasks_have_what_their_last_attempt_had(metadata):
    metadata.record([RunCreated(run_row()), started("1", "start")])
    metadata.record([finished("1", "start", {"a": ref("half")}, status="failed", final=False)])
    metadata.record([started("1", "start", attempt=1), finished("1", "start", {"a": ref("a")}, attempt=1)])
    [found] = metadata.finished(FLOW, "1")
    assert (found.row.attempt, dict(found.artifacts)) == (1, {"a": ref("a")})


def taken(task, step, origin_task, *, run="2", origin_run="1", origin=None, **values):
    row = TaskRow(
        FLOW, run, step, task, "success", 500.0, 500.0, origin=origin or f"{origin_run}/{step}/{origin_task}", **values
    )
    return TakenOver(row, origin_run=origin_run, origin_task=origin_task)


def tasks_of_another_run_are_taken_over(metadata):
    a, b = ref("a"), ref("b")
    error = TaskError("ValueError", "bad genre")
    metadata.record([RunCreated(run_row()), started("1", "start")])
    metadata.record([finished("1", "start", {}, status="crashed", final=False)])
    metadata.record([started("1", "start", attempt=1), AttemptPid(FLOW, "1", "1", 1, 77)])
    metadata.record([finished("1", "start", {"a": a}, attempt=1, warnings=("a: digits lost",))])
    metadata.record(done("2", "fit", {"a": a}, [], inputs=("1",)))
    metadata.record([started("3", "fit", inputs=("1",))])
    metadata.record([finished("3", "fit", {"a": a, "b": b}, ["b"], status="caught", error=error)])
    second = taken("7", "fit", "2", inputs=("1",))
    third = taken("5", "fit", "3", inputs=("1",), foreach_count=4, choice="left")
    third = replace(third, row=replace(third.row, status="caught"))
    metadata.record([RunCreated(run_row("2")), taken("1", "start", "1"), second, third, started("8", "fit", run="2")])
    assert metadata.tasks(FLOW, "2")[1:3] == [second.row, third.row]
    attempts = {row.task: row for row in metadata.attempts(FLOW, "2")}
    old = {(row.task, row.attempt): row for row in metadata.attempts(FLOW, "1")}
    assert attempts["1"] == replace(old["1", 1], run="2", attempt=0)
    assert (attempts["1"].pid, attempts["1"].folder) == (77, "/elsewhere/start/1/1")
    assert (attempts["5"].status, attempts["5"].error) == ("caught", error)
    assert names(metadata, "1", run="2") == {"a": (a, False)}
    assert names(metadata, "7", run="2") == {"a": (a, True)}
    assert names(metadata, "5", run="2") == {"a": (a, True), "b": (b, False)}
    # What follows finds its base in the run itself.
    metadata.record([finished("8", "fit", {}, run="2"), *done("9", "end", {"a": a}, [], inputs=("7",), run="2")])
    assert names(metadata, "9", run="2") == {"a": (a, True)}


def what_was_taken_over_may_be_taken_over_again(metadata):
    a, b = ref("a"), ref("b")
    metadata.record([RunCreated(run_row()), *done("1", "start", {"a": a}), RunCreated(run_row("2"))])
    metadata.record([taken("1", "start", "1"), *done("2", "fit", {"a": a, "b": b}, ["b"], inputs=("1",), run="2")])
    metadata.record([RunCreated(run_row("3")), taken("1", "start", "1", run="3", origin_run="2", origin="1/start/1")])
    metadata.record([taken("2", "fit", "2", run="3", origin_run="2", inputs=("1",))])
    assert [row.origin for row in metadata.tasks(FLOW, "3")] == ["1/start/1", "2/fit/2"]
    assert names(metadata, "2", run="3") == {"a": (a, True), "b": (b, False)}
    assert [dict(item.artifacts) for item in metadata.finished(FLOW, "3")] == [{"a": a}, {"a": a, "b": b}]


def taking_over_is_all_or_nothing(metadata):
    metadata.record([RunCreated(run_row()), *done("1", "start", {"a": ref("a")}), RunCreated(run_row("2"))])
    for bad in (taken("2", "fit", "9"), taken("2", "fit", "1", origin_run="9"), taken("2", "fit", "1")):
        with pytest.raises(Exception):  # noqa: B017 - a mistake of the engine; what matters is what it leaves
            metadata.record([taken("1", "start", "1"), bad])
        assert metadata.tasks(FLOW, "2") == []
    metadata.record([taken("1", "start", "1")])
    assert len(metadata.tasks(FLOW, "2")) == 1


def scalars_come_back_as_they_were(metadata):
    scalars = {"a": True, "b": False, "c": 3, "d": 0.5, "e": "text", "f": "true", "g": -(2**63), "h": 3.0, "i": ""}
    values = {name: value(scalar) for name, scalar in scalars.items()} | {"none": ref("x")}
    metadata.record([RunCreated(run_row()), *done("1", "start", values)])
    found = {row.name: row.ref.scalar for row in metadata.artifacts(FLOW, "1")}
    assert found == scalars | {"none": None}
    assert {name: type(scalar) for name, scalar in found.items() if name != "none"} == {
        name: type(scalar) for name, scalar in scalars.items()
    }
    assert metadata.finished(FLOW, "1")[0].artifacts["d"].scalar == 0.5


def a_blob_that_was_stored_without_its_scalar_gets_it(metadata):
    bare = ref("7", type="int")
    metadata.record([RunCreated(run_row()), *done("1", "start", {"a": bare})])
    metadata.record(done("2", "next", {"b": replace(bare, scalar=7)}))
    metadata.record(done("3", "next", {"c": bare}))
    assert [row.ref.scalar for row in metadata.artifacts(FLOW, "1")] == [7, 7, 7]


def tags_are_changed(metadata):
    metadata.record([RunCreated(run_row(tags=("a", "b"), system_tags=("user:ann",))), RunCreated(run_row("2"))])
    metadata.record([TagsChanged(FLOW, "1", add=("c", "a"), remove=("b", "x"))])
    assert metadata.runs(FLOW, "1")[0].tags == ("c", "a")
    metadata.record([TagsChanged(FLOW, "1", add=("b",), remove=("b",)), TagsChanged(FLOW, "2", add=("d",))])
    assert [row.tags for row in metadata.runs(FLOW)] == [("d",), ("c", "a", "b")]
    with pytest.raises(KeyError, match="GenreStatsFlow/9"):
        metadata.record([TagsChanged(FLOW, "1", add=("lost",)), TagsChanged(FLOW, "9", add=("x",))])
    assert "lost" not in metadata.runs(FLOW, "1")[0].tags
    assert metadata.flows("d") == [FLOW] and metadata.flows("user:ann") == [FLOW] and metadata.flows("x") == []


def relatives_of_tasks(metadata):
    metadata.record([RunCreated(run_row()), RunCreated(run_row("2")), *done("_parameters", "_parameters", {})])
    metadata.record(done("1", "start", {}, inputs=("_parameters",)))
    for task in ("2", "3", "10"):
        metadata.record(done(task, "fit", {}, inputs=("1",)))
    metadata.record([*done("4", "join", {}, inputs=("10", "2", "3")), *done("1", "start", {}, run="2")])
    assert [row.task for row in metadata.parents(FLOW, "1", "4")] == ["2", "3", "10"]
    assert [row.task for row in metadata.children(FLOW, "1", "1")] == ["2", "3", "10"]
    assert (
        metadata.parents(FLOW, "1", "1") == metadata.children(FLOW, "1", "4") == metadata.children(FLOW, "2", "1") == []
    )
    assert metadata.parents(FLOW, "1", "2") == metadata.tasks(FLOW, "1", "start")


def artifacts_of_an_attempt(metadata):
    metadata.record([RunCreated(run_row()), started("1", "start")])
    metadata.record([finished("1", "start", {"a": ref("half")}, status="failed", final=False)])
    metadata.record([started("1", "start", attempt=1), finished("1", "start", {"a": ref("whole")}, attempt=1)])
    found = [metadata.artifacts(FLOW, "1", "start", "1", attempt=n) for n in (0, 1, None, 2)]
    assert [[(row.attempt, row.ref.preview) for row in rows] for rows in found] == [
        [(0, "half")],
        [(1, "whole")],
        [(1, "whole")],
        [],
    ]


def search(text=None, kind="runs", sort=None, **values):
    return Search(parse_where(text, kind, 10_000.0) if text else None, parse_sort(sort, kind) if sort else (), **values)


def store_to_search(metadata):
    """Three runs: 1 ended well, 2 failed before its end, 3 ended well; they are of ann, bob and ann."""
    graph = {"name": FLOW, "end": "last"}
    for run, user, accuracy, alpha in (("1", "ann", 0.5, 1), ("2", "bob", None, 2), ("3", "ann", 0.75, 3)):
        row = replace(run_row(run, tags=(f"t{run}", "all")), username=user, graph=graph)
        metadata.record([RunCreated(row), *done("_parameters", "_parameters", {"alpha": value(alpha)}, run=run)])
        metadata.record(done("1", "start", {"name": value(f"it's {run}"), "big": ref("big", kind="table")}, run=run))
        for task in ("2", "3"):
            own = {"score": value(int(task) / 10 + alpha), "ok": value(task == "2")}
            metadata.record(done(task, "fit", own, inputs=("1",), run=run))
        if accuracy is not None:
            own = {"accuracy": value(accuracy), "name": value(f"it's {run}"), "big": ref("big", kind="table")}
            metadata.record(done("4", "join", own, inputs=("2", "3"), run=run))
            metadata.record(done("5", "last", own, [], inputs=("4",), run=run))
        metadata.record([RunFinished(FLOW, run, "success" if accuracy else "failed", 500.0 + int(run))])


RUN_SEARCHES = {
    None: "321",
    "accuracy > 0.6": "3",
    "0.6 < accuracy": "3",
    "accuracy >= 0.5": "31",
    "accuracy != 0.5": "3",
    "not accuracy = 0.5": "32",
    "accuracy = null": "2",
    "accuracy != null": "31",
    "alpha > 1": "32",
    "params.alpha in (1, 3)": "31",
    "alpha not in (1, 3)": "2",
    "accuracy < alpha": "31",
    "accuracy != alpha": "31",
    "name = 'it''s 3'": "3",
    "name ~ 't''s'": "31",
    "start.name ~ '2' or accuracy > 0.6": "32",
    "big != null": "31",
    "big = 1": "",
    "big > 'a'": "",
    "fit.score > 3.2": "3",
    "fit.ok and fit.ok = false": "321",
    "`fit`.`ok` = true and alpha = 2": "2",
    "status = 'success'": "31",
    "status = 'failed' or tag = 't1'": "21",
    "tag = 'all' and tag != 't3'": "21",
    "tag in ('t1', 't2')": "21",
    "tag ~ '3'": "3",
    "user = 'ann' and not tag = 't1'": "3",
    "user ~ 'n'": "31",
    "run = 2": "2",
    "flow = 'Other'": "",
    "duration > 400.5": "",
    "duration >= '6m'": "321",
    "created >= '9898s'": "32",
    "created < '9898s'": "1",
    "origin = null": "321",
    "status ~ 'ail'": "2",
    "user ~ user": "321",
    "finished = null": "",
    "nothing = 1": "",
    "not nothing": "321",
    "'; DROP TABLE runs; --' = user": "",
}


def runs_are_searched(metadata):
    store_to_search(metadata)
    for text, expected in RUN_SEARCHES.items():
        found = metadata.find_runs(search(text))
        assert "".join(item.row.run for item in found) == expected, text
    assert metadata.find_runs(search("run = 3"))[0].row == metadata.runs(FLOW, "3")[0]


def runs_are_searched_in_an_order_and_tell_the_values(metadata):
    store_to_search(metadata)
    for sort, expected in {
        "accuracy": "132",
        "-accuracy": "312",
        "user, -alpha": "312",
        "-params.alpha": "321",
        "created": "123",
        "-fit.score": "321",
        "status, -created": "231",
    }.items():
        assert "".join(item.row.run for item in metadata.find_runs(search(sort=sort))) == expected, sort
    found = metadata.find_runs(search("alpha < 3 and fit.score > 0 and fit.ok", sort="-fit.score, -accuracy", limit=2))
    assert [item.values for item in found] == [
        {"alpha": 2, "fit.score": 2.3, "fit.ok": False},
        {"alpha": 1, "fit.score": 1.3, "fit.ok": False, "accuracy": 0.5},
    ]
    assert [type(item.values["fit.ok"]) for item in found] == [bool, bool]
    assert [len(metadata.find_runs(search(limit=limit))) for limit in (0, 1, 5)] == [0, 1, 3]


def tasks_are_searched(metadata):
    store_to_search(metadata)
    for text, expected in {
        "score > 2.2 and run = 3": ["3/2", "3/3"],
        "step = 'fit' and ok": ["3/2", "2/2", "1/2"],
        "name ~ '3' and step != 'start'": ["3/4", "3/5"],
        "alpha = 2 and task > 1": ["2/2", "2/3"],
        "accuracy = 0.75": ["3/4", "3/5"],
        "fit.score > 3.25 and step = 'start'": ["3/1"],
        "status = 'running'": [],
        "duration = 100 and user = 'bob'": ["2/1", "2/2", "2/3"],
        "attempt = 0 and tag = 't1' and step = 'last'": ["1/5"],
    }.items():
        found = metadata.find_tasks(search(text, "tasks"))
        assert [f"{item.row.run}/{item.row.task}" for item in found] == expected, text
    [best, *_] = metadata.find_tasks(search(kind="tasks", sort="-score", limit=3))
    assert (best.row, best.values) == (metadata.tasks(FLOW, "3", "fit", "3")[0], {"score": 3.3})


def artifacts_are_searched(metadata):
    store_to_search(metadata)
    for text, expected in {
        "name = 'accuracy'": ["3/4", "1/4"],
        "name = 'alpha' and value >= 2": ["3/_parameters", "2/_parameters"],
        "value = 'it''s 2'": ["2/1"],
        "value = true and run = 1": ["1/2"],
        "value and run = 1": ["1/2"],
        "kind = 'table' and step = 'start'": ["3/1", "2/1", "1/1"],
        "value = null and run = 2": ["2/1"],
        f"digest = '{value(0.75).digest}'": ["3/4"],
        "size > 805 and run = 2 and type = 'str' and name = 'name'": ["2/1"],
    }.items():
        found = metadata.find_artifacts(search(text, "artifacts"))
        assert [f"{row.run}/{row.task}" for row in found] == expected, text
    found = metadata.find_artifacts(search("name = 'score'", "artifacts", sort="-value", limit=2))
    assert [row.ref.scalar for row in found] == [3.3, 3.2]
    assert found[0] in metadata.artifacts(FLOW, "3", "fit", "3")


def what_the_dead_left_is_found_as_interrupted(metadata):
    metadata.record([RunCreated(run_row("8")), started("1", "start", run="8"), RunCreated(run_row("1"))])
    assert [item.row.run for item in metadata.find_runs(search("status = 'interrupted'"))] == ["8"]
    assert [item.row.status for item in metadata.find_runs(search())] == ["interrupted", "running"]
    [found] = metadata.find_tasks(search("status = 'interrupted'", "tasks"))
    assert found.row.status == "interrupted"
    assert metadata.find_tasks(search("status = 'running'", "tasks")) == []


def runs_that_repeat_a_task_are_left_out(metadata):
    row = run_row(spin="1/start/1")
    metadata.record([RunCreated(row), *done("1", "start", {"a": value(1)})])
    assert metadata.find_runs(search()) == metadata.find_tasks(search(kind="tasks")) == []
    assert metadata.find_artifacts(search(kind="artifacts")) == []
    assert [item.row for item in metadata.find_runs(search("start.a = 1", spins=True))] == [row]


def lineage_over_tasks_and_runs(metadata):
    a, b = ref("a"), ref("b")
    metadata.record([RunCreated(run_row()), *done("1", "start", {"a": a, "b": b})])
    metadata.record(done("2", "fit", {"a": a, "b": b}, [], inputs=("1",)))
    metadata.record(done("3", "fit", {"b": b}, [], inputs=("1",)))
    metadata.record(done("4", "join", {"c": b}, ["c"], inputs=("2", "3")))
    metadata.record(done("5", "end", {"c": b}, [], inputs=("4",)))
    metadata.record([RunCreated(run_row("2")), *done("_parameters", "_parameters", {"p": a}, run="2")])
    metadata.record(done("1", "start", {"x": b}, run="2"))
    metadata.record([RunCreated(run_row("3")), taken("1", "start", "1", run="3")])

    def uses(found):
        return sorted({(use.row.run, use.row.task, use.name) for use in found})

    found = metadata.lineage(a.digest)
    assert uses(found.made) == [("1", "1", "a"), ("2", "_parameters", "p")]
    assert uses(found.read) == [("1", "2", "a"), ("1", "3", "a"), ("1", "4", "a"), ("2", "1", "p")]
    found = metadata.lineage(b.digest)
    assert uses(found.made) == [("1", "1", "b"), ("1", "4", "c"), ("2", "1", "x")]
    assert uses(found.read) == [("1", "2", "b"), ("1", "3", "b"), ("1", "4", "b"), ("1", "5", "c")]
    assert found.made[0].row == metadata.tasks(FLOW, "1", "start")[0]
    assert metadata.lineage("0" * 64) == Lineage((), ())


CASES = [
    scalars_come_back_as_they_were,
    a_blob_that_was_stored_without_its_scalar_gets_it,
    tags_are_changed,
    relatives_of_tasks,
    artifacts_of_an_attempt,
    runs_are_searched,
    runs_are_searched_in_an_order_and_tell_the_values,
    tasks_are_searched,
    artifacts_are_searched,
    what_the_dead_left_is_found_as_interrupted,
    runs_that_repeat_a_task_are_left_out,
    lineage_over_tasks_and_runs,
    what_follows_a_split_is_kept_with_the_task,
    finished_tasks_come_with_all_they_have,
    finished_tasks_have_what_their_last_attempt_had,
    tasks_of_another_run_are_taken_over,
    what_was_taken_over_may_be_taken_over_again,
    taking_over_is_all_or_nothing,
    nothing_is_there,
    a_run_comes_back_as_it_was,
    runs_are_newest_first,
    runs_of_one_moment_are_newest_first,
    a_task_comes_back_as_it_was,
    tasks_are_in_the_order_of_making,
    a_failure_and_its_retry,
    an_end_that_is_not_final_leaves_the_task_running,
    artifacts_come_back_as_they_were,
    two_languages_may_name_one_blob_differently,
    inherited_artifacts,
    the_same_value_set_anew_is_not_inherited,
    a_join_and_all_removed,
    a_failed_attempt_has_only_its_own,
    artifacts_of_an_input_that_is_retried_later_stay,
    one_transaction_may_hold_all,
    all_or_nothing,
    what_runs_in_a_run_that_is_over_was_interrupted,
]

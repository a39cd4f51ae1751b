"""The engine from plan to recorded run, with a scripted backend and real metadata."""

from dataclasses import replace

import pytest

from pyflow.engine.loop import TICK, TIMEOUT_SLACK
from pyflow.ports import Ended, Output, Started
from pyflow.spec.errors import StoreError
from pyflow.spec.records import AttemptFinished, AttemptPid, AttemptStarted, RunCreated, RunFinished
from pyflow.spec.task import PARAMETERS, TaskError, TaskResult
from tests.unit.engine_world import (
    BOOM,
    CRASH,
    HANG,
    STUBBORN,
    EngineWorld,
    caught,
    failed,
    foreach_graph,
    graph,
    ok,
    ref,
    run,
    step,
)

LINEAR = graph(step("start", "end"), step("end"))


def by_step(**behaviours):
    """A behaviour by step; a function is asked with the request. Steps that are not named succeed."""

    def behave(request):
        found = behaviours.get(request.step, ok())
        return found(request) if callable(found) else found

    return behave


def one_branch_each(**decorators):
    return graph(
        step("start", "a", "b"),
        step("a", "join", decorators=decorators.get("a", ())),
        step("b", "join", decorators=decorators.get("b", ())),
        step("join", "end", join=True),
        step("end"),
    )


def test_a_run_is_recorded_from_begin_to_end():
    world, finish = run(LINEAR, by_step(start=ok(x="1", warnings=("x: digits lost",)), end=ok(y="2")))
    assert finish.status == "success"
    assert (world.run_row.status, world.run_row.created_at) == ("success", 1000.0)
    assert world.run_row.graph == world.plan.graph_json
    assert {id: (row.step, row.status, row.inputs) for id, row in world.tasks.items()} == {
        "1": ("start", "success", ()),
        "2": ("end", "success", ("1",)),
    }
    assert world.attempts["1.0"].warnings == ("x: digits lost",)
    assert world.attempts["1.0"].folder == f"{world.root}/runs/TestFlow/{world.plan.run}/start/1/0"
    assert [world.attempts[id].pid for id in ("1.0", "2.0")] == [101, 102]
    assert {name: (row.ref.preview, row.inherited) for name, row in world.artifacts["2"].items()} == {
        "x": ("1", True),
        "y": ("2", False),
    }


def test_each_batch_of_events_is_one_transaction_and_starts_are_recorded_before_they_happen():
    world, _ = run(one_branch_each(), by_step())
    kinds = [[type(change) for change in batch] for batch in world.metadata.batches]
    assert kinds == [
        [RunCreated, AttemptStarted],
        [AttemptPid, AttemptFinished, AttemptStarted, AttemptStarted],
        [AttemptPid, AttemptPid, AttemptFinished, AttemptFinished, AttemptStarted],
        [AttemptPid, AttemptFinished, AttemptStarted],
        [AttemptPid, AttemptFinished, RunFinished],
    ]


def test_a_task_is_recorded_before_its_process_is_started():
    world = EngineWorld(LINEAR, lambda request: ok())
    recorded = []

    def behave(request):
        recorded.append(len(world.metadata.changes(AttemptStarted)))
        return ok()

    world.backend.behave = behave
    world.run()
    assert recorded == [1, 2]


def test_nothing_is_written_for_output_alone():
    world = EngineWorld(LINEAR, by_step(start=HANG))
    seen = []

    def look():
        seen.append(len(world.metadata.batches))
        if world.clock.now > 3 * TICK:
            world.engine.interrupt()

    world.backend.on_wait = look
    world.run()
    # One for the run and the launch, one for the pid; none while nothing happens.
    assert seen[:4] == [1, 2, 2, 2]


def test_parameters_come_first_and_reach_every_task():
    values = ({"name": "n", "kind": "value", "type": "int", "value": 5},)
    world, _ = run(LINEAR, by_step(_parameters=ok(n="5")), values=values)
    requests = world.requests()
    assert list(requests) == [f"{PARAMETERS}.0", "1.0", "2.0"]
    assert requests[f"{PARAMETERS}.0"].values == values
    assert requests["1.0"].parameters == {"n": ref("5")} and requests["1.0"].inputs == ()
    assert requests["2.0"].parameters == {"n": ref("5")}
    assert "n" not in world.artifacts.get("2", {})


def test_artifacts_go_on_until_they_are_changed_or_removed():
    flow = graph(step("start", "a"), step("a", "b"), step("b", "end"), step("end"))
    world, _ = run(flow, by_step(start=ok(x="1", y="1"), a=ok(x="2"), b=ok(removed=("y",), z="3")))
    seen = {
        request.step: {name: found.preview for name, found in request.inputs[0].artifacts.items()}
        for request in world.backend.requests[1:]
    }
    assert seen == {"a": {"x": "1", "y": "1"}, "b": {"x": "2", "y": "1"}, "end": {"x": "2", "z": "3"}}
    assert {name: row.inherited for name, row in world.artifacts["3"].items()} == {"x": True, "z": False}


def test_a_join_gets_all_inputs_in_order_and_inherits_nothing():
    def work(request):
        return ok(result=f"item {request.foreach[-1].index}")

    world, _ = run(foreach_graph(), by_step(start=ok(count=3, items="abc"), work=work, join=ok(total="3")))
    join = world.requests()["5.0"]
    assert [(item.step, item.task, item.index) for item in join.inputs] == [("work", str(2 + n), n) for n in range(3)]
    assert [item.artifacts["result"].preview for item in join.inputs] == ["item 0", "item 1", "item 2"]
    assert list(world.artifacts["5"]) == ["total"]
    assert world.tasks["5"].inputs == ("2", "3", "4")


def test_a_join_of_a_single_input_inherits_nothing_either():
    world, _ = run(foreach_graph(), by_step(start=ok(count=1, items="a"), work=ok(x="1")))
    assert world.tasks["3"].step == "join"
    assert "3" not in world.artifacts and "4" not in world.artifacts


def test_a_foreach_says_how_wide_it_is_and_its_tasks_know_their_place():
    world, _ = run(foreach_graph(), by_step(start=ok(count=2, items="ab")))
    frames = [request.foreach for request in world.backend.requests if request.step == "work"]
    assert [[(f.step, f.variable, f.index, f.count, f.digest) for f in found] for found in frames] == [
        [("start", "items", number, 2, ref("ab").digest)] for number in range(2)
    ]
    assert "start/1.0 note: Foreach yields 2 child tasks." in world.reporter.lines
    assert world.requests()["4.0"].foreach == ()


def starts(name):
    """Whether a transaction is about to start a task of step `name`."""
    return lambda changes: any(isinstance(item, AttemptStarted) and item.task.step == name for item in changes)


def test_what_cannot_be_recorded_is_not_started():
    world = EngineWorld(one_branch_each(), by_step(a=ok(x="1")))
    world.metadata.refuse = starts("join")
    finish = world.run()
    assert (finish.status, finish.error.code, finish.error.retry) == ("interrupted", "store_write", False)
    assert finish.error.message == "the metadata cannot be written\nMake room."
    assert [request.step for request in world.backend.requests] == ["start", "a", "b"]
    # What had ended is recorded as soon as that is possible.
    assert world.statuses() == {"1.0": "success", "2.0": "success", "3.0": "success"}
    assert set(world.artifacts["2"]) == {"x"}
    assert world.run_row.status == "interrupted"


def test_when_nothing_can_be_recorded_any_more_all_that_runs_is_ended():
    def work(request):
        return ok(word="x") if request.foreach[-1].index == 0 else HANG

    behave = by_step(start=ok(count=3, items="x"), work=work)
    world = EngineWorld(foreach_graph(), behave, grace=2.0)
    world.metadata.refuse = lambda changes: any(
        isinstance(item, AttemptFinished) and item.task == "2" for item in changes
    )
    finish = world.run()
    assert (finish.status, finish.error.code) == ("interrupted", "store_write")
    assert world.backend.stops == [("3.0", 2.0), ("4.0", 2.0)]
    assert world.statuses() == {"1.0": "success", "2.0": "running", "3.0": "running", "4.0": "running"}
    # Who looks at it when its engine is gone sees that it was interrupted.
    assert world.run_row.status == "running"


def test_a_failure_that_cannot_be_recorded_stops_the_others_too():
    world = EngineWorld(one_branch_each(), by_step(a=failed(), b=HANG))
    world.metadata.refuse = lambda changes: any(
        isinstance(item, AttemptFinished) and item.task == "2" for item in changes
    )
    finish = world.run()
    assert (finish.status, finish.error.code) == ("interrupted", "store_write")
    assert world.backend.stops == [("3.0", 5.0)]


def test_a_run_whose_end_cannot_be_recorded_is_no_success():
    world = EngineWorld(LINEAR, by_step())
    world.metadata.refuse = lambda changes: any(isinstance(item, RunFinished) for item in changes)
    finish = world.run()
    assert (finish.status, finish.error.code) == ("interrupted", "store_write")
    assert (world.run_row.status, world.tasks["2"].status) == ("running", "running")


def test_a_run_that_cannot_be_recorded_does_not_begin():
    world = EngineWorld(LINEAR, by_step())
    world.metadata.refuse = lambda changes: True
    with pytest.raises(StoreError, match="cannot be written"):
        world.run()
    assert world.backend.requests == []
    assert world.backend.stops == []


def test_a_foreach_may_go_over_a_parameter():
    values = ({"name": "items", "kind": "value", "type": "str", "value": ["a", "b"]},)
    world, finish = run(foreach_graph(), by_step(_parameters=ok(items="ab"), start=ok(count=2)), values=values)
    assert finish.status == "success"
    assert world.requests()["2.0"].foreach[0].digest == ref("ab").digest


def test_a_foreach_whose_result_has_no_count_fails():
    world, finish = run(foreach_graph(), by_step(start=ok()))
    assert (finish.status, finish.error.code) == ("failed", "protocol_error")
    assert "start" in finish.error.message
    assert world.statuses() == {"1.0": "failed"}


def test_never_more_than_max_workers_run():
    world, finish = run(foreach_graph(), by_step(start=ok(count=20, items="x")), max_workers=3)
    assert finish.status == "success"
    assert world.backend.most == 3


def test_progress_is_told_after_each_batch():
    world, _ = run(foreach_graph(), by_step(start=ok(count=3, items="x")), max_workers=2)
    assert world.reporter.states == [(1, 2, 4), (3, 1, 4), (4, 1, 5), (5, 1, 6), (6, 0, 6)]


# Failure


def test_a_failure_is_told_and_recorded_whole():
    world, finish = run(LINEAR, by_step(start=failed(x="1")))
    assert (finish.status, finish.error, finish.task) == ("failed", BOOM, "1")
    assert world.run_row.status == "failed"
    assert world.run_row.error == {**BOOM.to_json(), "step": "start", "task": "1", "attempt": 0}
    assert (world.tasks["1"].status, world.attempts["1.0"].status) == ("failed", "failed")
    assert world.attempts["1.0"].error == BOOM
    assert world.artifacts["1"]["x"].ref.preview == "1"
    assert world.reporter.lines[-1] == "start/1.0 ended (pid 101) step_failed: boom"


def test_a_crash_is_recorded_as_one_and_has_a_text_to_show():
    world, finish = run(LINEAR, by_step(start=CRASH))
    assert (world.tasks["1"].status, world.attempts["1.0"].status) == ("crashed", "crashed")
    assert finish.error.code == "step_crashed"
    assert finish.error.traceback == "TaskCrashed: the process of step work was ended by signal 9 (SIGKILL)"


def test_a_failed_result_without_an_error_is_a_broken_protocol():
    _, finish = run(LINEAR, by_step(start=TaskResult(ok=False)))
    assert finish.error.code == "protocol_error"


def test_after_a_failure_the_others_are_stopped_and_nothing_else_starts():
    def work(request):
        return failed() if request.foreach[-1].index == 1 else HANG

    world, finish = run(foreach_graph(), by_step(start=ok(count=6, items="x"), work=work), max_workers=3, grace=2.0)
    assert (finish.status, finish.task) == ("failed", "3")
    assert world.backend.stops == [("2.0", 2.0), ("4.0", 2.0)]
    assert world.statuses() == {
        "1.0": "success",
        "2.0": "interrupted",
        "3.0": "failed",
        "4.0": "interrupted",
    }
    assert [world.tasks[id].status for id in ("2", "4")] == ["interrupted", "interrupted"]
    assert world.attempts["2.0"].error is None
    assert "Terminating 2 active tasks..." in world.reporter.lines
    assert not any("2.0 ended" in line for line in world.reporter.lines)


def test_what_succeeds_beside_a_failure_is_a_success_and_nothing_follows_from_it():
    world, finish = run(one_branch_each(), by_step(a=ok(x="1"), b=failed()))
    assert finish.task == "3"
    assert world.statuses() == {"1.0": "success", "2.0": "success", "3.0": "failed"}
    assert world.backend.stops == []


def test_nothing_is_started_that_a_failure_of_the_same_moment_would_stop():
    flow = graph(
        step("start", "a", "b"),
        step("a", "after"),
        step("after", "join"),
        step("b", "join"),
        step("join", "end", join=True),
        step("end"),
    )
    world, _ = run(flow, by_step(b=failed()))
    assert [request.step for request in world.backend.requests] == ["start", "a", "b"]
    assert "Terminating" not in str(world.reporter.lines)


def test_of_two_failures_at_once_the_first_counts_and_both_are_recorded():
    other = replace(BOOM, message="other")
    world, finish = run(one_branch_each(), by_step(a=failed(), b=failed(other)))
    assert finish.error == BOOM
    assert [world.attempts[id].error for id in ("2.0", "3.0")] == [BOOM, other]
    assert [world.tasks[id].status for id in ("2", "3")] == ["failed", "failed"]


# Retry and catch


def test_a_retried_task_is_not_failed_for_good():
    behaviour = iter([failed(), CRASH, ok(x="1")])
    flow = graph(step("start", "end", decorators={"retry": {"times": 2}}), step("end"))
    world, finish = run(flow, by_step(start=lambda request: next(behaviour)))
    assert finish.status == "success"
    assert world.statuses() == {"1.0": "failed", "1.1": "crashed", "1.2": "success", "2.0": "success"}
    assert (world.tasks["1"].status, world.tasks["1"].attempt) == ("success", 2)
    finals = [(c.task, c.attempt, c.final) for c in world.metadata.changes(AttemptFinished)]
    assert finals == [("1", 0, False), ("1", 1, False), ("1", 2, True), ("2", 0, True)]
    assert [request.last_attempt for request in world.backend.requests[:3]] == [False, False, True]
    assert world.artifacts["1"]["x"].attempt == 2
    told = [line for line in world.reporter.lines if "ended" in line]
    assert told[0] == "start/1.0 ended (pid 101) step_failed: boom"
    assert told[1].startswith("start/1.1 ended (pid 102) step_crashed")


def test_the_last_failure_of_all_attempts_ends_the_run():
    flow = graph(step("start", "end", decorators={"retry": {"times": 1}}), step("end"))
    world, finish = run(flow, by_step(start=failed()))
    assert finish.status == "failed"
    assert world.run_row.error["attempt"] == 1
    assert [(c.attempt, c.final) for c in world.metadata.changes(AttemptFinished)] == [(0, False), (1, True)]


@pytest.mark.parametrize(("wait", "seconds"), [(True, 90.0), (False, 0.0)])
def test_a_run_waits_before_a_retry_only_if_it_was_told_to(wait, seconds):
    behaviour = iter([failed(), ok()])
    retry = {"times": 1, "minutes_between_retries": 1.5}
    flow = graph(step("start", "end", decorators={"retry": retry}), step("end"))
    world, finish = run(flow, by_step(start=lambda request: next(behaviour)), retry_wait=wait)
    assert finish.status == "success"
    waited = world.attempts["1.1"].started_at - world.attempts["1.0"].finished_at
    assert waited == pytest.approx(seconds, abs=TICK)
    assert any("tried again in 90 s" in line for line in world.reporter.lines) == wait


def test_an_interrupt_during_the_wait_ends_the_run():
    retry = {"times": 1, "minutes_between_retries": 1}
    flow = graph(step("start", "end", decorators={"retry": retry}), step("end"))
    world = EngineWorld(flow, by_step(start=failed()), retry_wait=True)
    world.backend.on_wait = lambda: world.engine.interrupt() if world.clock.now > 10 else None
    assert world.run().status == "interrupted"
    assert world.statuses() == {"1.0": "failed"}
    # The retry that never came: neither a success nor failed for good.
    assert world.tasks["1"].status == "interrupted"


def test_catch_after_a_crash_is_one_more_launch_that_stores_the_error():
    flow = graph(step("start", "end", decorators={"catch": {"var": "caught"}}), step("end"))
    world, finish = run(flow, by_step(start=lambda request: caught(request) if request.caught else CRASH))
    assert finish.status == "success"
    first, second, end = world.backend.requests
    assert (first.caught, first.last_attempt, first.catch) == (None, True, {"var": "caught", "print_exception": True})
    assert (second.caught.code, second.attempt, second.last_attempt) == ("step_crashed", 1, True)
    assert world.statuses() == {"1.0": "crashed", "1.1": "caught", "2.0": "success"}
    assert world.tasks["1"].status == "caught"
    assert end.inputs[0].artifacts == {"caught": ref(CRASH.message)}


def test_catch_in_the_runner_is_recorded_as_caught():
    flow = graph(step("start", "end", decorators={"catch": {}}), step("end"))
    world, finish = run(flow, by_step(start=TaskResult(ok=True, caught=True, error=BOOM)))
    assert finish.status == "success"
    assert (world.tasks["1"].status, world.attempts["1.0"].error) == ("caught", BOOM)


# Timeouts


def test_a_task_that_does_not_react_to_its_timeout_is_ended():
    flow = graph(step("start", "end", decorators={"timeout": {"seconds": 30, "minutes": 1}}), step("end"))
    world, finish = run(flow, by_step(start=HANG))
    assert world.requests()["1.0"].timeout == 90.0
    assert world.backend.stops == [("1.0", 0.0)]
    assert world.clock.now == pytest.approx(90.0 + TIMEOUT_SLACK, abs=2 * TICK)
    assert (finish.error.code, finish.error.type, finish.error.retry) == ("step_timeout", "TimeoutException", True)
    assert "timeout of 90 s" in finish.error.message and "90 s" in finish.error.traceback
    assert world.statuses() == {"1.0": "crashed"}


def test_a_timeout_is_retried_and_caught_like_any_crash():
    decorators = {"timeout": {"seconds": 1}, "retry": {"times": 1}, "catch": {"var": "caught"}}
    flow = graph(step("start", "end", decorators=decorators), step("end"))
    world, finish = run(flow, by_step(start=lambda request: caught(request) if request.caught else HANG))
    assert finish.status == "success"
    assert world.statuses() == {"1.0": "crashed", "1.1": "crashed", "1.2": "caught", "2.0": "success"}
    assert world.requests()["1.2"].caught.code == "step_timeout"


def test_a_runner_that_reports_its_timeout_itself_is_believed():
    error = TaskError("TimeoutException", "took longer", "step_timeout")
    flow = graph(step("start", "end", decorators={"timeout": {"seconds": 1}}), step("end"))
    world, finish = run(flow, by_step(start=failed(error)))
    assert finish.error.message == "took longer"
    assert world.backend.stops == []


def test_a_task_that_is_being_stopped_has_its_grace_time_whatever_its_timeout():
    flow = one_branch_each(a={"timeout": {"seconds": 1}})
    world = EngineWorld(flow, by_step(a=STUBBORN, b=HANG), grace=60.0)

    def look():
        if world.clock.now > 3.0 and not world.engine.interrupts:
            world.engine.interrupt()
        if world.clock.now > 50.0 and world.engine.interrupts == 1:
            world.engine.interrupt()

    world.backend.on_wait = look
    assert world.run().status == "interrupted"
    assert world.backend.stops == [("2.0", 60.0), ("3.0", 60.0), ("2.0", 0.0)]
    assert world.clock.now > 50.0


# Interrupts


def test_an_interrupt_stops_what_runs_and_ends_the_run():
    world = EngineWorld(foreach_graph(), by_step(start=ok(count=5, items="x"), work=HANG), max_workers=2, grace=4.0)
    world.backend.on_wait = lambda: world.engine.interrupt() if world.clock.now > 1 else None
    finish = world.run()
    assert (finish.status, finish.error) == ("interrupted", None)
    assert world.run_row.status == "interrupted" and world.run_row.error is None
    assert world.backend.stops == [("2.0", 4.0), ("3.0", 4.0)]
    assert world.statuses() == {"1.0": "success", "2.0": "interrupted", "3.0": "interrupted"}


def test_two_interrupts_at_once_stop_the_run_and_take_the_grace_time_away():
    world = EngineWorld(LINEAR, by_step(start=STUBBORN))

    def look():
        if world.clock.now > 1 and not world.engine.interrupts:
            world.engine.interrupt()
            world.engine.interrupt()

    world.backend.on_wait = look
    assert world.run().status == "interrupted"
    assert world.backend.stops == [("1.0", 5.0), ("1.0", 0.0)]
    assert world.statuses() == {"1.0": "interrupted"}


def test_an_interrupt_before_the_first_task_has_answered_is_noticed_at_once():
    world = EngineWorld(LINEAR, by_step(start=HANG))
    world.engine.interrupt()
    assert world.run().status == "interrupted"
    assert [request.step for request in world.backend.requests] == ["start"]


# What does not belong to the run, and what costs


def test_events_of_attempts_that_do_not_run_are_ignored():
    world = EngineWorld(LINEAR, by_step())
    world.backend.events = [
        Started("9.0", 1),
        Ended("1.7", ok(), None),
        Output("nonsense", "stdout", ("x",)),
        Ended("2.0", ok(), None),
    ]
    assert world.run().status == "success"
    assert world.statuses() == {"1.0": "success", "2.0": "success"}


def test_a_wide_foreach_shares_what_its_tasks_inherit():
    width = 2_000
    world, finish = run(foreach_graph(), by_step(start=ok(count=width, items="x", big="y")))
    assert finish.status == "success"
    start = world.engine.artifacts["1"]
    works = [request for request in world.backend.requests if request.step == "work"]
    assert len(works) == width
    assert all(request.inputs[0].artifacts is start for request in works)
    assert all(world.engine.artifacts[request.task] is start for request in works)
    assert len(world.requests()[f"{width + 2}.0"].inputs) == width


def test_output_is_told_with_the_pid_of_its_attempt():
    world, _ = run(LINEAR, by_step())
    assert world.reporter.lines == [
        "start/1.0 started (pid 101)",
        "start/1.0 stdout: out of start",
        "start/1.0 ended (pid 101) ok",
        "end/2.0 started (pid 102)",
        "end/2.0 stdout: out of end",
        "end/2.0 ended (pid 102) ok",
    ]

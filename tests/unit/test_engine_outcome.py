"""What the end of an attempt means: every combination of result, crash, stop and timeout."""

from dataclasses import replace

import pytest

from pyflow.engine.events import Failed, Stopped, Succeeded
from pyflow.engine.outcome import outcome
from pyflow.engine.state import Task
from pyflow.ports import Ended
from pyflow.spec.gangs import Limits
from pyflow.spec.graph import Transition
from pyflow.spec.task import TaskError, TaskResult
from tests.unit.engine_world import BOOM, CRASH, graph, step

TASK = Task("2", "work", (), ("1",), attempt=3, running=True)
LINEAR = step("work", "end")
GANG = replace(LINEAR, transition=Transition("parallel", ("member",), num_parallel="size"))
MEMBER = step("member", "end", decorators={"parallel": {}, "resources": {"memory": 300}}.items())
LIMITS = Limits(graph(GANG, MEMBER, step("end")), max_workers=4, capacity={"memory": 1000.0})
FOREACH = step("work", "next", foreach="items")


def end(result, error=None, *, of=LINEAR, stopped=False, timeout=0.0):
    return outcome(TASK, of, Ended("2.3", result, error), stopped=stopped, timeout=timeout, limits=LIMITS)


def test_a_success():
    result = TaskResult(ok=True)
    found = end(result)
    assert found.event == Succeeded("2", 3)
    assert (found.status, found.result, found.error) == ("success", result, None)


def test_a_success_that_catch_made():
    found = end(TaskResult(ok=True, caught=True, error=BOOM))
    assert (found.status, found.error, found.event) == ("caught", BOOM, Succeeded("2", 3))


def test_the_width_of_a_foreach():
    assert end(TaskResult(ok=True, foreach_count=4), of=FOREACH).event == Succeeded("2", 3, 4)


@pytest.mark.parametrize("count", [None, 0])
def test_a_foreach_without_a_width_is_a_failure_that_no_retry_mends(count):
    found = end(TaskResult(ok=True, foreach_count=count), of=FOREACH)
    assert isinstance(found.event, Failed) and not found.event.crashed
    assert (found.status, found.error.code, found.error.retry) == ("failed", "protocol_error", False)


def test_a_failure():
    found = end(TaskResult(ok=False, error=BOOM))
    assert found.event == Failed("2", 3, BOOM, crashed=False)
    assert (found.status, found.error) == ("failed", BOOM)


def test_a_crash():
    found = end(None, CRASH)
    assert found.event.crashed
    assert (found.status, found.error.code) == ("crashed", "step_crashed")
    assert found.error.traceback == f"TaskCrashed: {CRASH.message}"


def test_a_crash_that_nobody_explains():
    assert end(None).error.code == "step_crashed"


@pytest.mark.parametrize("result", [None, TaskResult(ok=False, error=BOOM)])
def test_an_attempt_that_was_stopped_is_not_failed(result):
    found = end(result, CRASH, stopped=True)
    assert (found.event, found.status, found.error) == (Stopped("2", 3), "interrupted", None)


def test_an_attempt_that_succeeds_although_it_was_stopped_is_a_success():
    assert end(TaskResult(ok=True), stopped=True).status == "success"


def test_a_timeout_that_the_engine_enforced():
    found = end(None, CRASH, timeout=90.0)
    assert found.event.crashed
    assert (found.error.code, found.error.type) == ("step_timeout", "TimeoutException")
    assert "step work" in found.error.message and "90 s" in found.error.message
    assert found.error.message in found.error.traceback


def test_a_result_counts_more_than_the_timeout():
    assert end(TaskResult(ok=False, error=BOOM), timeout=90.0).error == BOOM


def test_every_failure_has_a_text_to_show():
    for found in (
        end(None),
        end(None, CRASH),
        end(TaskResult(ok=False)),
        end(TaskResult(ok=False, error=TaskError("E", "m"))),
    ):
        assert found.error.traceback

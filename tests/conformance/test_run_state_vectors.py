"""Every row of the state table of shared_spec/run-state.md, as its vectors state it."""

import pytest

from pyflow.engine import events
from pyflow.engine import state as states
from pyflow.spec.graph import parse_graph
from pyflow.spec.task import parse_error
from tests.conformance.vectors import case_id, cases

CASES = cases("run-state", "events*.json")


def read_event(data):
    kind, task, attempt = data["event"], data.get("task"), data.get("attempt")
    if kind == "failed":
        return events.Failed(task, attempt, parse_error(data["error"]), crashed=data["crashed"])
    return {
        "begin": lambda: events.Begin(data["parameters"]),
        "started": lambda: events.StartedEvent(task, attempt, data["pid"]),
        "succeeded": lambda: events.Succeeded(task, attempt, data.get("foreach_count"), data.get("choice")),
        "timer": lambda: events.Timer(task),
        "interrupt": events.Interrupt,
        "stopped": lambda: events.Stopped(task, attempt),
        "hold": events.Hold,
        "taken_over": lambda: events.TakenOver(task, data.get("foreach_count"), data.get("choice")),
        "release": events.Release,
    }[kind]()


def read_action(data):
    kind, error = data["action"], parse_error(data.get("error"))
    return {
        "launch": lambda: events.Launch(data["task"], data["attempt"], data["last"], parse_error(data["caught"])),
        "wait": lambda: events.Wait(data["task"], data["seconds"]),
        "stop": lambda: events.Stop(data["task"], data["attempt"]),
        "finish": lambda: events.Finish(data["status"], error, data["task"]),
    }[kind]()


def read_state(case):
    return states.RunState(parse_graph(case["input"]["graph"]), **case["input"]["options"])


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_the_actions_after_each_event(case):
    state = read_state(case)
    found = [states.apply(state, read_event(event)) for event in case["input"]["events"]]
    assert found == [[read_action(action) for action in actions] for actions in case["expect"]["actions"]]


@pytest.mark.parametrize("case", [case for case in CASES if "tasks" in case["expect"]], ids=case_id)
def test_the_tasks_that_were_made(case):
    state = read_state(case)
    for event in case["input"]["events"]:
        states.apply(state, read_event(event))
    found = [
        {
            "task": task.id,
            "step": task.step,
            "inputs": list(task.inputs),
            "frames": [{name: getattr(frame, name) for name in frame.__slots__} for frame in task.frames],
            "iteration": list(task.iteration),
        }
        for task in state.tasks.values()
    ]
    assert found == [{"iteration": [], **task} for task in case["expect"]["tasks"]]


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_every_event_has_its_list_of_actions(case):
    assert len(case["input"]["events"]) == len(case["expect"]["actions"])


def test_every_kind_of_event_and_action_occurs():
    events = {event["event"] for case in CASES for event in case["input"]["events"]}
    actions = {action["action"] for case in CASES for answer in case["expect"]["actions"] for action in answer}
    assert events == {
        "begin",
        "started",
        "succeeded",
        "failed",
        "timer",
        "interrupt",
        "stopped",
        "hold",
        "taken_over",
        "release",
    }
    assert actions == {"launch", "wait", "stop", "finish"}

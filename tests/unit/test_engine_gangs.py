"""Gangs, switches and loops through the whole engine: requests, stops, rows and what people are told."""

from dataclasses import replace

from pyflow.spec.graph import Transition
from tests.unit.engine_world import BOOM, HANG, failed, gang_graph, graph, ok, run, step


def by_step(request):
    return {"start": ok(count=3)}.get(request.step, ok())


def test_the_tasks_of_a_gang_are_told_of_each_other():
    world, finish = run(gang_graph(), by_step, max_workers=3)
    assert finish.status == "success"
    assert world.backend.most == 3
    gangs = [request.parallel for request in world.backend.requests if request.step == "work"]
    assert gangs == [
        {"num_nodes": 3, "node_index": index, "control_task_id": "2", "main_ip": "127.0.0.1"} for index in range(3)
    ]
    assert {request.parallel for request in world.backend.requests if request.step != "work"} == {None}
    assert world.requests()["5.0"].inputs[1].task == "3"
    assert "start/1.0 note: 3 tasks start at the same time." in world.reporter.lines


def first_try_fails(request):
    if request.step != "work" or request.attempt > 0:
        return by_step(request)
    return failed() if request.parallel["node_index"] == 1 else HANG


def test_the_whole_gang_is_tried_again():
    world, finish = run(gang_graph(retry={"times": 1}), first_try_fails)
    assert finish.status == "success"
    assert [world.statuses()[f"{task}.0"] for task in (2, 3, 4)] == ["interrupted", "failed", "interrupted"]
    assert [world.statuses()[f"{task}.1"] for task in (2, 3, 4)] == ["success"] * 3
    assert {world.tasks[task].status for task in ("2", "3", "4")} == {"success"}
    assert "A task of a gang failed; terminating the 2 others..." in world.reporter.lines
    assert world.reporter.states[-1] == (6, 0, 6)


def test_a_gang_whose_retry_waits_waits_as_one():
    world, finish = run(gang_graph(retry={"times": 1, "minutes_between_retries": 1}), first_try_fails, retry_wait=True)
    assert finish.status == "success"
    assert sum("tried again in 60 s" in line for line in world.reporter.lines) == 1


def test_no_member_of_a_gang_may_catch_before_the_others_are_stopped():
    def behave(request):
        if request.caught is not None:
            return ok(caught="yes")
        assert request.step != "work" or not request.last_attempt
        return first_try_fails(request)

    world, finish = run(gang_graph(catch={"var": "caught"}), behave)
    assert finish.status == "success"
    caught = {id: request.caught for id, request in world.requests().items() if request.caught}
    assert {id: error.message for id, error in caught.items()} == dict.fromkeys(("2.1", "3.1", "4.1"), BOOM.message)


def test_a_gang_that_is_too_large_fails_the_step_that_asks_for_it():
    world, finish = run(gang_graph(retry={"times": 1}), by_step, max_workers=2)
    assert (finish.status, finish.task, finish.error.code) == ("failed", "1", "gang_too_large")
    assert world.statuses() == {"1.0": "failed"}


SWITCH = Transition("switch", ("start", "end"), condition="kind", cases=(("again", "start"), ("done", "end")))
LOOP = graph(replace(step("start", "end"), transition=SWITCH), step("end"))


ROUNDS = {"1": ok(choice="start"), "2": ok(choice="start"), "3": ok(choice="end"), "4": ok()}


def test_each_round_of_a_loop_is_a_task_with_its_iteration():
    world, finish = run(LOOP, lambda request: ROUNDS[request.task])
    assert finish.status == "success"
    assert [(request.step, request.iteration) for request in world.backend.requests] == [
        ("start", (0,)),
        ("start", (1,)),
        ("start", (2,)),
        ("end", ()),
    ]
    assert [row.iteration for row in world.tasks.values()] == [(0,), (1,), (2,), ()]
    assert [row.choice for row in world.tasks.values()] == ["start", "start", "end", None]
    assert "start/1.0 note: Switch chooses start." in world.reporter.lines


def test_a_choice_that_is_no_target_is_a_failure():
    _, finish = run(LOOP, lambda request: ok(choice="elsewhere"))
    assert (finish.status, finish.error.code) == ("failed", "protocol_error")
    assert "switch step start chooses 'elsewhere'" in finish.error.message

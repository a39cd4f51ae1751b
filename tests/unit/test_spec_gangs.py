"""Gangs that can never run are told before they would."""

from pyflow.spec.gangs import Limits, problems
from pyflow.spec.graph import Decorator, Function, Graph, Step, Transition


def limits(size, *, max_workers=16, capacity=None, **resources):
    needs = (Decorator("resources", resources),) if resources else ()
    steps = (
        Step(
            "start", "python", Function(None), Transition("parallel", ("work",), num_parallel=size), file="f.py", line=3
        ),
        Step("work", "python", Function(None), Transition("linear", ("end",)), decorators=needs),
        Step("end", "python", Function(None), Transition("end")),
    )
    return Limits(Graph("T", "python", None, steps), max_workers, capacity or {})


def test_a_gang_that_fits_is_no_problem():
    assert problems(limits(16)) == []
    assert problems(limits(2, capacity={"cpu": 4.0}, cpu=2)) == []


def test_more_tasks_than_workers():
    [problem] = problems(limits(4, max_workers=3))
    assert str(problem) == (
        "f.py:3, step start: Step *start* starts 4 tasks of step *work* that must run at the same time, but the run has "
        "only 3 workers. Run it with --max-workers 4, or start fewer tasks."
    )


def test_more_than_the_machine_has():
    [problem] = problems(limits(3, capacity={"cpu": 4.0}, cpu=2))
    assert "must run at the same time and take cpu=6, but there is cpu=4." in problem.message


def test_a_size_that_is_not_known_yet_is_looked_at_later():
    assert problems(limits("size", max_workers=1)) == problems(limits(None, max_workers=1)) == []
    found = limits("size", max_workers=1)
    assert found.too_large(found.graph.step("start"), 1) is None
    assert "only 1 workers" in found.too_large(found.graph.step("start"), 2)[0]

"""What a resumed run takes over: for any flow, any point of death and any step; and what is refused."""

import hashlib
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflow.engine.resume import gang_problems, origin_of, problems
from pyflow.metadata import open_metadata
from pyflow.spec.gangs import Limits
from pyflow.spec.graph import Parameter, Transition
from pyflow.spec.records import AttemptStarted, RunCreated, TakenOver
from pyflow.spec.task import PARAMETERS, TaskResult
from tests.unit.engine_world import CRASH, EngineWorld, failed, foreach_graph, graph, ok, ref, step
from tests.unit.flow_shapes import SHAPES, graph_of


def some_width(name, here):
    """From 1 to 3, fixed by where the foreach is."""
    return 1 + (sum(map(ord, name)) + sum(here)) % 3


def some_choice(targets, name, here, iteration):
    """Fixed by where the switch is; a loop comes to an end."""
    return targets[-1] if sum(iteration) > 3 else targets[(sum(map(ord, name)) + sum(here + iteration)) % len(targets)]


class Killed(BaseException):
    """The engine dies: nothing is written any more."""


def places(world):
    """Tasks by what they are in any run: step, place in the splits, time round in the loops."""
    indices = {id: tuple(frame["index"] for frame in row.foreach) for id, row in world.tasks.items()}
    return {(row.step, indices[id], row.iteration): row for id, row in world.tasks.items()}


def finished(world):
    """What can be taken over: successes, but of a gang only all together."""
    found = {where: row for where, row in places(world).items() if row.status == "success"}
    gangs = Counter(row.foreach[-1]["owner"] for row in found.values() if in_gang(row))
    return {
        where
        for where, row in found.items()
        if not in_gang(row) or gangs[row.foreach[-1]["owner"]] == row.foreach[-1]["count"]
    }


def in_gang(row):
    return bool(row.foreach) and row.foreach[-1]["parallel"]


class Flow:
    """Runs of one graph in one store. Every task leaves a value that depends on all that came before it."""

    def __init__(self, root, flow_graph, *, width=some_width, **options):
        self.root = Path(root)
        self.graph = flow_graph
        self.width = width
        self.options = options
        self.runs = 0
        self.ran = []

    def run(self, *, death=None, how="failed", origin=None, changed=None):
        """`death`: after so many tasks the next attempt fails, crashes, or kills the engine."""
        flow_graph = changed or self.graph
        self.runs += 1
        self.ran = []
        self.world = EngineWorld(
            flow_graph,
            lambda request: self._behave(flow_graph, request, death, how),
            run_id=str(self.runs),
            root=self.root,
            origin=origin.run if origin else None,
            resumes=origin,
            **self.options,
        )
        try:
            self.finish = self.world.run()
        except Killed:
            self.finish = None
        with_rows = open_metadata(self.root, readonly=True)
        self.world.read(with_rows)
        with_rows.close()
        return self.world

    def resume(self, step=None, *, run=None, changed=None, **options):
        return self.run(origin=self.origin(step, run=run, changed=changed), changed=changed, **options)

    def origin(self, step=None, *, run=None, changed=None):
        metadata = open_metadata(self.root, readonly=True)
        [row] = metadata.runs(self.graph.name, run or str(self.runs))
        origin = origin_of(changed or self.graph, row, metadata.finished(row.flow, row.run), step)
        metadata.close()
        return origin

    def _behave(self, flow_graph, request, death, how):
        if death is not None and len(self.ran) >= death:
            if how == "killed":
                raise Killed
            return CRASH if how == "crashed" else failed()
        task = self.world.engine.state.tasks[request.task]
        here = tuple(frame.index for frame in task.frames)
        self.ran.append((request.step, here, task.iteration))
        if request.step == PARAMETERS:
            return ok(**{name: f"constant {name}" for name in request.constants})
        before = ",".join(item.artifacts["trace"].preview for item in request.inputs)
        trace = hashlib.sha256(f"{self.ran[-1]}({before})".encode()).hexdigest()
        transition = flow_graph.step(request.step).transition
        count = self.width(request.step, here) if transition.kind in ("foreach", "parallel") else None
        artifacts = {"trace": trace} | ({"items": f"{count} items"} if transition.kind == "foreach" else {})
        result = ok(count=count, **artifacts)
        if transition.kind != "switch":
            return result
        return replace(result, choice=some_choice(transition.targets, request.step, here, task.iteration))


def final(world):
    """The artifacts of every task by place: value and whether it was inherited."""
    return {
        where: {name: (row.ref, row.inherited) for name, row in world.artifacts.get(task.task, {}).items()}
        for where, task in places(world).items()
    }


def again(world, name):
    """The tasks of a step, and all that come after one of them."""
    found = {}
    for where, row in places(world).items():
        if row.step == name or not found.keys().isdisjoint(row.inputs):
            found[row.task] = where
    return sorted(found.values())


@pytest.fixture
def root(tmp_path):
    return tmp_path


HOW = st.sampled_from(["failed", "crashed", "killed"])


@settings(max_examples=80, deadline=None)
@given(shape=SHAPES, death=st.integers(0, 25), how=HOW, workers=st.integers(3, 6), data=st.data())
def test_resume_runs_exactly_what_was_not_finished(shape, death, how, workers, data):
    flow_graph = graph_of(shape)
    with tempfile.TemporaryDirectory() as folder:
        flow = Flow(folder, flow_graph, max_workers=workers)
        undisturbed = flow.run()
        whole = final(undisturbed)
        broken = flow.run(death=death, how=how)
        done = finished(broken)
        if how == "killed" and flow.finish is None:
            assert broken.run_row.status == "interrupted"
        resumed = flow.resume()
        assert flow.finish.status == "success"
        assert sorted(flow.ran) == sorted(whole.keys() - done)
        assert final(resumed) == whole
        taken = {where for where, row in places(resumed).items() if row.origin is not None}
        assert taken == done
        # And from any step on, of what was resumed.
        name = data.draw(st.sampled_from([item.name for item in flow_graph.steps]))
        once_more = flow.resume(name)
        assert sorted(flow.ran) == again(undisturbed, name)
        assert final(once_more) == whole
        assert {row.origin.split("/")[0] for row in once_more.tasks.values() if row.origin} <= {"2", "3"}


@settings(max_examples=40, deadline=None)
@given(shape=SHAPES, deaths=st.lists(st.tuples(st.integers(0, 6), HOW), min_size=1, max_size=5))
def test_nothing_runs_twice_however_often_a_run_dies(shape, deaths):
    with tempfile.TemporaryDirectory() as folder:
        flow = Flow(folder, graph_of(shape), max_workers=3)
        whole, ran = final(flow.run()), []
        for number, (death, how) in enumerate(deaths):
            flow.run(death=death, how=how) if number == 0 else flow.resume(death=death, how=how)
            ran += [where for where in flow.ran if where in finished(flow.world)]
        last = flow.resume()
        assert final(last) == whole
        assert sorted([*ran, *flow.ran]) == sorted(whole)


# How it is recorded

WIDE = foreach_graph(constants=("limit",))


def died_in_the_foreach(root, flow_graph=WIDE, **options):
    flow = Flow(root, flow_graph, width=lambda name, here: 2, max_workers=1, **options)
    flow.first = flow.run(death=3)
    return flow


def test_all_is_recorded_in_one_transaction(root):
    flow = died_in_the_foreach(root)
    world = flow.resume()
    kinds = [type(change) for change in world.metadata.batches[0]]
    assert kinds == [RunCreated, TakenOver, TakenOver, TakenOver, AttemptStarted]
    assert sum(isinstance(change, TakenOver) for batch in world.metadata.batches for change in batch) == 3


def test_a_task_that_is_taken_over_says_where_it_comes_from(root):
    flow = died_in_the_foreach(root)
    before = flow.world
    resumed = flow.resume("join")
    assert (resumed.run_row.origin, resumed.plan.origin) == ("1", "1")
    first, second = resumed.tasks["1"], resumed.tasks[PARAMETERS]
    assert (first.origin, second.origin) == ("1/start/1", "1/_parameters/_parameters")
    assert resumed.attempts["1.0"].folder == before.attempts["1.0"].folder
    assert resumed.tasks["3"].origin is None
    again = flow.resume("join")
    assert again.run_row.origin == "2"
    assert [row.origin for row in again.tasks.values()][:4] == [
        "1/_parameters/_parameters",
        "1/start/1",
        "1/work/2",
        "2/work/3",
    ]


def test_requests_of_a_resumed_run_have_the_artifacts_of_the_origin(root):
    flow = died_in_the_foreach(root)
    resumed = flow.resume()
    request = resumed.requests()["3.0"]
    assert (request.origin_run_id, request.attempt) == ("1", 0)
    assert request.parameters == {"limit": ref("constant limit")}
    assert request.inputs[0].artifacts == {name: row.ref for name, row in flow.first.artifacts["1"].items()}
    assert request.foreach[0].digest == ref("2 items").digest


def test_a_retried_task_begins_with_attempt_0_and_a_caught_one_is_finished(root):
    decorators = {"retry": {"times": 1, "minutes_between_retries": 0}}
    flow_graph = graph(
        step("start", "a", "b"),
        step("a", "join", decorators={"catch": {"var": "caught"}}),
        step("b", "join", decorators=decorators),
        step("join", "end", join=True),
        step("end"),
    )
    behaviours = {"a": TaskResult(ok=True, caught=True, error=failed().error), "b": failed()}
    first = EngineWorld(flow_graph, lambda request: behaviours.get(request.step, ok()), run_id="1", root=root)
    assert first.run().status == "failed"
    assert [first.tasks[id].status for id in "23"] == ["caught", "failed"]
    flow = Flow(root, flow_graph)
    origin = flow.origin(run="1")
    second = EngineWorld(flow_graph, lambda request: ok(), run_id="2", root=root, origin="1", resumes=origin)
    assert second.run().status == "success"
    assert second.statuses() == {
        "1.0": "success",
        "2.0": "caught",
        "3.0": "success",
        "4.0": "success",
        "5.0": "success",
    }
    assert second.attempts["2.0"].error == failed().error
    assert [request.id for request in second.backend.requests] == ["3.0", "4.0", "5.0"]


def test_a_run_that_was_a_success_is_taken_over_whole(root):
    flow = Flow(root, WIDE)
    whole = final(flow.run())
    resumed = flow.resume()
    assert (flow.finish.status, flow.ran) == ("success", [])
    assert final(resumed) == whole
    assert resumed.run_row.status == "success"


def test_the_limit_of_workers_holds_for_what_is_left(root):
    flow = Flow(root, WIDE, max_workers=2)
    flow.run(death=2)
    assert flow.resume().backend.most <= 2


# Changed flows


def linear(*names, **values):
    pairs = zip(names, [*names[1:], None], strict=True)
    return graph(
        *(step(name, *([after] if after else [])) for name, after in pairs), start=names[0], end=names[-1], **values
    )


def codes(flow, changed, step=None):
    return [problem.code for problem in problems(flow.origin(step, changed=changed))]


def test_steps_that_come_in_between_run_and_all_after_them(root):
    flow = Flow(root, linear("start", "a", "b", "end"))
    flow.run()
    changed = linear("start", "a", "new", "b", "end")
    assert codes(flow, changed) == []
    flow.resume(changed=changed)
    assert [where[0] for where in flow.ran] == ["new", "b", "end"]


def test_a_branch_that_is_added_runs_with_the_join(root):
    two = graph(step("start", "a", "b"), step("a", "j"), step("b", "j"), step("j", "end", join=True), step("end"))
    flow = Flow(root, two)
    flow.run()
    three = graph(
        step("start", "c", "a", "b"),
        *(step(name, "j") for name in "abc"),
        step("j", "end", join=True),
        step("end"),
    )
    assert codes(flow, three) == []
    flow.resume(changed=three)
    assert [where[0] for where in flow.ran] == ["c", "j", "end"]


def test_steps_that_are_added_at_the_end_run(root):
    flow = Flow(root, linear("start", "end"))
    flow.run()
    changed = graph(step("start", "end"), step("end", "more"), step("more"), end="more")
    flow.resume(changed=changed)
    assert [where[0] for where in flow.ran] == ["more"]


def test_a_step_that_vanished_is_refused_unless_all_before_it_runs_again(root):
    flow = Flow(root, linear("start", "a", "b", "end"))
    flow.run(death=2)
    changed = linear("start", "b", "end")
    [problem] = problems(flow.origin(changed=changed))
    assert problem.code == "resume_step_missing"
    assert str(problem) == (
        "step 'a' has finished in run 1, but the flow does not have it any more."
        " Resume from a step before it: resume start."
    )
    assert codes(flow, changed, "start") == []
    assert codes(flow, changed, "b") == ["resume_step_missing"]


def test_a_step_that_failed_may_vanish(root):
    flow = Flow(root, linear("start", "a", "b", "end"))
    flow.run(death=1)
    changed = linear("start", "b", "end")
    assert codes(flow, changed) == []
    flow.resume(changed=changed)
    assert [where[0] for where in flow.ran] == ["b", "end"]


LINEAR_NOW = graph(step("start", "work"), step("work", "join"), step("join", "end"), step("end"))
OTHER_FOREACH = graph(
    step("start", "work", foreach="others"), step("work", "join"), step("join", "end", join=True), step("end")
)


@pytest.mark.parametrize(
    ("changed", "what"), [(LINEAR_NOW, "an ordinary step"), (OTHER_FOREACH, "a foreach over 'others'")]
)
def test_a_foreach_that_became_something_else_is_refused(root, changed, what):
    flow = Flow(root, foreach_graph())
    flow.run(death=2)
    [problem] = problems(flow.origin(changed=changed))
    assert problem.code == "resume_graph_changed"
    assert f"step 'start' was a foreach over 'items' in run 1 and is {what} now." in str(problem)
    assert "Run it again, and what follows: resume start." in str(problem)
    assert codes(flow, changed, "start") == []


def test_a_foreach_that_was_a_linear_step_is_refused(root):
    flow = Flow(root, LINEAR_NOW)
    flow.run(death=1)
    assert codes(flow, foreach_graph()) == ["resume_graph_changed"]


def test_a_step_that_became_a_join_is_refused(root):
    def flow_graph(join):
        work, first, second = step("work", "a"), step("a", "b", join=join == "a"), step("b", "end", join=join == "b")
        return graph(step("start", "work", foreach="items"), work, first, second, step("end"))

    flow = Flow(root, flow_graph("b"), width=lambda name, here: 2)
    flow.run(death=5)
    [problem] = problems(flow.origin(changed=flow_graph("a")))
    assert problem.code == "resume_graph_changed"
    assert problem.message == "step 'a' was an ordinary step in run 1 and is a join now."
    assert codes(flow, flow_graph("a"), "a") == []
    flow.resume("a", changed=flow_graph("a"))
    assert [where[0] for where in flow.ran] == ["a", "b", "end"]


def test_a_step_that_is_not_there_is_named_with_the_nearest(root):
    flow = Flow(root, linear("start", "train", "end"))
    flow.run()
    [problem] = problems(flow.origin("trian"))
    assert problem.code == "resume_step_unknown"
    assert "Did you mean 'train'?" in str(problem)


# Parameters and constants

ALPHA = Parameter("alpha", default="1")
BETA = Parameter("beta", default="2")


def entry(name):
    return {"name": name, "kind": "value", "type": "str", "value": name}


def test_what_is_wrong_with_parameters(root):
    flow = Flow(root, linear("start", "end", constants=("k",), parameters=(ALPHA,)))
    flow.run(death=2)
    assert codes(flow, linear("start", "end", constants=("k",), parameters=(ALPHA, BETA))) == []
    assert codes(flow, linear("start", "end", constants=("k",), parameters=(ALPHA, Parameter("beta")))) == [
        "resume_parameter_added"
    ]
    assert codes(flow, linear("start", "end", constants=("k",))) == ["resume_parameter_removed"]
    assert codes(flow, linear("start", "end", parameters=(ALPHA,))) == []


def test_a_run_that_has_not_stored_its_parameters_cannot_be_resumed(root):
    flow = Flow(root, linear("start", "end", constants=("k",)))
    flow.run(death=0)
    assert codes(flow, flow.graph) == ["resume_nothing"]
    assert codes(flow, flow.graph, "end") == ["resume_nothing"]


def test_new_constants_are_made_first_and_all_else_is_taken_over(root):
    flow = Flow(root, linear("start", "a", "end", constants=("k", "gone")))
    flow.run(death=2)
    changed = linear("start", "a", "end", constants=("k", "new"))
    resumed = flow.resume(changed=changed)
    assert [where[0] for where in flow.ran] == [PARAMETERS, "a", "end"]
    assert resumed.requests()[f"{PARAMETERS}.0"].constants == ("new",)
    assert resumed.requests()["2.0"].parameters.keys() == {"k", "new"}
    assert {name: row.ref.preview for name, row in resumed.artifacts[PARAMETERS].items()} == {
        "k": "constant k",
        "new": "constant new",
    }
    assert resumed.tasks["1"].origin == "1/start/1"


# Switches, loops and gangs


def switch(name, condition, cases):
    targets = tuple(dict.fromkeys(cases.values()))
    transition = Transition("switch", targets, condition=condition, cases=tuple(cases.items()))
    return replace(step(name), transition=transition)


LOOP = graph(
    step("start", "body"),
    switch("body", "more", {"yes": "body", "no": "end"}),
    step("end"),
)


def looping(request, rounds):
    if request.step != "body":
        return ok()
    return TaskResult(ok=True, choice="body" if len(request.iteration) and request.iteration[0] < rounds else "end")


def test_a_loop_goes_on_where_it_was(root):
    died = EngineWorld(
        LOOP, lambda request: failed() if request.task == "4" else looping(request, 5), run_id="1", root=root
    )
    assert died.run().status == "failed"
    origin = Flow(root, LOOP).origin(run="1")
    assert problems(origin) == []
    world = EngineWorld(LOOP, lambda request: looping(request, 5), run_id="2", root=root, origin="1", resumes=origin)
    assert world.run().status == "success"
    assert [request.task for request in world.backend.requests] == ["4", "5", "6", "7", "8"]
    assert [row.origin for row in world.tasks.values()] == ["1/start/1", "1/body/2", "1/body/3", *[None] * 5]


def test_a_choice_that_is_no_case_any_more_is_refused(root):
    first = graph(
        step("start", "choose"),
        switch("choose", "kind", {"a": "one", "b": "two"}),
        step("one", "end"),
        step("two", "end"),
        step("end"),
    )
    answers = {"choose": TaskResult(ok=True, choice="two"), "two": failed()}
    world = EngineWorld(first, lambda request: answers.get(request.step, ok()), run_id="1", root=root)
    assert world.run().status == "failed"
    assert world.tasks["2"].choice == "two"
    flow = Flow(root, first)
    assert codes_of(flow, first) == []
    changed = graph(
        step("start", "choose"),
        switch("choose", "kind", {"a": "one", "c": "three"}),
        step("one", "end"),
        step("three", "end"),
        step("end"),
    )
    assert codes_of(flow, changed) == ["resume_graph_changed"]
    assert codes_of(flow, changed, "choose") == []


def codes_of(flow, changed, step=None):
    return [problem.code for problem in problems(flow.origin(step, run="1", changed=changed))]


GANG = graph(
    replace(step("start"), transition=Transition("parallel", ("work",), num_parallel=3)),
    step("work", "join"),
    step("join", "end", join=True),
    step("end"),
)


@pytest.mark.parametrize(("dead", "again"), [("work", ["2", "3", "4", "5", "6"]), ("join", ["5", "6"])])
def test_a_gang_is_taken_over_as_a_whole_or_not_at_all(root, dead, again):
    def behave(request):
        if request.step == dead and (dead == "join" or request.task == "4"):
            return failed()
        return ok(count=3) if request.step == "start" else ok()

    world = EngineWorld(GANG, behave, run_id="1", root=root)
    assert world.run().status == "failed"
    origin = Flow(root, GANG).origin(run="1")
    assert problems(origin) == []
    too_large = [problem.code for problem in gang_problems(origin, Limits(GANG, 2, {}))]
    assert too_large == (["gang_too_large"] if dead == "work" else [])
    assert gang_problems(origin, Limits(GANG, 3, {})) == []
    resumed = EngineWorld(GANG, lambda request: ok(), run_id="2", root=root, origin="1", resumes=origin)
    assert resumed.run().status == "success"
    assert [request.task for request in resumed.backend.requests] == again

"""What runs around a step, in which order, and what becomes of its exception and of self.next()."""

from types import SimpleNamespace

import pytest

from pyflow.define.custom import Use, UserStepDecorator, user_step_decorator
from pyflow.runner.wrappers import run_wrapped
from pyflow.spec.errors import DefinitionError, Where


class View:
    """Stands behind `self`; notes what is said to it."""

    def __init__(self, **transition):
        declared = {"kind": "linear", "targets": ["end"], "foreach": None, **transition}
        self.session = SimpleNamespace(request=SimpleNamespace(transition=declared))
        self.values = {"xs": [1], "ys": [2, 3]}
        self.followed = False

    def get(self, name):
        return self.values[name]

    def set(self, name, value):
        self.values[name] = value

    def follow(self):
        self.followed = True


def made(generator):
    return Use(user_step_decorator(generator)).make({}, Where())


def run(*wrappers, body, view=None):
    view = view or View()
    flow = SimpleNamespace(log=[])
    run_wrapped(
        [made(w) if not isinstance(w, UserStepDecorator) else w for w in wrappers],
        "start",
        flow,
        None,
        body=lambda: body(flow),
        view=view,
    )
    return flow, view


def step(flow):
    flow.log.append("step")


def noting(name):
    def generator(step_name, flow, inputs):
        flow.log.append(f"before {name}")
        yield
        flow.log.append(f"after {name}")

    return generator


def test_the_first_is_the_outermost():
    flow, view = run(noting("a"), noting("b"), body=step)
    assert flow.log == ["before a", "before b", "step", "after b", "after a"]
    assert not view.followed


def test_a_step_that_is_left_out_goes_on_as_its_last_line_says():
    def skipping(step_name, flow, inputs):
        flow.log.append("skip")
        yield {}

    flow, view = run(noting("a"), skipping, noting("b"), body=step)
    assert flow.log == ["before a", "skip", "after a"]
    assert view.followed


def test_a_function_takes_the_place_of_the_step_and_of_what_is_inside():
    def replacing(step_name, flow, inputs):
        yield lambda flow, inputs: flow.log.append(("other", inputs))

    flow, view = run(replacing, noting("b"), body=step)
    assert flow.log == [("other", None)]
    assert view.followed


def fail(flow):
    raise ValueError("bad")


def test_an_exception_passes_and_keeps_its_traceback():
    with pytest.raises(ValueError, match="bad") as caught:
        run(noting("a"), noting("b"), body=fail)
    functions = [entry.name for entry in caught.traceback]
    assert "generator" not in functions
    assert functions[-1] == "fail"


def test_an_exception_that_is_caught_does_not_fail_the_step():
    def catching(step_name, flow, inputs):
        try:
            yield
        except ValueError as error:
            flow.log.append(str(error))

    flow, view = run(noting("a"), catching, body=fail)
    assert flow.log == ["before a", "bad", "after a"]
    assert view.followed


def test_an_exception_may_become_another():
    def changing(step_name, flow, inputs):
        try:
            yield
        except ValueError as error:
            raise KeyError("other") from error

    with pytest.raises(KeyError, match="other") as caught:
        run(changing, body=fail)
    assert isinstance(caught.value.__cause__, ValueError)


def test_what_fails_before_the_step_is_seen_by_those_around_it():
    def failing(step_name, flow, inputs):
        raise RuntimeError("early")
        yield

    def catching(step_name, flow, inputs):
        try:
            yield
        except RuntimeError as error:
            flow.log.append(str(error))

    flow, _ = run(catching, failing, body=step)
    assert flow.log == ["early"]


def test_a_decorator_may_choose_what_a_foreach_goes_over():
    def other(step_name, flow, inputs):
        yield {"foreach": "ys"}

    _, view = run(other, body=step, view=View(kind="foreach", foreach="xs"))
    assert view.values["xs"] == [2, 3]
    with pytest.raises(DefinitionError, match="which its transition does not have") as caught:
        run(other, body=step)
    assert caught.value.code == "next_mismatch"


class Class(UserStepDecorator):
    answer = None

    def post_step(self, step_name, flow, exception=None):
        return self.answer


@pytest.mark.parametrize("answer", [None, (None, None), (None, {})])
def test_post_step_may_say_that_all_is_well(answer):
    decorator = Use(Class).make({}, Where())
    decorator.answer = answer
    assert run(decorator, body=fail)[1].followed


@pytest.mark.parametrize("answer", [KeyError("x"), (KeyError("x"), None)])
def test_post_step_may_say_what_to_raise(answer):
    decorator = Use(Class).make({}, Where())
    decorator.answer = answer
    with pytest.raises(KeyError):
        run(decorator, body=step)


def test_what_post_step_says_must_be_known():
    decorator = Use(Class).make({}, Where())
    decorator.answer = "fine"
    with pytest.raises(DefinitionError, match="returned 'fine' after step start"):
        run(decorator, body=step)

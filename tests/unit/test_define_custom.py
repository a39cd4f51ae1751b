"""Decorators of the user's own: how they are written, used and made."""

import pytest

from pyflow.define.config import Config
from pyflow.define.custom import FlowMutator, StepMutator, Use, UserStepDecorator, user_step_decorator
from pyflow.define.steps import notes_of, step
from pyflow.spec.errors import DefinitionError, Where

NOWHERE = Where("flow.py", 3, "start")


@user_step_decorator
def plain(step_name, flow, inputs=None):
    """Says nothing."""
    yield


@user_step_decorator
def taking(step_name, flow, inputs=None, attributes=None):
    flow.seen = attributes
    yield


class labelled(UserStepDecorator):
    def init(self, label, times=1):
        self.label, self.times = label, times


class without_arguments(UserStepDecorator):
    pass


def used(*decorators):
    @step
    def start(self):
        pass

    for decorator in decorators:
        start = decorator(start)
    return notes_of(start).decorators


def made(use, **configs):
    return use.make(configs, NOWHERE)


def test_a_decorator_notes_itself_at_the_step():
    notes = used(plain, taking(x=1), labelled("a"))
    assert [note.name for note in notes] == ["plain", "taking", "labelled"]
    assert [note.kwargs for note in notes] == [{}, {"x": 1}, {}]
    assert notes[2].args == ("a",)
    assert all(isinstance(note.line, int) for note in notes)


def test_an_instance_is_made_for_each_use():
    first, second = (made(note) for note in used(labelled("a"), labelled("b", times=2)))
    assert (first.label, first.times, second.label, second.times) == ("a", 1, "b", 2)


def test_arguments_may_be_configurations():
    config = Config("config")
    (use,) = used(labelled(config["label"], **config["more"]))
    found = made(use, config={"label": "x", "more": {"times": 5}})
    assert (found.label, found.times) == ("x", 5)


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (Use(plain, (), {"x": 1}), "plain takes no arguments, but got x"),
        (Use(without_arguments, (1,)), "too many positional arguments"),
        (Use(labelled, (), {}), "missing a required argument: 'label'"),
        (Use(labelled, ("a",), {"tims": 1}), "unexpected keyword argument 'tims'"),
    ],
)
def test_wrong_arguments_are_refused_with_the_place(use, words):
    with pytest.raises(DefinitionError, match=words) as caught:
        made(use)
    assert caught.value.code == "decorator_argument"


def test_a_generator_decorator_keeps_its_name_and_doc():
    assert plain.__name__ == "plain"
    assert plain.__doc__ == "Says nothing."
    assert issubclass(plain, UserStepDecorator)


@pytest.mark.parametrize("function", [lambda a, b, c: None, lambda a: (yield)])
def test_what_is_no_generator_of_three_is_refused(function):
    with pytest.raises(DefinitionError, match="no generator of step_name, flow and inputs"):
        user_step_decorator(function)


def test_a_decorator_below_step_is_misplaced():
    def start(self):
        pass

    with pytest.raises(DefinitionError, match="not a step yet") as caught:
        plain(start)
    assert caught.value.code == "decorator_misplaced"
    with pytest.raises(DefinitionError, match="not on the decorator @labelled"):
        step(labelled("x"))


def test_a_function_may_be_an_argument():
    (use,) = used(labelled(label=len))
    assert made(use).label is len


def test_a_flow_mutator_stands_on_a_class():
    class Mutator(FlowMutator):
        pass

    class Base:
        pass

    assert Mutator(Base) is Base
    assert [note.name for note in vars(Base)["__pyflow_flow__"]] == ["Mutator"]
    with pytest.raises(DefinitionError, match="no flow"):
        Mutator(x=1)(3)


def test_a_step_mutator_is_used_like_a_decorator():
    class Mutator(StepMutator):
        def init(self, times):
            self.times = times

    (use,) = used(Mutator(times=4))
    assert made(use).times == 4


# How a generator answers


def entered(generator, **attributes):
    instance = made(Use(user_step_decorator(generator), (), attributes))
    return instance, instance.pre_step("start", object(), None)


def test_what_is_yielded_says_what_becomes_of_the_step():
    def nothing(step_name, flow, inputs):
        yield

    def function(step_name, flow, inputs):
        yield len

    def skip(step_name, flow, inputs):
        yield {}

    def other(step_name, flow, inputs):
        yield {"foreach": "xs"}

    assert (entered(nothing)[1], entered(nothing)[0].skip_step) == (None, False)
    assert entered(function)[1] is len
    assert entered(skip)[0].skip_step is True
    assert entered(other)[0].skip_step == {"foreach": "xs"}


def test_the_exception_is_raised_at_the_yield():
    def catching(step_name, flow, inputs):
        try:
            yield
        except ValueError:
            pass

    def passing(step_name, flow, inputs):
        yield

    def returning(step_name, flow, inputs):
        yield
        return {"foreach": "ys"}

    error = ValueError("bad")
    assert entered(catching)[0].post_step("start", None, error) is None
    with pytest.raises(ValueError, match="bad"):
        entered(passing)[0].post_step("start", None, error)
    assert entered(passing)[0].post_step("start", None, None) is None
    assert entered(returning)[0].post_step("start", None, None) == (None, {"foreach": "ys"})


def test_a_generator_yields_once_and_something_known():
    def twice(step_name, flow, inputs):
        yield
        yield

    def never(step_name, flow, inputs):
        return
        yield

    def number(step_name, flow, inputs):
        yield 5

    with pytest.raises(DefinitionError, match="yielded twice"):
        entered(twice)[0].post_step("start", None, None)
    with pytest.raises(DefinitionError, match="without a yield"):
        entered(never)
    with pytest.raises(DefinitionError, match="yielded 5"):
        entered(number)

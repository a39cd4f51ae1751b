"""What `self.next(...)` says, in the source and while the step runs."""

import ast
import textwrap

import pytest

from pyflow.define.transitions import Options, read, said
from pyflow.spec.errors import DefinitionError, Where
from pyflow.spec.graph import Transition

SWITCH = Transition("switch", ("a", "b"), condition="kind", cases=(("x", "a"), ("y", "b")))


def in_source(call, **attributes):
    node = ast.parse(textwrap.dedent(f"def work(self):\n    x = 1\n    {call}")).body[0]

    def attribute(path):
        if path not in attributes:
            raise AttributeError(path)
        return attributes[path]

    return read(node, "self", attribute, Where("f.py", 1, "work"))


def step(name):
    def function():
        pass

    function.__name__ = name
    return function


A, B = step("a"), step("b")


@pytest.mark.parametrize(
    ("call", "steps", "options", "expected"),
    [
        ("self.next(self.a)", (A,), {}, Transition("linear", ("a",))),
        ("self.next(self.a, self.b)", (A, B), {}, Transition("branch", ("a", "b"))),
        ("self.next(self.a, foreach='xs')", (A,), {"foreach": "xs"}, Transition("foreach", ("a",), "xs")),
        (
            "self.next(self.a, num_parallel=4)",
            (A,),
            {"num_parallel": 4},
            Transition("parallel", ("a",), num_parallel=4),
        ),
        (
            "self.next(self.a, num_parallel='n')",
            (A,),
            {"num_parallel": "n"},
            Transition("parallel", ("a",), num_parallel="n"),
        ),
        (
            "self.next({'x': self.a, 'y': self.b}, condition='kind')",
            ({"x": A, "y": B},),
            {"condition": "kind"},
            SWITCH,
        ),
    ],
)
def test_the_source_says_what_the_call_says(call, steps, options, expected):
    assert in_source(call) == said(steps, Options(**options)) == expected


def test_a_size_that_only_the_running_step_knows():
    assert in_source("self.next(self.a, num_parallel=self.n)") == Transition("parallel", ("a",))
    assert in_source("self.next(self.a, num_parallel=len(self.xs))") == Transition("parallel", ("a",))


def test_keys_may_be_numbers_logicals_and_values_of_the_class():
    call = "self.next({1: self.a, -2.5: self.b, True: self.c, self.config.mode: self.d}, condition='kind')"
    found = in_source(call, **{"config.mode": "fast"})
    assert [key for key, _ in found.cases] == ["1", "-2.5", "true", "fast"]


def test_cases_may_share_a_target():
    found = in_source("self.next({'x': self.a, 'y': self.a}, condition='kind')")
    assert (found.targets, len(found.cases)) == (("a",), 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("self.next({'x': self.a, 'y': self.b})", "a switch needs a condition"),
        ("self.next({'x': self.a, 'x': self.b}, condition='kind')", "a switch has the case 'x' twice"),
        ("self.next({1: self.a, '1': self.b}, condition='kind')", "a switch has the case '1' twice"),
        ("self.next({'x': self.a}, condition='kind', foreach='xs')", "a switch does not take foreach"),
        ("self.next({'x': self.a}, condition='kind', num_parallel=2)", "a switch does not take num_parallel"),
        ("self.next({x: self.a, 'y': self.b}, condition='kind')", "a case of the switch is x, which is no value"),
        ("self.next({self.x: self.a}, condition='kind')", "a case of the switch is self.x, which is no value"),
        ("self.next({None: self.a}, condition='kind')", "a case of the switch is None, which is no value"),
        ("self.next({**cases}, condition='kind')", "a case of the switch is **, which is no value"),
        ("self.next({'x': 'a', 'y': self.b}, condition='kind')", "self.next takes steps, not 'a'"),
        ("self.next(self.a, condition='kind')", "a condition needs cases"),
        ("self.next(self.a, foreach='xs', num_parallel=2)", "foreach and num_parallel cannot be combined"),
        ("self.next(self.a, self.b, foreach='xs')", "foreach goes to one step, not to 2"),
        ("self.next(self.a, self.b, num_parallel=2)", "num_parallel goes to one step, not to 2"),
        ("self.next(self.a, num_parallel=0)", "num_parallel is a whole number above zero, not 0"),
        ("self.next(self.a, num_parallel=1.5)", "num_parallel is a whole number above zero, not 1.5"),
        ("self.next(self.a, num_parallel=True)", "num_parallel is a whole number above zero, not True"),
        ("self.next(self.a, foreach=xs)", "foreach takes the name of an artifact as text"),
        ("self.next(self.a, condition=kind)", "condition takes the name of an artifact as text"),
        ("self.next(self.a, each='xs')", "next does not know 'each'"),
        ("self.next(self.a, **options)", "next does not know None"),
        ("self.next()", "self.next() names no step"),
        ("self.next(a)", "self.next takes steps, not a"),
    ],
)
def test_what_is_no_transition_is_told_with_its_line(call, message):
    with pytest.raises(DefinitionError) as caught:
        in_source(call)
    assert message in caught.value.message
    assert (caught.value.code, str(caught.value.where)) == ("transition_invalid", "f.py:3, step work")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("steps", "options", "message"),
    [
        (({"x": A, "y": B},), {}, "a switch needs a condition"),
        (({None: A},), {"condition": "kind"}, "a case is a text, a number or a logical, not None"),
        ((A,), {"foreach": "xs", "num_parallel": 2}, "cannot be combined"),
        ((5,), {}, "takes steps such as self.end, not 5"),
    ],
)
def test_a_running_step_that_says_nonsense(steps, options, message):
    with pytest.raises(DefinitionError, match=message) as caught:
        said(steps, Options(**options))
    assert caught.value.code == "next_mismatch"

"""Decorators given as text: --with NAME:ARG=VALUE,..."""

import pytest

from pyflow.spec.attach import attach, parse_decorator, split_outside
from pyflow.spec.errors import DefinitionError, UsageError
from pyflow.spec.graph import Decorator
from tests.unit.engine_world import graph, step


@pytest.mark.parametrize(
    ("text", "name", "args"),
    [
        ("retry", "retry", {}),
        ("retry:", "retry", {}),
        ("retry:times=2", "retry", {"times": 2}),
        (" retry:times=2, minutes_between_retries=0.5 ", "retry", {"times": 2, "minutes_between_retries": 0.5}),
        ("catch:var=failed,print_exception=false", "catch", {"var": "failed", "print_exception": False}),
        ("catch:print_exception=False,var=None", "catch", {"print_exception": False, "var": None}),
        ('catch:var="failed"', "catch", {"var": "failed"}),
        ('environment:vars={"A": "b,c=d", "E": "}"}', "environment", {"vars": {"A": "b,c=d", "E": "}"}}),
        ('secrets:sources=["env.TOKEN", {"type": "env", "names": ["A", "B"]}],allow_override=true', "secrets",
         {"sources": ["env.TOKEN", {"type": "env", "names": ["A", "B"]}], "allow_override": True}),
        ("resources:cpu=2,memory=8000", "resources", {"cpu": 2, "memory": 8000}),
    ],
)  # fmt: skip
def test_a_decorator_as_text(text, name, args):
    assert parse_decorator(text) == Decorator(name, args)


@pytest.mark.parametrize(
    ("text", "kind", "message", "hint"),
    [
        ("rety", DefinitionError, "there is no step decorator 'rety'.", "Did you mean 'retry'?"),
        ("project:name=a", DefinitionError, "there is no step decorator 'project'.", "It is a decorator of flows"),
        ("retry:timez=2", DefinitionError, "unknown argument, 'timez'.", "Did you mean 'times'?"),
        ("retry:times=two", DefinitionError, "times='two', which is not a whole number.", ""),
        ("retry:times", UsageError, "'times' is no argument with a value", "for example retry:times=3"),
        ("retry:2=3", UsageError, "'2=3' is no argument with a value", ""),
    ],
)
def test_what_is_no_decorator_is_refused_with_what_to_do(text, kind, message, hint):
    with pytest.raises(kind) as caught:
        parse_decorator(text)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.exit_code == (2 if kind is UsageError else 1)


def test_what_the_file_says_wins_and_of_those_given_the_first():
    flow = graph(step("start", "end", decorators={"retry": {"times": 0}}), step("end"))
    found = attach(flow, map(parse_decorator, ["retry:times=1", "timeout:seconds=5", "retry:times=2"]))
    assert [step.decorators for step in found.steps] == [
        (Decorator("retry", {"times": 0}), Decorator("timeout", {"seconds": 5})),
        (Decorator("retry", {"times": 1}), Decorator("timeout", {"seconds": 5})),
    ]


def test_separators_in_quotes_and_brackets_do_not_count():
    assert list(split_outside('a,"b,\\",c",[d,{"e":",]"}],f', ",")) == ["a", '"b,\\",c"', '[d,{"e":",]"}]', "f"]
    assert [text for text in split_outside('retry  environment:vars={"A": "b c"}', " ") if text] == [
        "retry", 'environment:vars={"A": "b c"}'
    ]  # fmt: skip

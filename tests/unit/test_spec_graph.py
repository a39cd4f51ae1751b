"""Reading and writing graphs; the forms that are refused are in the vectors."""

import json

import pytest
from hypothesis import given, settings

from pyflow.spec.errors import DefinitionError, Where
from pyflow.spec.graph import MISSING, Parameter, graph_to_json, parse_graph
from tests.unit.flow_shapes import DECORATORS, SHAPES, graph_of


@settings(deadline=None)
@given(shape=SHAPES, decorators=DECORATORS)
def test_a_graph_survives_json(shape, decorators):
    graph = graph_of(shape, decorators)
    assert parse_graph(json.loads(json.dumps(graph_to_json(graph)))) == graph


def minimal(**values):
    step = {"name": "start", "language": "python", "function": {"file": None}, "transition": {"kind": "end"}}
    data = {"format": "pyflow-graph", "version": 1, "name": "F", "language": "python", "steps": [step]}
    return {**data, "start": "start", "end": "start", **values}


def test_no_default_is_not_the_default_null():
    parameters = [
        {"name": "a", "kind": "value", "type": "str"},
        {"name": "b", "kind": "value", "type": "str", "default": None},
    ]
    without, null = parse_graph(minimal(parameters=parameters)).parameters
    assert (without.has_default, without.default) == (False, MISSING)
    assert (null.has_default, null.default) == (True, None)
    assert "default" not in graph_to_json(parse_graph(minimal(parameters=parameters)))["parameters"][0]
    assert repr(Parameter("a").default) == "MISSING"


def test_a_step_says_where_it_is():
    graph = parse_graph(minimal())
    assert graph.step("start").where == Where(None, None, "start")
    assert graph.languages == {"python"}
    with pytest.raises(KeyError):
        graph.step("other")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version 2"),
        ({"language": "julia"}, "'julia' is not a language: python, r"),
        ({"steps": [{"name": "a"}]}, "the key 'language' is missing"),
        ({"name": 5}, "5 cannot be the value of 'name'"),
    ],
)
def test_what_is_no_graph_is_refused_with_its_reason(change, message):
    with pytest.raises(DefinitionError) as caught:
        parse_graph(minimal(**change))
    assert caught.value.code == "graph_format"
    assert message in str(caught.value)

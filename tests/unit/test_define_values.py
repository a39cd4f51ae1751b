"""Parameter values: given text or defaults become typed values, or a message that names the parameter."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyflow.define.values import resolve_values
from pyflow.spec.errors import UsageError
from pyflow.spec.graph import Graph, Parameter


def resolved(parameter, cwd, **given):
    graph = Graph("F", "python", str(cwd / "flow.py"), (), (parameter,))
    return resolve_values(graph, given, cwd=cwd)[0]["value"]


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("str", " a b ", " a b "),
        ("int", "-3", -3),
        ("float", "1e3", 1000.0),
        ("bool", "True", True),
        ("bool", "no", False),
        ("json", '{"a": [1, null]}', {"a": [1, None]}),
    ],
)
def test_text_becomes_the_type(tmp_path, type_, text, value):
    found = resolved(Parameter("p", type=type_), tmp_path, p=text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("type_", "text", "message"),
    [
        ("int", "3.5", "--p takes a whole number, not '3.5'"),
        ("float", "x", "--p takes a number, not 'x'"),
        ("bool", "maybe", "--p takes true or false, not 'maybe'"),
        ("json", "{", "--p takes a JSON text, not '{'"),
    ],
)
def test_the_wrong_text_is_a_usage_error(tmp_path, type_, text, message):
    with pytest.raises(UsageError) as caught:
        resolved(Parameter("p", type=type_), tmp_path, p=text)
    assert str(caught.value).startswith(message)
    assert (caught.value.code, caught.value.exit_code) == ("parameter_type", 2)


def test_separator_gives_a_list_of_the_type(tmp_path):
    assert resolved(Parameter("p", type="int", separator=","), tmp_path, p="1, 2,3") == [1, 2, 3]
    assert resolved(Parameter("p", type="str", separator=";", default="a;b"), tmp_path) == ["a", "b"]


def test_missing_values(tmp_path):
    assert resolved(Parameter("p", type="int"), tmp_path) is None
    with pytest.raises(UsageError, match="--p is required"):
        resolved(Parameter("p", required=True), tmp_path)


class TestIncludeFile:
    text = Parameter("f", kind="file", type="text", encoding="utf-8", default="data.txt")

    def test_a_default_is_found_beside_the_flow(self, tmp_path, monkeypatch):
        (tmp_path / "data.txt").write_text("x")
        (tmp_path / "elsewhere").mkdir()
        graph = Graph("F", "python", str(tmp_path / "flow.py"), (), (self.text,))
        values = resolve_values(graph, {}, cwd=tmp_path / "elsewhere")
        assert values[0]["value"] == str(tmp_path / "data.txt")

    def test_a_given_path_is_relative_to_the_working_directory_alone(self, tmp_path):
        (tmp_path / "data.txt").write_text("x")
        (tmp_path / "elsewhere").mkdir()
        graph = Graph("F", "python", str(tmp_path / "flow.py"), (), (self.text,))
        with pytest.raises(UsageError, match=r"does not exist: data\.txt") as caught:
            resolve_values(graph, {"f": "data.txt"}, cwd=tmp_path / "elsewhere")
        assert str(tmp_path / "elsewhere" / "data.txt") in str(caught.value)

    def test_binary_as_text_is_refused(self, tmp_path):
        (tmp_path / "data.txt").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(UsageError, match="not text in utf-8") as caught:
            resolved(self.text, tmp_path)
        assert "is_text=False" in str(caught.value)
        assert resolved(Parameter("f", kind="file", type="bytes", default="data.txt"), tmp_path)


def choosing(**options):
    parameter = Parameter("mode", **options)
    return Graph("TestFlow", "python", None, (), (parameter,))


def value_of(graph, given, **labels):
    (entry,) = resolve_values(graph, {"mode": given}, cwd=Path(), labels=labels)
    return entry["value"]


def test_a_value_is_one_of_the_choices():
    graph = choosing(choices=("fast", "slow"), default="slow")
    assert [value_of(graph, given) for given in ("fast", None)] == ["fast", "slow"]
    with pytest.raises(UsageError, match="--mode takes one of fast, slow, not 'fats'") as caught:
        value_of(graph, "fats")
    assert (caught.value.code, caught.value.hint) == ("parameter_choice", "Did you mean 'fast'?")
    assert value_of(choosing(type="int", choices=(1, 2)), "2") == 2
    with pytest.raises(UsageError, match="--mode takes one of a, b, not 'c'"):
        value_of(choosing(choices=("a", "b"), separator=","), "a,c")


def test_a_choice_may_be_written_in_any_case():
    graph = choosing(choices=("Fast", "slow"), ignore_case=True, default="FAST")
    assert [value_of(graph, given) for given in ("SLOW", "fast", None)] == ["slow", "Fast", "Fast"]
    with pytest.raises(UsageError, match="--mode takes one of Fast, slow, not 'x'"):
        value_of(graph, "x")
    assert value_of(choosing(choices=("a", "A"), ignore_case=True), "A") == "A"


def test_several_values_make_a_list_of_the_type():
    graph = choosing(type="int", multiple=True, default=[1], choices=(1, 2, 3))
    assert [value_of(graph, given) for given in (("2", "3"), None, "2", 3)] == [[2, 3], [1], [2], [3]]
    with pytest.raises(UsageError, match="--mode takes one of 1, 2, 3, not '4'"):
        value_of(graph, ("1", "4"))


def test_a_message_names_the_place_that_the_value_comes_from():
    with pytest.raises(UsageError, match=r"^PYFLOW_RUN_MODE takes a whole number"):
        value_of(choosing(type="int"), "x", mode="PYFLOW_RUN_MODE")

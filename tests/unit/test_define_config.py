"""Where configurations come from, and what stands for them until they are known."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from pyflow.define import config
from pyflow.define.config import Config, Given, config_expr
from pyflow.spec.errors import DefinitionError, PyflowError, UsageError, Where
from pyflow.spec.graph import MISSING

SCOPE = config.scope_of
TOP = 7


def read(*configs, given=None, folder=None):
    places = [(item, Where("flow.py", 3)) for item in configs]
    return config.read_configs(places, given or Given(), context=lambda name: f"context of {name}", folder=folder)


def value(item, **given):
    return read(item, given=Given(**given))[0].value


def raised(item, **given):
    with pytest.raises(PyflowError) as caught:
        value(item, **given)
    return caught.value


# Reading


def test_the_default_is_a_file_or_a_value():
    Path("a.json").write_text('{"x": 1}')
    found = read(Config("a", default="a.json"), Config("b", default_value={"y": (1, 2)}), Config("c"))
    assert [item.value for item in found] == [{"x": 1}, {"y": [1, 2]}, None]
    assert [item.kind for item in found] == ["file", "value", "file"]
    assert [item.default for item in found] == ["a.json", {"y": [1, 2]}, MISSING]


def test_a_default_is_looked_for_beside_the_flow_too(tmp_path):
    (tmp_path / "flow").mkdir()
    (tmp_path / "flow/a.json").write_text("[1]")
    assert read(Config("a", default="a.json"), folder=tmp_path / "flow")[0].value == [1]


def test_defaults_may_be_functions_of_the_context():
    assert value(Config("a", default_value=lambda context: {"from": context})) == {"from": "context of a"}


def test_what_is_given_wins_over_the_default_and_an_earlier_run_over_all():
    Path("a.json").write_text("1")
    Path("b.json").write_text("2")
    item = Config("a", default="a.json")
    assert value(item) == 1
    assert value(item, files={"a": "b.json"}) == 2
    assert value(item, values={"a": '{"z": 3}'}) == {"z": 3}
    assert value(item, values={"a": {"z": 4}}) == {"z": 4}
    assert value(item, values={"a": "5"}, origin={"a": 6}) == 6


def test_a_parser_makes_the_value_of_the_text():
    Path("a.txt").write_text("x y")
    assert value(Config("a", default="a.txt", parser=str.split)) == ["x", "y"]
    assert value(Config("a", default_value="x y", parser=str.split)) == ["x", "y"]
    assert value(Config("a", parser=str.split), values={"a": "p q"}) == ["p", "q"]
    Path("r.txt").write_text("pandas==2.2.3\n")
    packages = {"packages": {"pandas": "2.2.3"}}
    for name in ("requirements", ".requirements_txt_parser", "pyflow.define.parsers.requirements_txt_parser"):
        assert value(Config("a", default="r.txt", parser=name)) == packages


@pytest.mark.parametrize(
    ("item", "given", "code", "kind", "words"),
    [
        (Config("a", default="no.json"), {}, "config_missing", DefinitionError, "does not exist: no.json"),
        (Config("a"), {"files": {"a": "no.json"}}, "config_missing", UsageError, "does not exist: no.json"),
        (Config("a", required=True), {}, "config_required", UsageError, "'a' is required"),
        (Config("a"), {"values": {"a": "{"}}, "config_invalid", UsageError, "is not valid JSON"),
        (Config("a", default_value="{"), {}, "config_invalid", DefinitionError, "the default_value of config 'a'"),
        (Config("a", parser=int), {"values": {"a": "x"}}, "config_invalid", UsageError, "what the parser int reads"),
        (Config("a", parser="yamel", default_value="x"), {}, "config_parser", DefinitionError, "no parser 'yamel'"),
        (Config("a", default_value={"x": {1}}), {}, "config_invalid", DefinitionError, "a value of type set"),
        (Config("a", default_value={1: 2}), {}, "config_invalid", DefinitionError, "the key 1, which is no text"),
        (Config("a"), {"values": {"b": "1"}}, "config_unknown", UsageError, "no config 'b'"),
        (
            Config("a"),
            {"values": {"a": "1"}, "files": {"a": "f"}},
            "config_default",
            UsageError,
            "a file and as a value",
        ),
    ],
)
def test_what_is_wrong_is_said(item, given, code, kind, words):
    error = raised(item, **given)
    assert (error.code, type(error)) == (code, kind)
    assert words in error.message
    assert error.hint


def test_a_default_and_a_default_value_exclude_each_other():
    with pytest.raises(DefinitionError, match="a default and a default_value"):
        Config("a", default="x", default_value=1)


def test_dates_become_texts():
    assert config.plain_data({"day": date(2026, 1, 2)}) == {"day": "2026-01-02"}


def test_plain_values_have_no_attributes():
    found = read(Config("a", default_value={"x": 1}, plain=True), Config("b", default_value={"x": 1}))
    assert type(SCOPE(found)["a"]) is dict
    assert SCOPE(found)["b"].x == 1


# Expressions

CONFIG = Config("settings")
VALUES = SCOPE(
    read(Config("settings", default_value={"name": "joe", "list": [1, 2], "deep": {"x": 1, "y": 2}, "default": "d"}))
)


def evaluated(item):
    return config.evaluate(item, VALUES, Where("flow.py", 9, "start"))


def test_attributes_and_items_of_a_config_are_evaluated_later():
    assert evaluated(CONFIG) == VALUES["settings"]
    assert evaluated(CONFIG.name) == "joe"
    assert evaluated(CONFIG["list"][1]) == 2
    assert evaluated(CONFIG.deep.x) == 1
    # Keys may be called like the arguments of Config.
    assert evaluated(CONFIG.default) == "d"


def test_an_expression_sees_configs_and_the_names_of_its_file():
    assert evaluated(config_expr("settings.name.upper()")) == "JOE"
    assert evaluated(config_expr("settings.deep.x + TOP")) == 8


def test_expressions_are_found_inside_of_lists_and_dicts():
    found = evaluated({"a": [CONFIG.name, 1], "b": {"c": (CONFIG.deep.y,)}})
    assert found == {"a": ["joe", 1], "b": {"c": (2,)}}
    untouched = {"a": [1]}
    assert evaluated(untouched) is untouched


def test_a_section_may_be_unpacked():
    def keywords(**kwargs):
        return kwargs

    assert evaluated(keywords(z=3, **CONFIG.deep)) == {"z": 3, "x": 1, "y": 2}
    assert evaluated(keywords(**CONFIG)) == VALUES["settings"]
    with pytest.raises(DefinitionError, match=r"\*\*settings.name needs a section"):
        evaluated(keywords(**CONFIG.name))


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (CONFIG.nme, "settings.nme cannot be evaluated: the configuration has no key 'nme'; it has 'name'"),
        (CONFIG["list"][5], "settings['list'][5] cannot be evaluated: list index out of range"),
        (config_expr("nothing.x"), "name 'nothing' is not defined"),
        (config_expr("1 +"), "1 + cannot be evaluated"),
    ],
)
def test_an_expression_that_fails_says_which(item, words):
    with pytest.raises(DefinitionError) as caught:
        evaluated(item)
    assert caught.value.code == "config_expr"
    assert words in caught.value.message
    assert caught.value.where == Where("flow.py", 9, "start")


def test_an_expression_has_no_value_before_its_time():
    with pytest.raises(TypeError, match=r"settings.list has no value yet"):
        list(CONFIG.list)
    with pytest.raises(TypeError, match=r"settings.name has no value yet"):
        bool(CONFIG.name)


def test_the_value_of_a_config_is_json():
    found = read(Config("a", default_value={"x": (1, {"y": None})}))
    assert json.loads(json.dumps(found[0].value)) == found[0].value

"""Configurations as the command line and the environment give them."""

import json

import pytest

from pyflow.cli.configs import given_configs
from pyflow.spec.errors import UsageError

COMMANDS = ("run", "resume", "check")


def given(*words):
    found = given_configs("F", words, COMMANDS)
    return dict(found.files), dict(found.values)


def test_options_before_the_command_are_read():
    words = ["--quiet", "--config", "a", "a.json", "--config-value", "b", '{"x": 1}', "run", "--config", "c", "late"]
    assert given(*words) == ({"a": "a.json"}, {"b": '{"x": 1}'})
    assert given("--config_value", "b", "1", "run") == ({}, {"b": "1"})
    assert given("run") == ({}, {})


def test_a_config_may_be_called_like_a_command():
    assert given("--config", "run", "check", "run") == ({"run": "check"}, {})


def test_an_incomplete_option_is_refused():
    with pytest.raises(UsageError, match="--config takes a name and a value"):
        given("--config", "a")


def test_the_environment_gives_what_the_command_line_does_not(monkeypatch):
    monkeypatch.setenv("PYFLOW_FLOW_CONFIG", json.dumps({"a": "env.json", "b": "env.json", "c": "env.json"}))
    monkeypatch.setenv("PYFLOW_FLOW_CONFIG_VALUE", json.dumps({"d": {"x": 1}}))
    words = ["--config", "a", "typed.json", "--config-value", "b", "1", "run"]
    assert given(*words) == ({"a": "typed.json", "c": "env.json"}, {"b": "1", "d": {"x": 1}})


@pytest.mark.parametrize("text", ["{", "[1]", "3"])
def test_a_variable_that_is_no_object_is_refused(monkeypatch, text):
    monkeypatch.setenv("PYFLOW_FLOW_CONFIG", text)
    with pytest.raises(UsageError, match="PYFLOW_FLOW_CONFIG is no JSON object"):
        given("run")

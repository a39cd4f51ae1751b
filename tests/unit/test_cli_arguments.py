"""Keywords of a program as words of a command line."""

import json

import click
import pytest

from pyflow.cli.arguments import as_typed, expanded
from pyflow.spec.errors import UsageError
from pyflow.spec.graph import Graph, Parameter

GROUP = click.Group(
    "flow",
    params=[click.Option(["--quiet"], is_flag=True)],
    commands={
        "run": click.Command(
            "run",
            params=[
                click.Option(["--alpha", "parameter_0"]),
                click.Option(["--some-names", "parameter_1"], multiple=True),
                click.Option(["--tag", "tags"], multiple=True),
                click.Option(["--with", "decorators"], multiple=True),
                click.Option(["--max-workers"], type=int),
                click.Option(["--max-resources"]),
                click.Option(["--package-suffixes"]),
                click.Option(["--no-retry-wait"], is_flag=True),
                click.Option(["--persist/--no-persist"]),
            ],
        ),
        "resume": click.Command(
            "resume", params=[click.Argument(["step"], required=False), click.Option(["--alpha", "given_0"])]
        ),
        "spin": click.Command("spin", params=[click.Argument(["task"])]),
    },
)
GRAPH = Graph(
    "F",
    "python",
    None,
    steps=(),
    parameters=(
        Parameter("alpha", "parameter", "float"),
        Parameter("some-names", "parameter", "str", multiple=True),
        Parameter("list", "parameter", "int", separator=","),
        Parameter("any", "parameter", "json"),
    ),
)


@pytest.fixture
def words(tmp_path):
    def words(command="run", before=(), top=None, **keywords):
        file = tmp_path / "arguments.json"
        file.write_text(json.dumps({"command": command, "top": top or {}, "keywords": keywords}))
        return expanded(GROUP, GRAPH, [*before, command, f"--arguments-file={file}", "--x=1"])

    return words


@pytest.mark.parametrize(
    ("keywords", "found"),
    [
        ({}, []),
        ({"alpha": 0.1}, ["--alpha=0.1"]),
        ({"alpha": None}, []),
        ({"alpha": ""}, ["--alpha="]),
        ({"some_names": ["a b", "-c"]}, ["--some-names=a b", "--some-names=-c"]),
        ({"some-names": "a"}, ["--some-names=a"]),
        ({"tags": ["a", "b"]}, ["--tag=a", "--tag=b"]),
        ({"tag": "a"}, ["--tag=a"]),
        ({"decospecs": ["retry:times=2"]}, ["--with=retry:times=2"]),
        ({"with": "catch"}, ["--with=catch"]),
        ({"max_workers": 4}, ["--max-workers=4"]),
        ({"max_resources": {"cpu": 4, "memory": 8000}}, ["--max-resources=cpu=4,memory=8000"]),
        ({"package_suffixes": [".csv", ".txt"]}, ["--package-suffixes=.csv,.txt"]),
        ({"no_retry_wait": True}, ["--no-retry-wait"]),
        ({"no_retry_wait": False}, []),
        ({"persist": False}, ["--no-persist"]),
    ],
)
def test_words_of_keywords(words, keywords, found):
    assert words(**keywords) == ["run", *found, "--x=1"]


def test_what_stands_before_and_what_has_a_place(words):
    assert words(before=["--config", "a", "run"], top={"quiet": True}) == [
        "--quiet", "--config", "a", "run", "run", "--x=1"
    ]  # fmt: skip
    assert words("resume", step_to_rerun="fit") == ["resume", "fit", "--x=1"]
    assert words("spin", task="1/fit/2") == words("spin", pathspec="1/fit/2") == ["spin", "1/fit/2", "--x=1"]


def test_without_a_file_nothing_changes():
    assert expanded(GROUP, GRAPH, ["run", "--alpha", "1"]) == ["run", "--alpha", "1"]


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"alhpa": 1}, r"run takes no argument 'alhpa'\nDid you mean 'alpha'\?"),
        ({"zzz": 1}, "The arguments are: alpha, decorators, max_resources, max_workers"),
        ({"alpha": [1]}, r"alpha takes a single value, not \[1\]"),
        ({"some_names": []}, r"some-names takes one value at least, not \[\]"),
        ({"no_retry_wait": 1}, "no_retry_wait is True or False, not 1"),
        ({"max_workers": {"a": [1]}}, r"max_workers takes a single value, not \[1\]"),
        ({"parameter_0": 1}, "run takes no argument 'parameter_0'"),
    ],
)
def test_what_does_not_fit_is_told(words, keywords, message):
    with pytest.raises(UsageError, match=message):
        words(**keywords)


def test_parameters_of_several_values_and_of_json(words):
    GROUP.commands["run"].params += [click.Option(["--list", "parameter_2"]), click.Option(["--any", "parameter_3"])]
    assert words(list=[1, 2.0]) == ["run", "--list=1,2", "--x=1"]
    assert words(list=[]) == ["run", "--list=", "--x=1"]
    assert words(any={"a": [True, None]}) == ["run", '--any={"a": [true, null]}', "--x=1"]
    assert words(any='"text"') == ["run", '--any="text"', "--x=1"]


def test_the_remembered_words_are_those_of_a_terminal():
    assert as_typed(["run", "--alpha=1", "--runner-attribute-file=/tmp/x"]) == ["run", "--alpha=1"]

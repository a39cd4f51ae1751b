"""Configurations from the command line and the environment. They are needed before the flow is compiled, and so before
the other options can be known."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from pyflow.cli.errors import guarded
from pyflow.define.config import Given, parse_text
from pyflow.metadata import open_metadata
from pyflow.spec.errors import UsageError, UserError
from pyflow.spec.graph import Graph
from pyflow.spec.records import RunRow
from pyflow.store import find_root

FILES, VALUES = "PYFLOW_FLOW_CONFIG", "PYFLOW_FLOW_CONFIG_VALUE"
OPTIONS = ("--config", "--config-value")
PAST = frozenset({"dump", "logs", "code", "version"})


def options() -> list[click.Parameter]:
    """The options, for `--help` and so that they are accepted; `given_configs` has read them by then."""
    return [
        click.Option(
            ["--config", "config_files"],
            nargs=2,
            multiple=True,
            metavar="NAME PATH",
            help="Read the flow's config NAME from the file PATH.",
        ),
        click.Option(
            ["--config-value", "config_values"],
            nargs=2,
            multiple=True,
            metavar="NAME JSON",
            help="Give the flow's config NAME this value.",
        ),
    ]


def given_configs(flow: str, arguments: Sequence[str], commands: Collection[str]) -> Given:
    """What arguments (as far as the command) and environment say; the arguments win. A flow that is resumed has the
    configurations of its origin. Raises UsageError `usage`."""
    found: dict[str, dict[str, str]] = {option: {} for option in OPTIONS}
    place = 0
    while place < len(arguments) and arguments[place] not in commands:
        word = arguments[place].replace("_", "-")
        if word in OPTIONS:
            name, value = _pair(word, arguments[place + 1 : place + 3])
            found[word][name] = value
            place += 2
        place += 1
    files, values = (_from_environment(name) for name in (FILES, VALUES))
    typed = {**found["--config"], **found["--config-value"]}
    return Given(
        files={**{name: path for name, path in files.items() if name not in typed}, **found["--config"]},
        values={**{name: value for name, value in values.items() if name not in typed}, **found["--config-value"]},
        origin=_origin(flow, arguments[place:]),
    )


def is_about_the_past(arguments: Sequence[str], commands: Collection[str]) -> bool:
    """Whether the command only shows what is stored, or explains itself."""
    command = next((word for word in arguments if word in commands), None)
    return command in PAST or bool({"--help", "-h"}.intersection(arguments))


def _origin(flow: str, command: Sequence[str]) -> dict[str, Any]:
    """The configurations of the run that `resume` goes on with; whether it may is for the command itself to say."""
    root = find_root(Path.cwd()) if command[:1] == ["resume"] else None
    if root is None:
        return {}
    run, namespace = _option(command, "--origin-run-id"), _option(command, "--namespace")
    with closing(open_metadata(root, readonly=True)) as metadata:
        rows = metadata.runs(flow, run.removeprefix(f"{flow}/") if run else None)
    found = next((row for row in rows if run or not namespace or namespace in (*row.tags, *row.system_tags)), None)
    return configs_of(found) if found is not None else {}


def configs_of(run: RunRow) -> dict[str, Any]:
    """The values of a run's configurations, by name."""
    return {item["name"]: item["value"] for item in run.graph.get("configs", [])}


def _option(words: Sequence[str], name: str) -> str | None:
    """The value of an option, written as `--name value` or `--name=value`."""
    for place, word in enumerate(words):
        key, equals, value = word.partition("=")
        if key.replace("_", "-") == name:
            return value if equals else next(iter(words[place + 1 :]), None)
    return None


def _pair(option: str, words: Sequence[str]) -> tuple[str, str]:
    if len(words) < 2:
        raise UsageError(f"{option} takes a name and a value", hint=f"Write {option} NAME VALUE before the command.")
    return words[0], words[1]


def _from_environment(variable: str) -> dict[str, Any]:
    text = os.environ.get(variable)
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        message = f"the environment variable {variable} is no JSON object: {text:.100}"
        raise UsageError(message, hint='It has an entry for each config, as in {"config": "other.json"}.')
    return found


def check_origin(graph: Graph, origin: RunRow) -> None:
    """A resumed run has the configurations of its origin.

    Raises UsageError when the command line gives others, UserError `config_changed` when the flow follows from others.
    """
    root = click.get_current_context().find_root()
    given = [
        option for option, name in zip(OPTIONS, ("config_files", "config_values"), strict=True) if root.params.get(name)
    ]
    if given:
        raise UsageError(
            f"{given[0]} cannot be given to resume: a resumed run has the configurations of its origin",
            hint="To change them, start a new run.",
        )
    then = configs_of(origin)
    changed = [item.name for item in graph.configs if item.name in then and item.value != then[item.name]]
    if changed:
        raise UserError(
            f"config {changed[0]!r} is not what it was in run {origin.run}, and the flow follows from it",
            code="config_changed",
            hint="Give it the old value, or start a new run.",
        )


def main() -> int:
    """What R asks: `python -m pyflow.cli.configs origin FLOW ARGUMENTS` prints the configurations of the run that is
    to be resumed, `... parse PARSER` what a built-in parser makes of standard input; both as JSON."""
    question, name, *arguments = sys.argv[1:]
    print(json.dumps(_origin(name, arguments) if question == "origin" else parse_text(name, sys.stdin.read())))
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))

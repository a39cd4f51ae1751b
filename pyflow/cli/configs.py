"""Configurations from the command line and the environment. They are needed before the flow is compiled, and so before
the other options can be known."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import click

from pyflow.define.config import Given
from pyflow.spec.errors import UsageError

FILES, VALUES, ORIGIN = "PYFLOW_FLOW_CONFIG", "PYFLOW_FLOW_CONFIG_VALUE", "PYFLOW_FLOW_CONFIG_ORIGIN"
OPTIONS = ("--config", "--config-value")


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


def given_configs(arguments: Sequence[str], environment: Mapping[str, str], commands: Collection[str]) -> Given:
    """What arguments (as far as the command) and environment say; the arguments win. Raises UsageError `usage`."""
    found: dict[str, dict[str, str]] = {option: {} for option in OPTIONS}
    place = 0
    while place < len(arguments) and arguments[place] not in commands:
        word = arguments[place].replace("_", "-")
        if word in OPTIONS:
            name, value = _pair(word, arguments[place + 1 : place + 3])
            found[word][name] = value
            place += 2
        place += 1
    files, values = (_from_environment(environment, name) for name in (FILES, VALUES))
    typed = {**found["--config"], **found["--config-value"]}
    return Given(
        files={**{name: path for name, path in files.items() if name not in typed}, **found["--config"]},
        values={**{name: value for name, value in values.items() if name not in typed}, **found["--config-value"]},
        origin=_from_environment(environment, ORIGIN),
    )


def _pair(option: str, words: Sequence[str]) -> tuple[str, str]:
    if len(words) < 2:
        raise UsageError(f"{option} takes a name and a value", hint=f"Write {option} NAME VALUE before the command.")
    return words[0], words[1]


def _from_environment(environment: Mapping[str, str], variable: str) -> dict[str, Any]:
    text = environment.get(variable)
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        message = f"the environment variable {variable} is no JSON object: {text:.100}"
        raise UsageError(message, hint="It has an entry for each config, as in {\"config\": \"other.json\"}.")
    return found

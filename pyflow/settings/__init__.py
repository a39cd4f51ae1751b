"""Settings by name, from the environment, the project's files and the user's.

    PYFLOW_RUN_MAX_WORKERS=4 > pyflow.toml > [tool.pyflow] of pyproject.toml > the user's profile > the user's file

`pyflow configure show` prints each with its origin.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pyflow.settings.files import Source, sources
from pyflow.settings.table import SETTINGS, Setting

__all__ = ["SETTINGS", "Found", "Setting", "all_settings", "run_defaults", "value"]


@dataclass(frozen=True)
class Found:
    """A setting's value as text (None: not set) and where it is set."""

    setting: Setting
    value: str | None
    origin: str


def value(name: str) -> str | None:
    """What a setting is where we are, as text; None if it is not set. Raises UserError for a file that is wrong."""
    text = os.environ.get(SETTINGS[name].variable)
    if text:
        return text
    return next((source.values[name] for source in _files() if name in source.values), None)


def all_settings() -> list[Found]:
    """Every setting, as it is where we are."""
    environment = Source(
        "environment",
        {name: text for name, setting in SETTINGS.items() if (text := os.environ.get(setting.variable))},
    )
    found = [environment, *_files()]
    return [_found(setting, found) for setting in SETTINGS.values()]


def run_defaults() -> dict[str, str | list[str]]:
    """What the files say of the options of `run` and `resume`, by the option's name."""
    defaults: dict[str, str | list[str]] = {}
    for source in reversed(_files()):
        for name, text in source.values.items():
            table, _, option = name.rpartition(".")
            if table == "run":
                words = source.lists.get(name, text.split())
                defaults[option] = words if SETTINGS[name].kind == "words" else text
    return defaults


def _files() -> list[Source]:
    return sources(Path.cwd())


def _found(setting: Setting, found: list[Source]) -> Found:
    for source in found:
        if setting.name in source.values:
            origin = f"environment ({setting.variable})" if source.origin == "environment" else source.origin
            return Found(setting, source.values[setting.name], origin)
    return Found(setting, None, "default")

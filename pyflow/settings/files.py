"""Files with settings: which there are for a folder, and what they say.

pyflow.toml         the project's; in the working directory or above it
pyproject.toml      its table [tool.pyflow]; likewise
config.toml         the user's, in ~/.config/pyflow (XDG_CONFIG_HOME and PYFLOW_CONFIG_HOME are honoured), with
                    tables [profiles.NAME] of which PYFLOW_PROFILE chooses one
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from pyflow.settings.table import SETTINGS, Setting
from pyflow.spec.errors import UserError
from pyflow.spec.names import did_you_mean

PROJECT, PYPROJECT, USER = "pyflow.toml", "pyproject.toml", "config.toml"
PROFILE = "PYFLOW_PROFILE"
_PROFILES = "profiles"
_KINDS = {"text": "text", "path": "text", "whole": "a whole number", "flag": "true or false", "words": "a list of text"}


@dataclass(frozen=True)
class Source:
    """Where settings come from, as people are told, and what is set there: text as in an environment variable. `lists`
    are those that a file gives as lists, as they are."""

    origin: str
    values: Mapping[str, str]
    lists: Mapping[str, list[str]] = field(default_factory=dict)


def user_folder() -> Path:
    """The folder of the user's own file."""
    own = os.environ.get("PYFLOW_CONFIG_HOME")
    if own:
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "pyflow"


def sources(start: Path) -> list[Source]:
    """The files for the folder `start`, the strongest first. Raises UserError `setting_*` for what is wrong in them."""
    found = [*_upward(start, PROJECT, ()), *_upward(start, PYPROJECT, ("tool", "pyflow"))]
    return [*found, *_users(user_folder() / USER, os.environ.get(PROFILE))]


def check(path: Path) -> None:
    """Raises UserError `setting_*` if this is no user's file."""
    data = _read(path) or {}
    for profile in (None, *data.get(_PROFILES, {})):
        list(_users(path, profile))


def _upward(start: Path, name: str, table: tuple[str, ...]) -> Iterator[Source]:
    """The nearest file of this name that has the table."""
    for folder in (start, *start.parents):
        path = folder / name
        data = _table(_read(path), table)
        if data is not None:
            yield _source(str(path), data, path)
            return


def _users(path: Path, profile: str | None) -> Iterator[Source]:
    data = _read(path) or {}
    profiles = data.get(_PROFILES, {})
    if profile:
        if profile not in profiles:
            known = (
                f"It has {', '.join(profiles)}." if profiles else f"It has none; add a table [{_PROFILES}.{profile}]."
            )
            raise UserError(
                f"{path} has no profile {profile!r}, which {PROFILE} names", code="profile_unknown", hint=known
            )
        yield _source(f"{path} [{_PROFILES}.{profile}]", profiles[profile], path)
    yield _source(str(path), {key: value for key, value in data.items() if key != _PROFILES}, path)


def _table(data: Mapping[str, Any] | None, names: tuple[str, ...]) -> Mapping[str, Any] | None:
    for name in names:
        data = None if data is None else data.get(name)
    return data


def _read(path: Path) -> Mapping[str, Any] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return _parsed(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _parsed(path: Path, changed: int, size: int) -> Mapping[str, Any] | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        return None
    except ValueError as error:
        raise UserError(f"{path} is not TOML: {error}", code="setting_file", hint="Correct the file.") from error


def _source(origin: str, data: Mapping[str, Any], path: Path) -> Source:
    found = dict(_flat(data))
    values = {name: text_of(_known(name, path), value, path) for name, value in found.items()}
    return Source(origin, values, {name: value for name, value in found.items() if isinstance(value, list)})


def _flat(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """`max-workers` of the table `run` is `run.max_workers`."""
    for key, value in data.items():
        name = prefix + key.replace("-", "_")
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        else:
            yield name, value


def _known(name: str, path: Path) -> Setting:
    if name not in SETTINGS:
        hint = did_you_mean(name, SETTINGS) or f"The settings are {', '.join(SETTINGS)}."
        raise UserError(f"{path}: there is no setting {name!r}", code="setting_unknown", hint=hint)
    return SETTINGS[name]


def text_of(setting: Setting, value: Any, path: Path) -> str:
    """A value of a file as an environment variable would have it; raises UserError `setting_value`."""
    if setting.kind == "whole" and type(value) is int:
        return str(value)
    if setting.kind == "flag" and type(value) is bool:
        return str(value).lower()
    if setting.kind == "words" and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return " ".join(value)
    if setting.kind == "words" and isinstance(value, str):
        return value
    if setting.kind == "text" and isinstance(value, str):
        return value
    if setting.kind == "path" and isinstance(value, str):
        # A bare program's name is looked for on the PATH.
        is_program = setting.name in ("python", "rscript") and "/" not in value
        return value if is_program else os.path.normpath(path.parent.absolute() / Path(value).expanduser())
    raise UserError(
        f"{path}: the setting {setting.name!r} is {value!r}, but must be {_KINDS[setting.kind]}", code="setting_value"
    )

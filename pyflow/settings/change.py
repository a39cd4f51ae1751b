"""Change the files with settings. Comments and order stay as their writers left them (tomlkit)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import ParseError

from pyflow.settings.files import text_of
from pyflow.settings.table import SETTINGS, Setting
from pyflow.spec.errors import UserError
from pyflow.spec.names import did_you_mean


def setting_named(name: str) -> Setting:
    """The setting; raises UserError `setting_unknown`."""
    name = name.replace("-", "_")
    if name not in SETTINGS:
        hint = did_you_mean(name, SETTINGS) or f"The settings are {', '.join(SETTINGS)}."
        raise UserError(f"there is no setting {name!r}", code="setting_unknown", hint=hint)
    return SETTINGS[name]


def put(path: Path, name: str, text: str, table: tuple[str, ...] = ()) -> None:
    """Set a setting in a file, which is made if it is not there; `table` is where in it the settings are.

    Raises UserError `setting_unknown`, `setting_value`.
    """
    setting = setting_named(name)
    value = _typed(setting, text, path)
    text_of(setting, value, path)
    document = _load(path)
    place = _descend(document, (*table, *setting.name.split(".")[:-1]))
    place[setting.name.split(".")[-1]] = value
    write(path, tomlkit.dumps(document))


def remove(path: Path, name: str, table: tuple[str, ...] = ()) -> bool:
    """Take a setting out of a file; False if it was not there."""
    setting = setting_named(name)
    document = _load(path)
    place: Any = document
    for key in (*table, *setting.name.split(".")[:-1]):
        place = place.get(key, {})
    found = next((key for key in place if key.replace("-", "_") == setting.name.split(".")[-1]), None)
    if found is None:
        return False
    del place[found]
    write(path, tomlkit.dumps(document))
    return True


def reset(path: Path, profile: str | None = None) -> None:
    """Empty the user's file, or take one profile out of it; the old file is kept as `config.toml.bak`."""
    document = _load(path)
    if profile is not None and profile not in document.get("profiles", {}):
        known = ", ".join(document.get("profiles", {})) or "none"
        raise UserError(f"{path} has no profile {profile!r}", code="profile_unknown", hint=f"It has {known}.")
    write(path.with_name(path.name + ".bak"), path.read_text(encoding="utf-8"))
    if profile is None:
        path.unlink()
        return
    del document["profiles"][profile]  # type: ignore[union-attr]
    write(path, tomlkit.dumps(document))


def write(path: Path, text: str) -> None:
    """Replace a file as a whole, so that a reader sees the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=".tmp-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _typed(setting: Setting, text: str, path: Path) -> Any:
    if setting.kind == "whole":
        if not text.strip().isdigit():
            raise UserError(f"the setting {setting.name!r} must be a whole number, not {text!r}", code="setting_value")
        return int(text)
    if setting.kind == "flag":
        if text.lower() not in ("true", "false"):
            raise UserError(f"the setting {setting.name!r} must be true or false, not {text!r}", code="setting_value")
        return text.lower() == "true"
    return text.split() if setting.kind == "words" else text


def _load(path: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return tomlkit.document()
    except (ParseError, ValueError) as error:
        raise UserError(f"{path} is not TOML: {error}", code="setting_file", hint="Correct the file.") from error


def _descend(document: MutableMapping[str, Any], names: tuple[str, ...]) -> MutableMapping[str, Any]:
    """The table of these names, made where it is not there."""
    place = document
    for name in names:
        found = place.get(name)
        if not isinstance(found, Mapping):
            place[name] = tomlkit.table()
        place = place[name]
    return place

"""`pyflow configure`: show settings with their origin, and change the files that they are in."""

from __future__ import annotations

from pathlib import Path

import click

from pyflow import settings
from pyflow.cli import output
from pyflow.cli.context import FlowContext
from pyflow.settings import change, files
from pyflow.spec.errors import UserError

PATH = click.Path(path_type=Path, dir_okay=False)


def make(context: FlowContext) -> click.Command:
    group = click.Group("configure", help="Show and change settings.")
    for command in (_show(), _set(), _unset(), _export(), _import(), _reset()):
        group.add_command(command)
    return group


def _show() -> click.Command:
    @click.command("show", help="Show every setting, its value and where it is set.")
    @click.option(
        "--json", "as_json", is_flag=True, help="Print as JSON (shared_spec/cli.schema.json, `configure_show`)."
    )
    def show(as_json: bool) -> int:
        found = settings.all_settings()
        if as_json:
            output.result_json([_described(item) for item in found])
            return 0
        width = max(len(item.setting.name) for item in found)
        for item in found:
            value = item.value if item.value is not None else click.style(item.setting.default, dim=True)
            output.result(f"{item.setting.name:<{width}}  {value}  {click.style(item.origin, fg='cyan')}")
        return 0

    return show


def _described(item: settings.Found) -> dict[str, str | None]:
    setting = item.setting
    return {"name": setting.name, "variable": setting.variable, "value": item.value, "origin": item.origin}


def _target(profile: str | None, project: bool) -> tuple[Path, tuple[str, ...]]:
    """The file to change, and the table in it."""
    if project and profile:
        raise click.UsageError("--project and --profile exclude each other: profiles are the user's.")
    if project:
        places = [folder / files.PROJECT for folder in (Path.cwd(), *Path.cwd().parents)]
        return next((path for path in places if path.exists()), places[0]), ()
    return files.user_folder() / files.USER, ("profiles", profile) if profile else ()


_profile = click.option("-p", "--profile", help="In this profile of the user's file.")
_project = click.option("--project", is_flag=True, help=f"In the project's {files.PROJECT} instead of the user's file.")


def _set() -> click.Command:
    @click.command("set", help="Set a setting in the user's file, or in the project's.")
    @click.argument("name")
    @click.argument("value")
    @_profile
    @_project
    def set_(name: str, value: str, profile: str | None, project: bool) -> int:
        path, table = _target(profile, project)
        change.put(path, name, value, table)
        output.note(f"{name} is {value} in {path}.")
        return 0

    return set_


def _unset() -> click.Command:
    @click.command("unset", help="Take a setting out of the user's file, or of the project's.")
    @click.argument("name")
    @_profile
    @_project
    def unset(name: str, profile: str | None, project: bool) -> int:
        path, table = _target(profile, project)
        if not change.remove(path, name, table):
            raise UserError(f"{path} does not set {name!r}", code="setting_unknown", hint="See: pyflow configure show")
        output.note(f"{name} is no longer in {path}.")
        return 0

    return unset


def _export() -> click.Command:
    @click.command("export", help="Write the user's file to FILE, to carry it to another machine.")
    @click.argument("file", type=PATH)
    @click.option("--overwrite", is_flag=True, help="Replace the file if it is there.")
    def export(file: Path, overwrite: bool) -> int:
        source = files.user_folder() / files.USER
        if not source.exists():
            raise UserError(f"there are no settings of yours: {source} is not there", code="setting_file")
        _refuse_existing(file, overwrite)
        change.write(file, source.read_text(encoding="utf-8"))
        output.note(f"Written to {file}.")
        return 0

    return export


def _import() -> click.Command:
    @click.command("import", help="Replace the user's file by FILE, after checking it.")
    @click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
    @click.option("--overwrite", is_flag=True, help="Replace the user's file if it is there.")
    def import_(file: Path, overwrite: bool) -> int:
        files.check(file)
        target = files.user_folder() / files.USER
        _refuse_existing(target, overwrite)
        change.write(target, file.read_text(encoding="utf-8"))
        output.note(f"Written to {target}.")
        return 0

    return import_


def _reset() -> click.Command:
    @click.command("reset", help="Remove the user's file, or one profile in it; the old one is kept as .bak.")
    @_profile
    def reset(profile: str | None) -> int:
        path = files.user_folder() / files.USER
        if not path.exists():
            output.note(f"There is nothing to reset: {path} is not there.")
            return 0
        change.reset(path, profile)
        output.note(f"{path} is reset; the old one is {path}.bak.")
        return 0

    return reset


def _refuse_existing(path: Path, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise UserError(f"{path} is there already", code="file_exists", hint="Add --overwrite to replace it.")

"""`pyflow tutorials`: list the episodes, tell about one, copy them here."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import click

from pyflow.cli import output
from pyflow.cli.context import FlowContext
from pyflow.settings.files import PROJECT
from pyflow.spec.errors import NotFoundError, UserError


def make(context: FlowContext) -> click.Command:
    group = click.Group("tutorials", help="Four short flows, each in Python and in R, to start from.")
    for command in (_list(), _info(), _pull()):
        group.add_command(command)
    return group


def _folder() -> Path:
    return Path(str(resources.files("pyflow.tutorials")))


def episodes() -> list[str]:
    """Names such as `01-hello`, in order."""
    return sorted(path.parent.name for path in _folder().glob("*/README.md"))


def _named(name: str) -> str:
    """The episode of a name, or of its number or last part."""
    for episode in episodes():
        number, _, title = episode.partition("-")
        if name in (episode, title) or name.lstrip("0") == number.lstrip("0"):
            return episode
    raise NotFoundError(f"there is no episode {name!r}", hint=f"The episodes are {', '.join(episodes())}.")


def _text(episode: str) -> str:
    return (_folder() / episode / "README.md").read_text(encoding="utf-8")


def _list() -> click.Command:
    @click.command("list", help="List the episodes.")
    def list_() -> int:
        for episode in episodes():
            first = _text(episode).split("\n\n")[1].split(". ")[0].replace("\n", " ")
            output.result(f"{click.style(episode, bold=True)}  {first.rstrip('.')}.")
        return 0

    return list_


def _info() -> click.Command:
    @click.command("info", help="Tell what an episode shows and how it is run.")
    @click.argument("episode")
    def info(episode: str) -> int:
        output.result(_text(_named(episode)).rstrip())
        return 0

    return info


def _pull() -> click.Command:
    @click.command("pull", help="Copy the episodes, or one, into a folder.")
    @click.option("--episode", help="Only this one.")
    @click.option(
        "--dir", "folder", type=click.Path(path_type=Path), default=Path("pyflow-tutorials"), show_default=True
    )
    def pull(episode: str | None, folder: Path) -> int:
        chosen: Sequence[str] = episodes() if episode is None else [_named(episode)]
        there = [str(folder / name) for name in chosen if (folder / name).exists()]
        if there:
            raise UserError(f"{', '.join(there)} is there already", code="file_exists", hint="Choose another --dir.")
        for name in chosen:
            shutil.copytree(_folder() / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        # One store for all episodes: the last one uses what an earlier one has made.
        settings = folder / PROJECT
        if not settings.exists():
            settings.write_text('root = ".pyflow"\n', encoding="utf-8")
        output.note(f"Copied to {folder}. Go on with: cd {folder / chosen[0]} && python flow.py run")
        return 0

    return pull

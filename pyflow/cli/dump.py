"""`dump`: the artifacts of a step's tasks or of one task."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import click

from pyflow.cli import output
from pyflow.cli.context import FlowContext
from pyflow.cli.pathspec import form, tasks_of
from pyflow.client import Artifact, Task


def make(context: FlowContext) -> click.Command:
    @click.command("dump", help=f"Show the artifacts of {form(context)}.")
    @click.argument("pathspec")
    @click.option("--include", default="", help="Only these names, separated by commas.")
    @click.option("--private", is_flag=True, help="Also names that begin with _.")
    @click.option("--max-value-size", default=1000, show_default=True, help="Print values up to so many characters.")
    @click.option("--file", type=click.Path(path_type=Path), help="Write the values to this file, as a pickle.")
    @click.option(
        "--json", "as_json", is_flag=True, help="Print what is known as JSON (shared_spec/cli.schema.json, `dump`)."
    )
    def dump(pathspec: str, include: str, private: bool, max_value_size: int, file: Path | None, as_json: bool) -> int:
        names = frozenset(filter(None, include.split(",")))
        found = {task: _chosen(task, names, private) for task in tasks_of(context, pathspec)}
        if file is not None:
            _write(file, found)
        elif as_json:
            output.result_json({task.pathspec: [_described(item) for item in items] for task, items in found.items()})
        else:
            _print(found, max_value_size)
        return 0

    return dump


def _chosen(task: Task, names: frozenset[str], private: bool) -> list[Artifact]:
    shown = [item for item in task if (item.name in names if names else private or not item.name.startswith("_"))]
    for name in sorted(names - {item.name for item in shown}):
        task[name]  # says what is not there, and what is
    return shown


def _print(found: dict[Task, list[Artifact]], size: int) -> None:
    for task, items in found.items():
        output.result(click.style(task.pathspec, bold=True))
        for item in items:
            output.result(f"  {click.style(item.name, fg='cyan')} ({item.type or item.kind}): {_value(item, size)}")


def _value(item: Artifact, size: int) -> str:
    """The value's text; one of another language's own objects is never opened, and shows its preview."""
    text = item.preview if item.kind == "native" else repr(item.data)
    if len(text) > size:
        text = f"{text[:size]}... ({len(text)} characters; --max-value-size shows more)"
    return text if "\n" not in text else "\n" + "\n".join(f"    {line}" for line in text.splitlines())


def _described(item: Artifact) -> dict[str, Any]:
    return {
        "name": item.name,
        "kind": item.kind,
        "type": item.type,
        "size": item.size,
        "digest": item.digest,
        "preview": item.preview,
    }


def _write(file: Path, found: dict[Task, list[Artifact]]) -> None:
    values = {task.pathspec: {item.name: item.data for item in items} for task, items in found.items()}
    file.write_bytes(pickle.dumps(values))
    output.note(f"Wrote {sum(map(len, values.values()))} artifacts of {len(values)} tasks to {file}.")

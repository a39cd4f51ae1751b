"""`tag`: add, remove, replace and list the tags of runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import click

from pyflow.cli import output
from pyflow.cli.context import FlowContext
from pyflow.cli.pathspec import run_of
from pyflow.client import Run, find
from pyflow.define import namespaces
from pyflow.define.parameters import user_name
from pyflow.spec.errors import UsageError


def make(context: FlowContext) -> click.Command:
    group = click.Group("tag", help="Tags of runs: add, remove, replace, list.")
    for command in (_add(context), _remove(context), _replace(context), _list(context)):
        group.add_command(command)
    return group


def _run_option(context: FlowContext, *, required: bool = True) -> Any:
    form = "RUN" if context.graph is not None else "FLOW/RUN"
    return click.option("--run-id", metavar=form, required=required, help="The run.")


_namespace = click.option("--namespace", help="Only if the run is in this namespace.")


def _the_run(context: FlowContext, run_id: str, namespace: str | None) -> Run:
    run = run_of(context, run_id)
    if namespace is not None and namespace not in run.tags:
        raise namespaces.mismatch(f"run {run.pathspec}", namespace)
    return run


def _changed(run: Run, remove: Sequence[str], add: Sequence[str]) -> int:
    run.replace_tag(list(remove), list(add))
    output.note(f"Tags of {run.pathspec}: {', '.join(sorted(run.user_tags)) or 'none'}")
    return 0


def _add(context: FlowContext) -> click.Command:
    @click.command("add", help="Give a run tags.")
    @_run_option(context)
    @_namespace
    @click.argument("tags", nargs=-1, required=True)
    def add(run_id: str, namespace: str | None, tags: tuple[str, ...]) -> int:
        return _changed(_the_run(context, run_id, namespace), (), tags)

    return add


def _remove(context: FlowContext) -> click.Command:
    @click.command("remove", help="Take tags away from a run.")
    @_run_option(context)
    @_namespace
    @click.argument("tags", nargs=-1, required=True)
    def remove(run_id: str, namespace: str | None, tags: tuple[str, ...]) -> int:
        return _changed(_the_run(context, run_id, namespace), tags, ())

    return remove


def _replace(context: FlowContext) -> click.Command:
    @click.command("replace", help="Take tags away from a run and give it others, at once.")
    @_run_option(context)
    @_namespace
    @click.option("--remove", multiple=True, help="A tag to take away; may be repeated.")
    @click.option("--add", multiple=True, help="A tag to give; may be repeated.")
    def replace(run_id: str, namespace: str | None, remove: tuple[str, ...], add: tuple[str, ...]) -> int:
        if not remove or not add:
            raise UsageError("tag replace needs --remove and --add", hint="To do only one, use tag add or tag remove.")
        return _changed(_the_run(context, run_id, namespace), remove, add)

    return replace


def _list(context: FlowContext) -> click.Command:
    @click.command("list", help="List the tags of a run (the latest, if none is named), or of many.")
    @_run_option(context, required=False)
    @click.option("--all", "everyone", is_flag=True, help="Of all runs.")
    @click.option("--my-runs", is_flag=True, help="Of all runs of mine.")
    @click.option("--hide-system-tags", is_flag=True, help="Only tags that people gave.")
    @click.option("--group-by-tag", is_flag=True, help="Each tag with its runs.")
    @click.option("--group-by-run", is_flag=True, help="Each run with its tags.")
    @click.option("--json", "as_json", is_flag=True, help="Print as JSON (shared_spec/cli.schema.json, `tag_list`).")
    def list_tags(
        run_id: str | None,
        everyone: bool,
        my_runs: bool,
        hide_system_tags: bool,
        group_by_tag: bool,
        group_by_run: bool,
        as_json: bool,
    ) -> int:
        if sum((run_id is not None, everyone, my_runs)) > 1:
            raise UsageError("--run-id, --all and --my-runs exclude each other")
        if group_by_tag and group_by_run:
            raise UsageError("--group-by-tag and --group-by-run exclude each other")
        runs = _chosen(context, run_id, everyone, my_runs)
        tags = {run.pathspec: sorted(run.user_tags if hide_system_tags else run.tags) for run in runs}
        if as_json:
            output.result_json([{"run": name, "tags": found} for name, found in tags.items()])
        elif group_by_run:
            _print(tags)
        elif group_by_tag:
            _print(_turned(tags))
        else:
            for tag in sorted({tag for found in tags.values() for tag in found}):
                output.result(tag)
        return 0

    return list_tags


def _chosen(context: FlowContext, run_id: str | None, everyone: bool, my_runs: bool) -> list[Run]:
    flow = context.graph.name if context.graph is not None else None
    if everyone or my_runs:
        return find.runs(flow, user=user_name() if my_runs else None)
    if run_id is None and flow is None:
        return find.runs(limit=1)
    return [run_of(context, run_id)]


def _turned(tags: dict[str, list[str]]) -> dict[str, list[str]]:
    """Runs by tag out of tags by run."""
    found: dict[str, list[str]] = {}
    for run, names in tags.items():
        for name in names:
            found.setdefault(name, []).append(run)
    return dict(sorted(found.items()))


def _print(groups: dict[str, Any]) -> None:
    for name, items in groups.items():
        output.result(click.style(name, bold=True))
        _indented(items)


def _indented(items: Iterable[str]) -> None:
    for item in items:
        output.result(f"  {item}")

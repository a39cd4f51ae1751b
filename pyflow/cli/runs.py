"""`flows`, `runs`, `tasks` and `artifacts`: what is in the store, and searches in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from pyflow.cli import output, tables
from pyflow.cli.context import FlowContext
from pyflow.cli.tables import COLORS
from pyflow.client import Flow, Pyflow, find
from pyflow.spec.search import FIELDS, STATUSES

__all__ = ["COLORS", "make_artifacts", "make_flows", "make_runs", "make_tasks"]

_SYNTAX = "accuracy > 0.9 and params.alpha in (1, 2) and not tag = 'draft'"


def make_flows(context: FlowContext) -> click.Command:
    @click.command("flows", help="List the flows of the store.")
    @click.option("--json", "as_json", is_flag=True, help="Print as JSON (shared_spec/cli.schema.json, `flows`).")
    def flows(as_json: bool) -> int:
        names = [flow.id for flow in Pyflow()]
        if as_json:
            output.result_json(names)
        else:
            for name in names:
                output.result(name)
        return 0

    return flows


def make_runs(context: FlowContext) -> click.Command:
    def show(place: str | None, as_json: bool, **options: Any) -> int:
        flow, *_ = _place(context, place, ("flow",))
        found = find.runs(flow, **options)
        named = [name for name in found.columns if name not in find.RUN_COLUMNS]
        first = ["run"] if flow else ["flow", "run"]
        tables.show(found.rows, [*first, "status", "created_at", "duration", "user", *named, "tags"], as_json=as_json)
        return 0

    text = "List runs, the newest first, with the values that --where and --sort name."
    extra = click.Option(["--spins"], is_flag=True, help="Also runs that only repeat a task.")
    return _command(context, "runs", text, "[FLOW]", show, [extra])


def make_tasks(context: FlowContext) -> click.Command:
    def show(place: str | None, as_json: bool, **options: Any) -> int:
        flow, run, step = _place(context, place, ("flow", "run", "step"))
        found = find.tasks(flow, run, step, **options)
        named = [name for name in found.columns if name not in find.TASK_COLUMNS]
        first = [name for name, given in (("flow", flow), ("run", run), ("step", step)) if given is None]
        columns = [*first, "task", "status", "created_at", "duration", "index", *named]
        tables.show(found.rows, columns, as_json=as_json)
        return 0

    text = "List tasks, those of the newest run first, with the values that --where and --sort name."
    return _command(context, "tasks", text, "[FLOW[/RUN[/STEP]]]", show)


def make_artifacts(context: FlowContext) -> click.Command:
    def show(place: str | None, as_json: bool, **options: Any) -> int:
        flow, run, step = _place(context, place, ("flow", "run", "step"))
        found = find.artifacts(flow, run, step, **options)
        first = [name for name, given in (("flow", flow), ("run", run), ("step", step)) if given is None]
        tables.show(found.rows, [*first, "task", "name", "kind", "size", "digest", "preview"], as_json=as_json)
        return 0

    text = "List artifacts where they were made, with their values where these are a number, a text, true or false."
    extra = click.Option(["--name"], help="Only artifacts of this name.")
    return _command(context, "artifacts", text, "[FLOW[/RUN[/STEP]]]", show, [extra])


def _command(
    context: FlowContext,
    kind: str,
    text: str,
    form: str,
    show: Callable[..., int],
    extra: Sequence[click.Parameter] = (),
) -> click.Command:
    """A command that searches: the place (of a flow's own command line without the flow), conditions, order, form."""
    if context.graph is not None:
        form = form.replace("[FLOW[/RUN[/STEP]]]", "[RUN[/STEP]]")
    place = (
        []
        if (kind, context.graph is None) == ("runs", False)
        else [click.Argument(["place"], required=False, metavar=form)]
    )
    facts = ", ".join(FIELDS[kind])
    options: list[click.Parameter] = [
        click.Option(
            ["--where"], metavar="CONDITION", help=f"Only those for which it holds: {_SYNTAX}. Facts: {facts}."
        ),
        click.Option(["--user"], help="Only of this user's runs."),
        click.Option(["--tag", "tags"], multiple=True, help="Only of runs with this tag; may be repeated."),
        *([] if kind == "artifacts" else [click.Option(["--status"], type=click.Choice(STATUSES[kind]))]),
        click.Option(
            ["--since"], metavar="TIME", help="Begun at this time or later: 2026-11-24, 2026-11-24T17:30, 7d."
        ),
        click.Option(["--until"], metavar="TIME", help="Begun at this time or before."),
        click.Option(["--sort"], metavar="NAMES", help="By these, the smallest first; after - the largest."),
        click.Option(["--limit"], type=click.IntRange(min=1), help="Only so many."),
        *extra,
        click.Option(
            ["--json", "as_json"], is_flag=True, help=f"Print as JSON (shared_spec/cli.schema.json, `{kind}`)."
        ),
    ]

    def run(place: str | None = None, **given: Any) -> int:
        return show(place, **given)

    return click.Command(kind, params=[*place, *options], callback=run, help=text)


def _place(context: FlowContext, text: str | None, names: tuple[str, ...]) -> list[str | None]:
    """What a pathspec names, None for what it leaves open. Raises NotFoundError for a flow that has no run."""
    parts = text.strip("/").split("/") if text else []
    if context.graph is not None and parts[:1] != [context.graph.name]:
        parts = [context.graph.name, *parts]
    if len(parts) > len(names) or not all(parts):
        raise click.UsageError(f"{text!r} is not of the form {'/'.join(names).upper()}.", click.get_current_context())
    if parts:
        Flow(parts[0])
    return [*parts, *[None] * (len(names) - len(parts))]

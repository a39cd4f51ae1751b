"""`resume`: find an earlier run, see what can be taken over of it, and run the rest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from pyflow.cli import configs, given
from pyflow.cli.checking import checked
from pyflow.cli.context import FlowContext
from pyflow.cli.run import run_options, start
from pyflow.client import Flow, Run, default_catalog
from pyflow.define.values import resolve_values
from pyflow.engine.resume import Origin, origin_of, problems
from pyflow.spec.errors import NotFoundError, ResumeError, UserError
from pyflow.spec.graph import Graph, Parameter

GIVEN = "given_"


def make(context: FlowContext) -> click.Command:
    assert context.graph is not None
    parameters = {f"{GIVEN}{number}": item for number, item in enumerate(context.graph.parameters)}

    def resume(step: str | None, origin_run_id: str | None, **options: Any) -> int:
        for name, parameter in parameters.items():
            if options.pop(name) is not None:
                raise _no_parameters(parameter)
        graph = checked(context)
        configs.check_origin(graph, origin_run(graph.name, origin_run_id, namespace=options["namespace"]).row)
        origin = find_origin(graph, origin_run_id, step, namespace=options["namespace"])
        missing = tuple(item for item in graph.parameters if item.name in origin.new_names)
        unread = tuple(item for item in graph.configs if item.name in origin.new_names)
        values = resolve_values(replace(graph, parameters=missing, configs=unread), {}, cwd=Path.cwd())
        return start(graph, values, options, origin)

    return click.Command(
        "resume",
        params=[
            click.Argument(["step"], required=False),
            click.Option(["--origin-run-id"], help="The run to go on with, instead of the latest run or resume."),
            *run_options(),
            *given.options(context.graph),
            *(click.Option([f"--{item.name}", name], hidden=True) for name, item in parameters.items()),
        ],
        callback=resume,
        help="Go on with an earlier run. What it finished is taken over; the first step that failed or is missing, and"
        " all after it, are run. With STEP all before it is taken over, and it and what follows run again."
        " Parameters and configurations are those of the earlier run.",
        context_settings={"show_default": True},
    )


def _no_parameters(parameter: Parameter) -> click.UsageError:
    return click.UsageError(
        f"--{parameter.name} cannot be given to resume: a resumed run has the parameters of its origin, because what is"
        " taken over was made with them. To change them, start a new run.",
        click.get_current_context(),
    )


def find_origin(graph: Graph, run: str | None, step: str | None, *, namespace: str | None) -> Origin:
    """The run to resume, as `graph` takes it over. Raises NotFoundError, UserError `resume_running` or ResumeError."""
    row = origin_run(graph.name, run, namespace=namespace).row
    origin = origin_of(graph, row, default_catalog().metadata.finished(row.flow, row.run), step)
    found = problems(origin)
    if found:
        raise ResumeError(tuple(found))
    return origin


def origin_run(flow: str, run: str | None, *, namespace: str | None) -> Run:
    """Run `run` of the flow, else the latest run or resume by anybody in the namespace (None: in the store)."""
    runs = Flow(flow)
    if run is not None:
        found = runs[run.removeprefix(f"{flow}/")]
    else:
        latest = runs.runs(*([namespace] if namespace else []), limit=1)
        if not latest:
            raise NotFoundError(f"there is no run of {flow} with the tag {namespace!r}", hint="See --namespace.")
        (found,) = latest
    if found.spin is not None:
        raise UserError(
            f"run {found.id} repeats one task ({found.spin}) and cannot be resumed",
            code="resume_spin",
            hint="Name a run of the whole flow with --origin-run-id.",
        )
    if not found.finished:
        raise UserError(
            f"run {found.id} is still running",
            code="resume_running",
            hint="Wait for its end or stop it, or name another one with --origin-run-id.",
        )
    return found

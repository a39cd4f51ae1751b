"""`RUN/STEP[/TASK]` on a flow's command line, `FLOW/RUN/STEP[/TASK]` for the command `pyflow`."""

from __future__ import annotations

import click

from pyflow.cli.context import FlowContext
from pyflow.client import Flow, Run, Step, Task
from pyflow.spec.errors import NotFoundError

FORMS = {True: "RUN/STEP[/TASK]", False: "FLOW/RUN/STEP[/TASK]"}


def form(context: FlowContext) -> str:
    return FORMS[context.graph is not None]


def tasks_of(context: FlowContext, pathspec: str) -> list[Task]:
    """The tasks that a pathspec names. Raises a usage error for another form, NotFoundError for what is not there."""
    parts = pathspec.strip("/").split("/")
    if context.graph is not None and parts[0] != context.graph.name:
        parts = [context.graph.name, *parts]
    if len(parts) not in (3, 4) or not all(parts):
        raise click.UsageError(f"{pathspec!r} is not of the form {form(context)}.", click.get_current_context())
    flow, run, name = parts[:3]
    step: Step = Run(f"{flow}/{run}")[name]
    return [step[parts[3]]] if len(parts) == 4 else step.tasks()


def place_of(context: FlowContext, pathspec: str) -> tuple[Run, str | None, str | None]:
    """The run that a pathspec names, and the step and the task if it does. Raises NotFoundError for no such run."""
    parts = pathspec.strip("/").split("/")
    if context.graph is not None and parts[0] != context.graph.name:
        parts = [context.graph.name, *parts]
    if not 2 <= len(parts) <= 4 or not all(parts):
        raise click.UsageError(f"{pathspec!r} is not of the form {form(context)}.", click.get_current_context())
    step, task = (*parts[2:], None, None)[:2]
    return Run("/".join(parts[:2])), step, task


def run_form(context: FlowContext) -> str:
    return "[RUN]" if context.graph is not None else "FLOW[/RUN]"


def run_of(context: FlowContext, name: str | None) -> Run:
    """The run that `RUN` or `FLOW/RUN` names, or else the flow's latest. Raises NotFoundError for what is not there."""
    parts = name.strip("/").split("/") if name else []
    if context.graph is not None and parts[:1] != [context.graph.name]:
        parts = [context.graph.name, *parts]
    if len(parts) not in (1, 2):
        raise click.UsageError(f"{name!r} is not of the form {run_form(context)}.", click.get_current_context())
    if len(parts) == 2:
        return Run("/".join(parts))
    latest = Flow(parts[0]).latest_run
    if latest is None:
        raise NotFoundError(f"flow {parts[0]} has no run yet", hint="Run it, or name a run.")
    return latest

"""`RUN/STEP[/TASK]` on a flow's command line, `FLOW/RUN/STEP[/TASK]` for the command `pyflow`."""

from __future__ import annotations

import click

from pyflow.cli.context import FlowContext
from pyflow.client import Run, Step, Task

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

"""`logs`: what the tasks of a step, or one task, printed."""

from __future__ import annotations

import click

from pyflow.cli import output
from pyflow.cli.context import FlowContext
from pyflow.cli.pathspec import form, tasks_of
from pyflow.client import Attempt, Task
from pyflow.spec.errors import NotFoundError

STREAMS = ("stdout", "stderr")


def make(context: FlowContext) -> click.Command:
    @click.command("logs", help=f"Show what {form(context)} printed.")
    @click.argument("pathspec")
    @click.option("--stdout", "chosen", flag_value="stdout", help="Only standard output.")
    @click.option("--stderr", "chosen", flag_value="stderr", help="Only standard error.")
    @click.option("--both", "chosen", flag_value="both", default="both", help="Both (the default).")
    @click.option("--attempt", type=click.IntRange(min=0), help="Of this attempt instead of the last one, from 0.")
    @click.option("--json", "as_json", is_flag=True, help="Print the logs as JSON.")
    def logs(pathspec: str, chosen: str, attempt: int | None, as_json: bool) -> int:
        streams = STREAMS if chosen == "both" else (chosen,)
        attempts = {task: _attempt(task, attempt) for task in tasks_of(context, pathspec)}
        if as_json:
            output.result_json([_described(task, item, streams) for task, item in attempts.items()])
            return 0
        for task, item in attempts.items():
            if len(attempts) > 1:
                output.note(click.style(task.pathspec, bold=True))
            for stream in streams:
                for piece in item.log_pieces(stream):
                    click.echo(piece, nl=False, err=stream == "stderr")
        return 0

    return logs


def _attempt(task: Task, number: int | None) -> Attempt:
    attempts = task.attempts
    wanted = attempts[-1].number if number is None else number
    for item in attempts:
        if item.number == wanted:
            return item
    raise NotFoundError(
        f"{task.pathspec} has no attempt {number}", hint=f"It has {', '.join(str(item.number) for item in attempts)}."
    )


def _described(task: Task, attempt: Attempt, streams: tuple[str, ...]) -> dict[str, object]:
    return {"task": task.pathspec, "attempt": attempt.number, **{name: attempt.log(name) for name in streams}}

"""`logs`: what the tasks of a step, or one task, printed."""

from __future__ import annotations

import click

from pyflow.cli import output
from pyflow.cli.context import FlowContext
from pyflow.cli.follow import Follower
from pyflow.cli.pathspec import form, place_of, tasks_of
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
    @click.option("--follow", "-f", is_flag=True, help="Go on showing it until the run ends; RUN alone will do.")
    @click.option("--timestamps", is_flag=True, help="Begin each line with the time when it was written.")
    @click.option("--json", "as_json", is_flag=True, help="Print as JSON (shared_spec/cli.schema.json, `logs`).")
    def logs(pathspec: str, chosen: str, attempt: int | None, follow: bool, timestamps: bool, as_json: bool) -> int:
        streams = STREAMS if chosen == "both" else (chosen,)
        if follow:
            if as_json or timestamps or attempt is not None:
                raise click.UsageError("--follow excludes --json, --timestamps and --attempt.")
            Follower(*place_of(context, pathspec), streams).follow()
            return 0
        attempts = {task: _attempt(task, attempt) for task in tasks_of(context, pathspec)}
        if as_json:
            output.result_json([_described(task, item, streams) for task, item in attempts.items()])
            return 0
        for task, item in attempts.items():
            if len(attempts) > 1:
                output.note(click.style(task.pathspec, bold=True))
            (_show_lines if timestamps else _show)(item, streams)
        return 0

    return logs


def _show(attempt: Attempt, streams: tuple[str, ...]) -> None:
    for stream in streams:
        for piece in attempt.log_pieces(stream):
            click.echo(piece, nl=False, err=stream == "stderr")


def _show_lines(attempt: Attempt, streams: tuple[str, ...]) -> None:
    """Line by line with the time, both streams in the order in which they were written."""
    for line in attempt.loglines():
        if line.stream in streams:
            at = line.time.astimezone().strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] if line.time else "-" * 23
            click.echo(f"{at} {line.text}", err=line.stream == "stderr")


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

"""Shows a run while it goes on: `time [run/step/task (pid N)] line`, and a line of progress for wide runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime

import click

from pyflow.ports import TaskLabel
from pyflow.spec.task import PARAMETERS, TaskError, TaskResult

# From how many tasks on a run has a line of progress, and how often it is printed where it cannot be redrawn.
WIDE = 30
EVERY = 10.0


class ConsoleReporter:
    """Prints to standard output. `quiet` leaves out the engine's own lines."""

    def __init__(self, *, quiet: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self.quiet = quiet
        self.clock = clock
        self.terminal = sys.stdout.isatty()
        self.shown = ""
        self.last = clock()

    def started(self, label: TaskLabel) -> None:
        if label.step != PARAMETERS:
            again = f" (attempt {label.attempt + 1})" if label.attempt else ""
            self.note(f"Task is starting{again}.", label)

    def output(self, label: TaskLabel, stream: str, lines: Sequence[str]) -> None:
        color, stamp = "yellow" if stream == "stderr" else None, _stamp(label)
        self._print([f"{stamp} {click.style(line, fg=color) if color else line}" for line in lines])

    def ended(self, label: TaskLabel, result: TaskResult | None, error: TaskError | None) -> None:
        if label.step == PARAMETERS and error is None:
            return
        if error is None:
            self.note("Task finished successfully.", label)
        elif result is not None and result.caught:
            self.note(f"Task failed, and the flow caught it: {error.type}: {error.message}", label)
        else:
            # A task whose logs cannot be written cannot say why.
            why = f" {error.message.splitlines()[0]}." if error.code == "store_write" and result is None else ""
            again = "" if error.retry else " This failed task will not be retried."
            self.note(f"Task failed.{why}{again}", label)

    def note(self, text: str, label: TaskLabel | None = None) -> None:
        if not self.quiet:
            self._print([f"{_stamp(label)} {click.style(text, dim=True)}"])

    def progress(self, *, done: int, running: int, known: int) -> None:
        if known < WIDE or self.quiet:
            return
        text = f"{done} of {known} tasks done, {running} running"
        if self.terminal:
            self._erase()
            self.shown = text
            _echo(text, nl=False)
        elif self.clock() - self.last >= EVERY:
            self.last = self.clock()
            self.note(text)

    def close(self) -> None:
        self._erase()

    def _print(self, lines: Sequence[str]) -> None:
        shown = self.shown
        self._erase()
        _echo("\n".join(lines))
        if shown:
            self.shown = shown
            _echo(shown, nl=False)

    def _erase(self) -> None:
        if self.shown:
            _echo("\r\033[K", nl=False)
            self.shown = ""


def _echo(text: str, *, nl: bool = True) -> None:
    """A full disk that the output is sent to must not end the run; a pipe that nobody reads ends it, as everywhere."""
    try:
        click.echo(text, nl=nl)
    except BrokenPipeError:
        raise
    except OSError:
        pass


def _stamp(label: TaskLabel | None) -> str:
    now = datetime.now().isoformat(sep=" ", timespec="milliseconds")
    if label is None:
        return click.style(now, fg="magenta")
    pid = f" (pid {label.pid})" if label.pid else ""
    return click.style(f"{now} [{label.run}/{label.step}/{label.task}{pid}]", fg="magenta")

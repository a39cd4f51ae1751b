"""Shows what tasks print while they print it: `logs --follow`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import click

from pyflow.backends.tail import Tail
from pyflow.client import Run

# How often is looked for new lines, in seconds.
PAUSE = 0.2


@dataclass
class _Followed:
    """One attempt of a task, and how far its streams have been shown."""

    label: str
    tails: dict[str, Tail]
    over: bool = False

    def lines(self, last: bool) -> Iterator[tuple[str, str]]:
        for stream, tail in self.tails.items():
            for line in tail.finish() if last else tail.read():
                yield stream, line


@dataclass
class Follower:
    """Follows a run, or one step or task of it, until it has ended; of what is over it shows everything."""

    run: Run
    step: str | None
    task: str | None
    streams: Sequence[str]
    _known: dict[tuple[str, int], _Followed] = field(default_factory=dict)

    def follow(self) -> None:
        """Returns when the run, or the task, has ended."""
        with ExitStack() as stack:
            while True:
                # Asked before the logs are read: what ended before is complete in them.
                over = self._over()
                self._look(stack)
                for followed in self._known.values():
                    self._show(followed, over)
                if over:
                    return
                time.sleep(PAUSE)

    def _over(self) -> bool:
        if self.task is not None and self.step is not None:
            return bool(self.run[self.step][self.task].finished)
        return self.run.finished

    def _look(self, stack: ExitStack) -> None:
        """Attempts that have begun since, and those that have ended."""
        for row in self.run.attempt_rows(self.step, self.task):
            key = (row.task, row.attempt)
            if key not in self._known:
                folder = Path(row.folder)
                tails = {name: stack.enter_context(closing(Tail(folder / f"{name}.log"))) for name in self.streams}
                again = f" (attempt {row.attempt})" if row.attempt else ""
                self._known[key] = _Followed(f"{row.step}/{row.task}{again}", tails)
            elif row.finished_at is not None and not self._known[key].over:
                self._show(self._known[key], last=True)
                self._known[key].over = True

    def _show(self, followed: _Followed, last: bool) -> None:
        if followed.over:
            return
        label = click.style(f"[{followed.label}]", fg="cyan") + " " if self.task is None else ""
        for stream, line in followed.lines(last):
            click.echo(f"{label}{line}", err=stream == "stderr")
        followed.over = last

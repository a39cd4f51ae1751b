"""What `Runner` gives back: a run or a repeated task that goes on, or has ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from pyflow.client import Run, Task
from pyflow.client.catalog import Catalog, open_catalog
from pyflow.interactive.child import PAUSE, Child, pausing, sleeping
from pyflow.spec.errors import NotFoundError

# A run is in the metadata a moment after it has begun.
_MOMENT = 10.0


class LogLine(NamedTuple):
    """A line of output; `position` is where the next one begins."""

    position: int
    line: str


class Executing:
    """A command of a flow that was started by a Runner."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._timed_out = False

    @property
    def status(self) -> str:
        """`running`, `successful`, `failed`, or `timeout` for one that `wait` has ended."""
        if self._timed_out:
            return "timeout"
        code = self.returncode
        return "running" if code is None else "successful" if code == 0 else "failed"

    @property
    def returncode(self) -> int | None:
        """The command's exit code; None while it runs."""
        return self._child.code

    @property
    def stdout(self) -> str:
        """What it has written so far to standard output."""
        return self._child.text("stdout")

    @property
    def stderr(self) -> str:
        """What it has written so far to standard error."""
        return self._child.text("stderr")

    async def wait(self, timeout: float | None = None, stream: str | None = None) -> Self:
        """Wait for the end, and show meanwhile what is written to `stream` ("stdout" or "stderr").

        After `timeout` seconds it is ended, and the status is `timeout`.
        """
        work = self._child.showing([stream]) if stream else self._child.running()
        try:
            await asyncio.wait_for(pausing(work), timeout)
        except TimeoutError:
            self._timed_out = self.returncode is None
            await pausing(self._child.ending())
        return self

    async def stream_log(self, stream: str, position: int = 0) -> AsyncIterator[LogLine]:
        """The lines of `stream` ("stdout" or "stderr") from `position` on, as they come, to the end of the command.

        Example: `async for position, line in executing.stream_log("stdout"): ...`
        """
        with self._child.log(stream).open("rb") as file:
            file.seek(position)
            rest = b""
            while True:
                ended = self.returncode is not None
                for data in file:
                    rest += data
                    if not rest.endswith(b"\n"):
                        break
                    line, rest = rest, b""
                    yield LogLine(file.tell(), _text(line))
                if ended:
                    break
                await asyncio.sleep(PAUSE)
            if rest:
                yield LogLine(file.tell(), _text(rest))

    def terminate(self) -> None:
        """End it, if it still runs: its tasks are ended, and the run is recorded as interrupted."""
        sleeping(self._child.ending())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.terminate()

    def _catalog(self) -> tuple[dict[str, str], Catalog]:
        attributes = self._child.attributes
        assert attributes is not None, "it is made only when the run has begun"
        return attributes, open_catalog(Path(attributes["root"]))

    def _find(self) -> Run:
        where, catalog = self._catalog()
        deadline = time.monotonic() + _MOMENT
        while True:
            try:
                return Run(f"{where['flow']}/{where['run']}", catalog, check_namespace=False)
            except NotFoundError:
                if time.monotonic() > deadline or self.returncode is not None:
                    raise
                time.sleep(PAUSE)


class ExecutingRun(Executing):
    """A run, or a resumed one, that a Runner has started."""

    @property
    def run(self) -> Run:
        """The run, as the client shows it."""
        return self._find()

    def __repr__(self) -> str:
        return f"ExecutingRun({self.run.pathspec!r}: {self.status})"


class ExecutingTask(Executing):
    """A task that a Runner runs again with `spin`."""

    @property
    def task(self) -> Task:
        """The task, as the client shows it, with what it has set."""
        where, catalog = self._catalog()
        self._find()
        pathspec = "/".join(where[key] for key in ("flow", "run", "step", "task"))
        return Task(pathspec, catalog, check_namespace=False)

    def __repr__(self) -> str:
        return f"ExecutingTask({self.task.pathspec!r}: {self.status})"


def _text(line: bytes) -> str:
    return line.rstrip(b"\r\n").decode("utf-8", "backslashreplace")

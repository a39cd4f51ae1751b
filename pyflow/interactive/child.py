"""A command of a flow that runs as a child of this session, in a terminal session of its own.

What takes time is written once, as a generator that yields whenever it has nothing to do: `sleeping` runs it in a
program, `pausing` in an event loop.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pyflow.backends.tail import Tail
from pyflow.process.kernel import signal_group, signal_process
from pyflow.spec.errors import RunFailed, UsageError

# Between two looks at a child.
PAUSE = 0.03
# A run that is asked to end gives its tasks 5 seconds; after these it is killed.
GRACE = 15.0
STREAMS = ("stdout", "stderr")
_USAGE = "Usage error: "


class Child:
    """The command's process; its output goes to files, so that it never waits for a reader."""

    def __init__(self, words: Sequence[str], *, cwd: Path, env: Mapping[str, str], given: Mapping[str, Any]) -> None:
        """Start it. `words` are program, file and command; `given` are its keywords, as cli/arguments.py reads them."""
        self.folder = Path(tempfile.mkdtemp(prefix="pyflow-runner-"))
        (self.folder / "arguments.json").write_text(json.dumps(given), "utf-8")
        files = (f"--arguments-file={self.folder / 'arguments.json'}", f"--runner-attribute-file={self._attributes}")
        with self.log("stdout").open("wb") as stdout, self.log("stderr").open("wb") as stderr:
            self.process = subprocess.Popen(
                [*words, *files],
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                # So that a Ctrl-C of the session reaches it once, from here.
                start_new_session=True,
            )
        weakref.finalize(self, _forget, self.process, self.folder)

    def log(self, stream: str) -> Path:
        """The file of `stdout` or `stderr`."""
        if stream not in STREAMS:
            raise UsageError(f"there is no stream {stream!r}", hint="The streams are 'stdout' and 'stderr'.")
        return self.folder / stream

    def text(self, stream: str) -> str:
        """What it has written so far."""
        return self.log(stream).read_text("utf-8", errors="backslashreplace")

    @property
    def _attributes(self) -> Path:
        return self.folder / "attributes.json"

    @property
    def attributes(self) -> dict[str, str] | None:
        """Flow, run and store of what has begun (and step and task for `spin`); None as long as nothing has."""
        try:
            return json.loads(self._attributes.read_text("utf-8"))
        except FileNotFoundError:
            return None

    @property
    def code(self) -> int | None:
        """The exit code; None while it runs."""
        return self.process.poll()

    def beginning(self, patience: float) -> Iterator[None]:
        """Pauses until the run has begun. Raises UsageError for a mistake in what was given, RunFailed for another end
        or if it takes more than `patience` seconds."""
        deadline = time.monotonic() + patience
        while self.attributes is None:
            ended = self.code is not None
            if ended and self.attributes is None:
                raise _not_begun(self.code, self.text("stderr"))
            if time.monotonic() >= deadline:
                yield from self.ending()
                raise RunFailed(f"the run did not begin within {patience:g} s", code="run_not_begun")
            yield

    def showing(self, streams: Sequence[str] = STREAMS) -> Iterator[None]:
        """Pauses until it has ended; meanwhile what it writes is shown in the session."""
        tails = [(Tail(self.log(stream)), stream) for stream in streams]
        while self.code is None:
            for tail, stream in tails:
                _show(tail.read(), stream)
            yield
        for tail, stream in tails:
            _show(tail.finish(), stream)

    def running(self, patience: float | None = None) -> Iterator[None]:
        """Pauses until it has ended or the time is up."""
        deadline = None if patience is None else time.monotonic() + patience
        while self.code is None and (deadline is None or time.monotonic() < deadline):
            yield

    def ending(self, number: int = signal.SIGTERM) -> Iterator[None]:
        """Ask it to end, which ends its tasks too and is recorded; pauses until it has. It is killed if it does not."""
        if self.code is None:
            signal_process(self.process.pid, number)
        yield from self.running(GRACE)
        if self.code is None:
            signal_group(self.process.pid, signal.SIGKILL)
            self.process.wait()


def sleeping(work: Iterator[None]) -> None:
    for _ in work:
        time.sleep(PAUSE)


async def pausing(work: Iterator[None]) -> None:
    for _ in work:
        await asyncio.sleep(PAUSE)


def _show(lines: Sequence[str], stream: str) -> None:
    """On the session's own stream, which in a notebook is the output of the cell."""
    file = getattr(sys, stream)
    for line in lines:
        file.write(f"{line}\n")
    if lines:
        file.flush()


def _not_begun(code: int | None, text: str) -> UsageError | RunFailed:
    text = text.strip()
    _, mark, message = text.rpartition(_USAGE)
    if mark:
        lines = [line for line in message.splitlines() if not line.startswith("Try '")]
        return UsageError("\n".join(lines))
    return RunFailed(text or f"the command ended with exit code {code} before a run began", code="run_not_begun")


def _forget(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Remove the files of what has ended; a run that goes on still writes to them."""
    if process.poll() is not None:
        shutil.rmtree(folder, ignore_errors=True)

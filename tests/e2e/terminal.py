"""A command at a terminal of its own: what a person would see, and what they would type."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import time
from collections.abc import Sequence
from pathlib import Path

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


class Terminal:
    """`expect` waits until something was printed, `type` types a line, `end` waits for the end and gives the exit code."""

    def __init__(self, command: Sequence[str], *, cwd: Path, environment: dict[str, str]) -> None:
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execvpe(command[0], list(command), environment | {"TERM": "dumb"})
        self.text = ""
        self.seen = 0

    def expect(self, text: str, seconds: float = 30.0) -> str:
        """What was printed since the last expectation, up to `text`."""
        deadline = time.monotonic() + seconds
        while (place := self.text.find(text, self.seen)) < 0:
            if not self._read(deadline):
                raise AssertionError(f"{text!r} did not come; there was:\n{self.text[self.seen :]}")
        found = self.text[self.seen : place + len(text)]
        self.seen = place + len(text)
        return found

    def type(self, line: str) -> None:
        os.write(self.descriptor, line.encode() + b"\n")

    def press(self, key: bytes) -> None:
        os.write(self.descriptor, key)

    def end(self, seconds: float = 30.0) -> int:
        deadline = time.monotonic() + seconds
        while self._read(deadline):
            pass
        done, status = os.waitpid(self.pid, os.WNOHANG if time.monotonic() >= deadline else 0)
        assert done, f"it goes on; there was:\n{self.text}"
        return os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self.descriptor)

    def _read(self, deadline: float) -> bool:
        """Read what is there; False at the end of the output or of the time."""
        ready, _, _ = select.select([self.descriptor], [], [], max(0.0, deadline - time.monotonic()))
        try:
            data = os.read(self.descriptor, 1 << 16) if ready else b""
        except OSError:
            return False  # the other side of the terminal is closed
        self.text += _CONTROL.sub("", data.decode("utf-8", "replace"))
        return bool(data)

"""Talks to an R process forked from the R fork server (shared_spec/task.md, sections 4 and 5)."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyflow.process import kernel
from pyflow.process.lines import LineSocket
from pyflow.spec.errors import HostError
from pyflow.spec.task import NO_RETRY, TaskError, parse_error

Message = dict[str, Any]
# How long R may take to stop by itself after it was interrupted.
GRACE = 3.0


class RHost:
    """One R process for one task. `fork` starts it, `converse` runs the step, `close` ends it."""

    def __init__(self, lines: LineSocket, pid: int) -> None:
        self.lines = lines
        self.pid = pid

    @classmethod
    def fork(cls, server: str, *, group: int, logs: tuple[Path, Path]) -> RHost:
        """Ask the server at the Unix socket `server` for a child in process group `group` that prints to `logs`.

        Raises HostError (`host_lost`) when the server is gone.
        """
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        lines = LineSocket(sock)
        try:
            sock.connect(server)
            lines.send(
                {
                    "op": "fork",
                    "group": group,
                    "stdout": str(logs[0]),
                    "stderr": str(logs[1]),
                }
            )
            answer = lines.receive()
        except OSError as error:
            lines.close()
            raise HostError(f"the R fork server does not answer at {server}: {error}", code="host_lost") from error
        if answer is None or answer.get("event") != "forked":
            lines.close()
            reason = answer["error"]["message"] if answer and "error" in answer else "it has ended"
            raise HostError(f"the R fork server could not start a process: {reason}", code="host_lost")
        return cls(lines, answer["pid"])

    def converse(
        self, run: Mapping[str, Any], answer: Callable[[Message], Message], *, timeout: float = 0.0
    ) -> TaskError | None:
        """Run the step; `answer` gives the reply to each request of R. None if the step ended well."""
        clock = Deadline(timeout)
        try:
            self._send(run)
            while True:
                message = self._receive(clock)
                if message is None:
                    return self.lost(clock, run["step"])
                if message.get("event") == "exited":
                    return exited(message, clock, run["step"])
                if message.get("op") == "done":
                    return None
                if message.get("op") == "error":
                    return _r_error(message.get("error") or {}, clock, run["step"])
                self._send(answer(message))
        except HostError as error:
            return TaskError("HostError", error.message, error.code, "r")

    def _send(self, message: Mapping[str, Any]) -> None:
        """A host that is gone is noticed when it is read from, with what the server says of its end."""
        try:
            self.lines.send(message)
        except OSError:
            pass

    def _receive(self, clock: Deadline) -> Message | None:
        while True:
            message = self.lines.buffered()
            if message is not None:
                return message
            self.lines.sock.settimeout(clock.left())
            try:
                if not self.lines.fill():
                    return None
            except TimeoutError:
                kernel.signal_process(self.pid, clock.ring())
            finally:
                self.lines.sock.settimeout(None)

    def lost(self, clock: Deadline, step: str) -> TaskError:
        """Why the connection has ended without a word."""
        return _lost(clock, step)

    def close(self) -> None:
        """Close the connection; the fork server ends the process if it is still there."""
        self.lines.close()


class Deadline:
    """First the step's timeout, then a grace time, then the end."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.rang = 0
        self.due = time.monotonic() + timeout if timeout > 0 else None

    def left(self) -> float | None:
        return None if self.due is None else max(0.001, self.due - time.monotonic())

    def ring(self) -> int:
        """The signal to send now that time is up."""
        self.rang += 1
        self.due = time.monotonic() + GRACE
        return signal.SIGINT if self.rang == 1 else signal.SIGKILL


def _r_error(data: Mapping[str, Any], clock: Deadline, step: str) -> TaskError:
    error = parse_error({"type": "error", "message": "", **data, "language": "r"})
    assert error is not None
    return _timeout(clock, step, error) if clock.rang else error


def _timeout(clock: Deadline, step: str, interrupted: TaskError | None = None) -> TaskError:
    """`interrupted` is what R said when it was stopped: where it was is kept, not that something interrupted it."""
    message = f"step {step} took longer than its timeout of {clock.timeout:g} s"
    found = TaskError("TimeoutException", message, code="step_timeout", language="r")
    if interrupted is None:
        return found
    _, *calls = interrupted.traceback.splitlines()
    text = "\n".join([f"TimeoutException: {message}", *calls])
    return replace(found, traceback=text, file=interrupted.file, line=interrupted.line)


def exited(message: Message, clock: Deadline, step: str) -> TaskError:
    if clock.rang:
        return _timeout(clock, step)
    number, status = message.get("signal", 0), message.get("status", 0)
    if number:
        name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
        return TaskError("Crash", f"R was ended by signal {number} ({name}) in step {step}", "step_crashed", "r")
    text = f"step {step} ended R with status {status} (q() or quit()); a step ends by returning"
    return TaskError("Exit", text, "step_exit", "r", retry=status != NO_RETRY)


def _lost(clock: Deadline, step: str) -> TaskError:
    if clock.rang:
        return _timeout(clock, step)
    return TaskError("HostError", f"the R process of step {step} vanished with its fork server", "host_lost", "r")

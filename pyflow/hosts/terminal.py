"""An R process in the foreground: it has this process's terminal, so that browser() and readline() work in it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Thread, current_thread, main_thread
from typing import IO

from pyflow.hosts.r import Deadline, Message, RHost, exited
from pyflow.ports import Interpreter
from pyflow.process.lines import LineSocket
from pyflow.spec.errors import HostError
from pyflow.spec.task import TaskError

ARGUMENTS = ("--no-echo", "--no-restore", "--no-save", "-e", "rflow:::terminal_main(FD)")
# How long R may take to end after the conversation.
PATIENCE = 5.0


class RTerminal(RHost):
    """`start` starts R; then it is as any host. Ctrl-C is for R as long as it runs."""

    def __init__(self, lines: LineSocket, process: subprocess.Popen[str], copier: Thread | None) -> None:
        super().__init__(lines, process.pid)
        self.process = process
        self.copier = copier

    @classmethod
    def start(cls, interpreter: Interpreter) -> RTerminal:
        """Raises HostError when R ends before it is ready; what it printed says why."""
        ours, theirs = socket.socketpair()
        arguments = [word.replace("FD", str(theirs.fileno())) for word in ARGUMENTS]
        # The output of a notebook's cell is not a descriptor: there R's goes through this process.
        shown = _is_descriptor(sys.stdout)
        process = subprocess.Popen(
            [*interpreter.command, *arguments],
            env={**os.environ, **interpreter.environment},
            stdout=None if shown else subprocess.PIPE,
            stderr=None if shown else subprocess.STDOUT,
            pass_fds=[theirs.fileno()],
            text=True,
        )
        theirs.close()
        copier = None if process.stdout is None else Thread(target=_copy, args=(process.stdout,), daemon=True)
        if copier is not None:
            copier.start()
        host = cls(LineSocket(ours), process, copier)
        with _ctrl_c_is_not_for_us():
            if host.lines.receive() is None:
                host.close()
                raise HostError(
                    f"R ended with status {process.returncode} before it was ready; what it printed above says why",
                    code="host_lost",
                    hint="The R package rflow must be installed: R CMD INSTALL rflow (in the project's folder).",
                )
        return host

    def converse(
        self, run: Mapping[str, object], answer: Callable[[Message], Message], *, timeout: float = 0.0
    ) -> TaskError | None:
        with _ctrl_c_is_not_for_us():
            return super().converse(run, answer, timeout=timeout)

    def lost(self, clock: Deadline, step: str) -> TaskError:
        code = self.process.wait()
        return exited({"status": max(code, 0), "signal": max(-code, 0)}, clock, step)

    def close(self) -> None:
        super().close()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.copier is not None:
            self.copier.join(PATIENCE)


@contextmanager
def _ctrl_c_is_not_for_us() -> Iterator[None]:
    """The terminal sends it to both of us; R makes an interrupt of the user's code of it, and goes on to tell."""
    if current_thread() is not main_thread():
        yield
        return
    previous = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _is_descriptor(stream: IO[str]) -> bool:
    try:
        return stream.fileno() == 1
    except (OSError, ValueError, AttributeError):
        return False


def _copy(output: IO[str]) -> None:
    for line in output:
        sys.stdout.write(line)

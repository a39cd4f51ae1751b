"""The Python fork server (shared_spec/task.md, section 5): a warm process that forks one child for each task.

It knows nothing of flows: what a child does is given as a function. It is single-threaded, because a fork copies only
the calling thread.
"""

from __future__ import annotations

import gc
import io
import os
import random
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from pyflow.process import kernel
from pyflow.process.lines import LineSocket
from pyflow.spec.errors import MAKE_ROOM, StoreError
from pyflow.spec.task import UNWRITTEN

RunChild = Callable[[Mapping[str, Any]], None]


def serve(control: socket.socket, run_child: RunChild) -> None:
    """Fork a child for each `start` message until the control socket ends; then end what is left and return."""
    server = _Server(LineSocket(control), run_child)
    kernel.adopt_orphans()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.collect()
    gc.freeze()  # the collector of a child must not touch, and so copy, the parent's pages
    try:
        server.loop()
    finally:
        server.end_all()


class _Server:
    def __init__(self, control: LineSocket, run_child: RunChild) -> None:
        self.control = control
        self.run_child = run_child
        self.tasks: dict[int, str] = {}
        self.wake_read, self.wake_write = os.pipe()
        os.set_blocking(self.wake_read, False)
        os.set_blocking(self.wake_write, False)

    def loop(self) -> None:
        signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        with selectors.DefaultSelector() as selector:
            selector.register(self.control, selectors.EVENT_READ)
            selector.register(self.wake_read, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self.wake_read in ready:
                    self._drain_wake()
                    self._reap()
                if self.control in ready and not self._read_control():
                    return

    def _drain_wake(self) -> None:
        try:
            while os.read(self.wake_read, 4096):
                pass
        except BlockingIOError:
            pass

    def _read_control(self) -> bool:
        if not self.control.fill():
            return False
        while (message := self.control.buffered()) is not None:
            if message["op"] == "start":
                self._start(message["id"], message["request"])
            elif message["op"] == "kill":
                self._kill(message["id"], message["signal"])
        return True

    def _start(self, id: str, request: Mapping[str, Any]) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._child(parent, request)
        _set_group(pid)
        self.tasks[pid] = id
        self._tell({"event": "started", "id": id, "pid": pid})

    def _child(self, parent: int, request: Mapping[str, Any]) -> NoReturn:
        status = 1
        try:
            _set_group(0)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            kernel.die_with_parent(parent)
            os.close(self.wake_read)
            os.close(self.wake_write)
            self.control.close()
            _redirect(Path(request["folder"]))
            random.seed()  # children of one parent must not repeat each other
            self.run_child(request)
            status = 0
        except StoreError:
            status = UNWRITTEN  # it cannot be told otherwise: the place for it is what cannot be written
        except BaseException as error:  # noqa: BLE001 - nothing may escape into the server's own stack
            status = error.code if isinstance(error, SystemExit) and isinstance(error.code, int) else 1
            if not isinstance(error, SystemExit):
                sys.excepthook(type(error), error, error.__traceback__)
        finally:
            _flush()
            os._exit(status)

    def _kill(self, id: str, number: int) -> None:
        for pid, task in self.tasks.items():
            if task == id:
                kernel.signal_group(pid, number)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            if pid in self.tasks:
                self._report_exit(pid, status)
        if not self.tasks:
            self._end_strays()

    def _report_exit(self, pid: int, status: int) -> None:
        kernel.signal_group(pid, signal.SIGKILL)  # what the task left behind
        code = os.waitstatus_to_exitcode(status)
        self._tell({"event": "exited", "id": self.tasks.pop(pid), "status": max(code, 0), "signal": max(-code, 0)})

    def _end_strays(self) -> None:
        """End what left its task's process group and was adopted; only when no task runs is it surely nobody's."""
        for pid in kernel.children():
            kernel.signal_process(pid, signal.SIGKILL)

    def _tell(self, message: Mapping[str, Any]) -> None:
        try:
            self.control.send(message)
        except OSError:
            pass  # the engine is gone; the loop sees the end of the stream next

    def end_all(self) -> None:
        for pid in self.tasks:
            kernel.signal_group(pid, signal.SIGKILL)
        while True:
            self._end_strays()
            try:
                os.waitpid(-1, 0)  # whoever has died may have left strays that were adopted just now
            except ChildProcessError:
                return


def _set_group(pid: int) -> None:
    # Parent and child both do it, so that it is done whoever runs first.
    try:
        os.setpgid(pid, pid)
    except (PermissionError, ProcessLookupError):
        pass


def _redirect(folder: Path) -> None:
    """Make the task's folder its standard output and error, at the level of descriptors, and nothing its input.

    Raises StoreError `store_write`.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for target, name in ((1, "stdout.log"), (2, "stderr.log")):
            source = os.open(folder / name, flags, 0o644)
            os.dup2(source, target)
            os.close(source)
    except OSError as error:
        raise StoreError(f"cannot write the logs in {folder}: {error.strerror}", code="store_write") from error
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    sys.stdout, sys.stderr = _log(1, folder), _log(2, folder)


def _log(descriptor: int, folder: Path) -> io.TextIOWrapper:
    # Lines must reach the file when they are printed: the engine shows them live.
    file = io.BufferedWriter(_LogFile(descriptor, folder))
    return io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", line_buffering=True)


class _LogFile(io.FileIO):
    """Says what cannot be written: the user's `print` is where that is seen."""

    def __init__(self, descriptor: int, folder: Path) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self.folder = folder

    def write(self, data: Any, /) -> int | None:
        try:
            return super().write(data)
        except OSError as error:
            raise StoreError(
                f"what the step prints cannot be written to its log in {self.folder}: {error.strerror}",
                code="store_write",
                hint=MAKE_ROOM,
            ) from error


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, StoreError):
            pass

"""Runs tasks on this machine: a process for each, forked from a warm server or started fresh (`isolation="spawn"`)."""

from __future__ import annotations

import heapq
import json
import os
import selectors
import shutil
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pyflow.backends import machine
from pyflow.backends.servers import ForkServer, load_message, needs_r
from pyflow.backends.tail import Tail
from pyflow.ports import BackendEvent, Ended, Environment, Output, Started
from pyflow.process import kernel
from pyflow.process.places import why_unwritable
from pyflow.spec.errors import MAKE_ROOM, PyflowError, StoreError
from pyflow.spec.graph import Graph
from pyflow.spec.task import NO_RETRY, UNWRITTEN, TaskError, TaskRequest, TaskResult, parse_result

# How often logs are looked at, in seconds.
TICK = 0.05
# Environment variable of all that this backend starts: the folder of its sockets.
MARK = "PYFLOW_BACKEND_FOLDER"
ISOLATIONS = ("fork", "spawn")
# macOS kills forked processes that use its frameworks.
DEFAULT_ISOLATION = "spawn" if sys.platform == "darwin" else "fork"


@dataclass
class _Servers:
    """The fork servers that one or all attempts use."""

    python: ForkServer
    r: ForkServer | None

    @property
    def all(self) -> list[ForkServer]:
        return [server for server in (self.r, self.python) if server is not None]


@dataclass
class _Attempt:
    request: TaskRequest
    servers: _Servers
    pid: int | None = None
    tails: dict[str, Tail] = field(default_factory=dict)


class LocalBackend:
    """`isolation` is `fork` (every task from one warm parent) or `spawn` (a fresh interpreter for each task)."""

    def __init__(self, environment: Environment, isolation: str = DEFAULT_ISOLATION) -> None:
        self.environment = environment
        self.isolation = isolation
        self.graph: Graph | None = None
        self.code: Mapping[str, str] | None = None
        self.folder = self.sockets = Path()
        self.attempts: dict[str, _Attempt] = {}
        self.shared: _Servers | None = None
        self.ready: deque[BackendEvent] = deque()
        self.kills: list[tuple[float, str]] = []
        self.selector = selectors.DefaultSelector()
        self.count = 0

    def prepare(self, graph: Graph, code: Mapping[str, str] | None = None) -> None:
        self.graph = graph
        self.code = code
        self.folder = _temporary_folder()
        self.sockets = _socket_folder(self.folder)
        try:
            servers = self._start_servers(r=needs_r(graph))
        except BaseException:
            self.close()
            raise
        if self.isolation == "spawn":
            self._close_servers(servers)  # it has shown that everything loads
        else:
            self.shared = servers

    # Servers

    def _start_servers(self, *, r: bool) -> _Servers:
        started = self._start_languages(("r", "python") if r else ("python",))
        return _Servers(started["python"], started.get("r"))

    def _start_languages(self, languages: Sequence[str]) -> dict[str, ForkServer]:
        assert self.graph is not None
        self.count += 1
        socket = self.sockets / f"r{self.count}.sock"
        started = [self._start_server(language, socket) for language in languages]
        try:
            for server in reversed(started):
                server.wait_ready()
        except PyflowError:
            for server in started:
                server.close()
            raise
        for server in started:
            self.selector.register(server.lines, selectors.EVENT_READ, server)
        return {server.language: server for server in started}

    def _start_server(self, language: str, socket: Path) -> ForkServer:
        assert self.graph is not None
        log = self.folder / f"{language}{self.count}.log"
        found = self.environment.interpreter(language)
        # Python passes over a TMPDIR that is full or read-only; R would end without a word.
        environment = {**found.environment, MARK: str(self.folder), "TMPDIR": tempfile.gettempdir()}
        interpreter = replace(found, environment=environment)
        return ForkServer(language, interpreter, load_message(self.graph, language, socket, self.code), log)

    def _close_servers(self, servers: _Servers) -> None:
        for server in servers.all:
            self._forget(server)
            server.close()

    def _forget(self, server: ForkServer) -> None:
        if server.lines.fileno() >= 0 and server.lines in self.selector.get_map():
            self.selector.unregister(server.lines)

    def _servers_for(self, request: TaskRequest) -> _Servers:
        if self.isolation == "spawn":
            return self._start_servers(r=request.language == "r")
        assert self.shared is not None
        dead = [server.language for server in self.shared.all if not server.alive]
        if dead:
            # The other one stays: it may have tasks at work.
            living = {server.language: server for server in self.shared.all if server.alive}
            found = {**living, **self._start_languages(dead)}
            self.shared = _Servers(found["python"], found.get("r"))
        return self.shared

    # Attempts

    def capacity(self) -> dict[str, float]:
        return machine.capacity(Path.cwd())

    def start(self, request: TaskRequest) -> None:
        try:
            servers = self._servers_for(request)
        except PyflowError as error:
            failure = TaskError(type(error).__name__, str(error), error.code, request.language)
            self.ready.append(Ended(request.id, None, failure))
            return
        hosts = {"scratch": str(self.folder)}
        if servers.r is not None:
            hosts["r"] = str(self._r_socket(servers))
        request = replace(request, hosts=hosts)
        folder = Path(request.folder)
        tails = {stream: Tail(folder / f"{stream}.log") for stream in ("stdout", "stderr")}
        self.attempts[request.id] = _Attempt(request, servers, tails=tails)
        servers.python.send({"op": "start", "id": request.id, "request": request.to_json()})
        if not servers.python.alive:
            self._lose(servers.python)

    def _r_socket(self, servers: _Servers) -> Path:
        assert servers.r is not None
        return self.sockets / f"{servers.r.log.stem}.sock"

    def wait(self, timeout: float | None) -> list[BackendEvent]:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            self._poll(self._patience(deadline))
            self._kill_due()
            for id, attempt in self.attempts.items():
                self.ready.extend(_output(id, attempt))
            if self.ready or (deadline is not None and time.monotonic() >= deadline):
                events = list(self.ready)
                self.ready.clear()
                return events

    def _patience(self, deadline: float | None) -> float:
        if self.ready:
            return 0.0
        left = TICK if self.attempts else 1.0
        return left if deadline is None else max(0.0, min(left, deadline - time.monotonic()))

    def _poll(self, timeout: float) -> None:
        if not self.selector.get_map():
            time.sleep(timeout)
            return
        for key, _ in self.selector.select(timeout):
            server = key.data
            if not server.lines.fill():
                self._lose(server)
                continue
            while (message := server.lines.buffered()) is not None:
                self._receive(message)

    def _receive(self, message: dict[str, Any]) -> None:
        attempt = self.attempts.get(message.get("id", ""))
        if attempt is None:
            return
        if message["event"] == "started":
            attempt.pid = message["pid"]
            self.ready.append(Started(message["id"], message["pid"]))
        elif message["event"] == "exited":
            self._end(message["id"], _crash(attempt.request, message["status"], message["signal"]))

    def _end(self, id: str, crash: TaskError) -> None:
        """The attempt's process is gone: give its last output, then its result, or `crash` if there is none."""
        attempt = self.attempts.pop(id)
        self.ready.extend(_output(id, attempt, last=True))
        result = _read_result(Path(attempt.request.folder))
        self.ready.append(Ended(id, result, None if result else crash))
        if self.isolation == "spawn":
            self._close_servers(attempt.servers)

    def _lose(self, server: ForkServer) -> None:
        """A fork server died, and with it the attempts that it had started."""
        self._forget(server)
        server.close()
        if server.language != "python":
            return  # its tasks' runners see it and report
        for id in [id for id, attempt in self.attempts.items() if attempt.servers.python is server]:
            attempt = self.attempts[id]
            if attempt.pid is not None:
                kernel.signal_group(attempt.pid, signal.SIGKILL)
            message = "the Python fork server died, and the task with it"
            self._end(id, TaskError("HostError", message, "host_lost"))

    def stop(self, id: str, grace: float) -> None:
        attempt = self.attempts.get(id)
        if attempt is None:
            return
        number = signal.SIGTERM if grace > 0 else signal.SIGKILL
        attempt.servers.python.send({"op": "kill", "id": id, "signal": int(number)})
        if grace > 0:
            heapq.heappush(self.kills, (time.monotonic() + grace, id))

    def _kill_due(self) -> None:
        while self.kills and self.kills[0][0] <= time.monotonic():
            self.stop(heapq.heappop(self.kills)[1], 0.0)

    def close(self) -> None:
        servers = {id(a.servers): a.servers for a in self.attempts.values()}
        if self.shared is not None:
            servers[id(self.shared)] = self.shared
        for item in servers.values():
            self._close_servers(item)
        for attempt in self.attempts.values():
            for tail in attempt.tails.values():
                tail.close()
        self.attempts.clear()
        self.shared = None
        if self.folder != Path():
            # What left its process group is ended by its fork server, unless that was killed.
            kernel.end_marked(MARK, str(self.folder))
            for folder in {self.folder, self.sockets}:
                shutil.rmtree(folder, ignore_errors=True)


def _temporary_folder() -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="pyflow-"))
    except OSError as error:
        raise StoreError(
            f"a folder for temporary files cannot be made: {error.strerror}",
            code="store_write",
            hint="Make room, or set TMPDIR to a folder that can be written.",
        ) from error


def _socket_folder(folder: Path) -> Path:
    """`folder`, or one in /tmp if its path is too long for a socket's address (104 bytes on macOS, 108 on Linux)."""
    return folder if len(os.fsencode(folder)) <= 85 else Path(tempfile.mkdtemp(prefix="pyflow-", dir="/tmp"))


def _output(id: str, attempt: _Attempt, *, last: bool = False) -> list[Output]:
    before = {stream: tail.read_to for stream, tail in attempt.tails.items()}
    lines = {stream: tail.finish() if last else tail.read() for stream, tail in attempt.tails.items()}
    grown = {stream: tail.read_to for stream, tail in attempt.tails.items() if tail.read_to > before[stream]}
    if grown:
        _mark(Path(attempt.request.folder) / "times.log", grown)
    return [Output(id, stream, tuple(found)) for stream, found in lines.items() if found]


def _mark(path: Path, sizes: Mapping[str, int]) -> None:
    """Note that the logs have these sizes now: when a line was written (shared_spec/store.md, section 2)."""
    marks = "".join(f"{stream} {size} {time.time():.3f}\n" for stream, size in sizes.items())
    with suppress(OSError), path.open("a", encoding="utf-8") as file:
        file.write(marks)


def _read_result(folder: Path) -> TaskResult | None:
    """None if there is no result; a result that cannot be read is none."""
    try:
        return parse_result(json.loads((folder / "result.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, PyflowError):
        return None


def _crash(request: TaskRequest, status: int, number: int) -> TaskError:
    if status == UNWRITTEN:
        reason = why_unwritable(Path(request.folder)) or "it was full or read-only for a while"
        message = f"the logs and the result of step {request.step} cannot be written in {request.folder}: {reason}"
        return TaskError("StoreError", f"{message}\n{MAKE_ROOM}", "store_write", request.language)
    if number:
        name = signal.Signals(number).name if number in set(signal.Signals) else "?"
        how = f"was ended by signal {number} ({name})"
    else:
        how = f"ended with exit status {status} before the step returned (os._exit?)"
    message = f"the process of step {request.step} {how}"
    return TaskError("TaskCrashed", message, "step_crashed", request.language, retry=status != NO_RETRY)

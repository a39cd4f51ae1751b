"""`python -m pyflow.interactive.rsession SOCKET OPTIONS`: the runner of a task that an R session has opened.

The session is the host of the task (shared_spec/task.md, section 6). When the task has ended, artifacts are still
loaded for it until it closes the connection.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from pyflow.app import spinning
from pyflow.engine.plan import Plan
from pyflow.hosts.r import RHost
from pyflow.interactive.graphs import checked, graph_now, recorded_graph, split_target
from pyflow.process.lines import LineSocket
from pyflow.repeat import Origin, Repeated
from pyflow.repeat.values import r_values
from pyflow.runner.r_step import Answers, run_message
from pyflow.spec.errors import PyflowError
from pyflow.spec.graph import Graph, parse_graph

# How long the session may take to connect.
PATIENCE = 60.0


class SessionHost(RHost):
    """The R session; it goes on after the task."""

    def close(self) -> None:
        """The connection is used on."""


def main(path: str, options: Mapping[str, Any]) -> int:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        listener.listen(1)
        listener.settimeout(PATIENCE)
        connection, _ = listener.accept()
    os.unlink(path)
    connection.settimeout(None)
    lines = LineSocket(connection)
    try:
        found = _spin(lines, options)
    except PyflowError as error:
        lines.send({"event": "error", "error": error.to_json()})
        return 1
    except Exception as error:  # noqa: BLE001 - the session shows it; nobody reads what this process prints
        message = f"{type(error).__name__}: {error}"
        lines.send({"event": "error", "error": {"code": "step_failed", "message": message, "hint": ""}})
        return 1
    _serve(lines, found)
    return 0


def _spin(lines: LineSocket, options: Mapping[str, Any]) -> Repeated:
    flow, target = split_target(options["pathspec"])
    graph = _graph(lines, flow, target, options.get("file"))
    host = SessionHost(lines, 0)
    given: Any = None
    if options.get("values"):
        given = lambda session: r_values(Path("artifacts"), session, lambda: host)  # noqa: E731
    elif options.get("artifacts"):
        given = Path(options["artifacts"])
    spin = spinning.SpinOptions(
        run=options["run"],
        artifacts=given,
        skip_decorators=options["skip_decorators"],
        persist=options["persist"],
        command=("spin", options["pathspec"]),
    )
    with _output_to(lines):

        def on_start(plan: Plan, origin: Origin) -> None:
            if spin.run and plan.graph.step(origin.task.step).language == "python":
                _stand_forward(lines, terminal=options.get("terminal", False))

        try:
            return spinning.spin(graph, target, spin, on_start=on_start, start_r=lambda: host)
        finally:
            # The step has ended: from here on Ctrl-C is the session's.
            signal.signal(signal.SIGINT, signal.SIG_IGN)


def _stand_forward(lines: LineSocket, *, terminal: bool) -> None:
    """A Python step begins in this process: Ctrl-C is for it, and the session's terminal, if it has one."""
    terminal = terminal and _take_terminal()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    lines.send({"event": "begins", "pid": os.getpid(), "terminal": terminal})


def _take_terminal() -> bool:
    """Make the terminal the standard input and output, as a debugger needs it; False where there is none."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        return False
    for number in (0, 1, 2):
        os.dup2(terminal, number)
    os.close(terminal)
    # The streams were made for a file and a pipe, and keep back what is printed.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    return True


def _graph(lines: LineSocket, flow: str, target: str, file: str | None) -> Graph:
    """The flow as it is now; an R flow's file is read by the session."""
    recorded = recorded_graph(flow, target)
    if recorded.language == "python":
        return graph_now(recorded, Path(file) if file else None)
    lines.send({"op": "graph", "flow": flow, "file": file or recorded.file})
    answer = lines.receive() or {}
    return checked(parse_graph(json.loads(answer["graph"]))) if answer.get("graph") else recorded


@contextmanager
def _output_to(lines: LineSocket) -> Iterator[None]:
    """What this process prints is shown by the session, whose console is not a descriptor in every editor."""
    reader, writer = os.pipe()
    kept = [os.dup(number) for number in (1, 2)]
    for number in (1, 2):
        os.dup2(writer, number)
    os.close(writer)
    copier = Thread(target=_copy, args=(reader, lines), daemon=True)
    copier.start()
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, original in zip((1, 2), kept, strict=True):
            os.dup2(original, number)
            os.close(original)
        copier.join()


def _copy(reader: int, lines: LineSocket) -> None:
    with os.fdopen(reader, encoding="utf-8", errors="replace") as output:
        for line in output:
            lines.send({"event": "output", "text": line})


def _serve(lines: LineSocket, found: Repeated) -> None:
    """Say how the task ended, and load artifacts until the session has enough."""
    session, error = found.session, found.result.error
    with tempfile.TemporaryDirectory(prefix="pyflow-") as folder:
        answers = Answers(session, Path(folder) / "value")
        run = run_message(session, scratch=str(answers.scratch), constants=False)
        run["names"] = sorted(session.names() - session.parameters.keys())
        lines.send(
            {
                "event": "ended",
                "ok": found.result.ok,
                "error": error.to_json() if error else None,
                "run": run,
            }
        )
        while (message := lines.receive()) is not None:
            lines.send(answers(message))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], json.loads(sys.argv[2])))

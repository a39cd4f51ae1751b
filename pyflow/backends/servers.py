"""Starts fork servers as child processes (shared_spec/task.md, section 5)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pyflow.ports import Interpreter
from pyflow.process.lines import LineSocket
from pyflow.process.places import why_unwritable
from pyflow.spec.errors import MAKE_ROOM, DefinitionError, HostError, PyflowError, StoreError
from pyflow.spec.graph import Graph

# How a language's interpreter is told to become a fork server that listens on descriptor FD.
COMMANDS: Mapping[str, Sequence[str]] = {
    "python": ("-m", "pyflow.runner", "FD"),
    "r": ("--no-echo", "--no-restore", "--no-save", "-e", "rflow:::zygote_main(FD)"),
}
MISSING_PACKAGE = "there is no package called"


class ForkServer:
    """One warm process. It ends when its control socket is closed, and so when this process dies."""

    def __init__(self, language: str, interpreter: Interpreter, load: Mapping[str, Any], log: Path) -> None:
        self.language = language
        self.log = log
        ours, theirs = socket.socketpair()
        arguments = [word.replace("FD", str(theirs.fileno())) for word in COMMANDS[language]]
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [*interpreter.command, *arguments],
                env={**os.environ, **interpreter.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[theirs.fileno()],
                # Ctrl-C at the terminal is for the engine alone. Not a session of its own: a process of the R server
                # must be able to join the process group of its runner, which the Python server started.
                process_group=0,
            )
        theirs.close()
        self.lines = LineSocket(ours)
        self.open = True
        self.send(load)

    @property
    def alive(self) -> bool:
        """Whether it can be asked: one that was killed a moment ago may not have been heard of yet."""
        return self.open and self.process.poll() is None

    def send(self, message: Mapping[str, Any]) -> None:
        try:
            self.lines.send(message)
        except OSError:
            self.open = False

    def wait_ready(self) -> None:
        """Raises what kept the server from loading the user's files."""
        message = self.lines.receive()
        if message is None:
            raise self._died()
        self.check_ready(message)

    def check_ready(self, message: Mapping[str, Any]) -> None:
        if message["event"] == "error":
            self.close()
            raise load_error(message["error"])

    def _died(self) -> PyflowError:
        self.close()
        output = self.log.read_text(errors="replace").strip()
        name = "R" if self.language == "r" else "Python"
        if MISSING_PACKAGE in output and "rflow" in output:
            return HostError(
                "the R package rflow is not installed for this R",
                code="rflow_missing",
                hint="Install it: R CMD INSTALL rflow (in the project's folder), or set R_LIBS to where it is.",
            )
        unwritable = why_unwritable(self.log.parent)
        if unwritable:
            message = f"the {name} fork server cannot write temporary files in {self.log.parent}: {unwritable}"
            return StoreError(message, code="store_write", hint=MAKE_ROOM)
        return HostError(f"the {name} fork server ended before it was ready:\n{output}", code="host_lost")

    def close(self) -> None:
        """Let the server end its tasks and itself; insist if it does not."""
        self.open = False
        self.lines.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def load_error(data: Mapping[str, Any]) -> PyflowError:
    """The user's file does not load: an error that shows the traceback of its own language."""
    text = data.get("traceback") or data["message"]
    return DefinitionError(text, code=data.get("code") or "definition", hint=data.get("hint") or "")


def load_message(graph: Graph, language: str, r_socket: Path, code: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What a fork server of `language` loads for this graph."""
    steps = [step for step in graph.steps if step.language == language]
    functions = [
        {"file": step.function.file, "name": step.function.name} for step in steps if step.function.name is not None
    ]
    files = [graph.file] if graph.file and graph.language == language else []
    functions += [{"file": file, "name": name} for file in files for name in hook_names(graph)]
    more = [function["file"] for function in functions if function["file"] not in files]
    return {
        "op": "load",
        "files": [*files, *dict.fromkeys(more)],
        "functions": functions,
        "flow": graph.name,
        "code": None if code is None else dict(code),
        "socket": str(r_socket) if language == "r" else None,
        "tables": len(graph.languages) > 1,
        "configs": [{"name": item.name, "value": item.value, "plain": item.plain} for item in graph.configs],
        **_decorators(graph, language),
    }


def hook_names(graph: Graph) -> list[str]:
    """The functions of the flow's file that are called after the run: they must be there before it."""
    hooks = [item.args for item in graph.decorators if item.name == "exit_hook"]
    return list(
        dict.fromkeys(name for args in hooks for key in ("on_success", "on_error") for name in args.get(key) or [])
    )


def _decorators(graph: Graph, language: str) -> dict[str, Any]:
    """Where the user's own decorators come from: modules by name (looked for in the flow's folder too), and the flow
    itself, which is then drafted with its mutators."""
    custom = [item for step in graph.steps for item in step.decorators if item.custom and item.language == language]
    files = dict.fromkeys(item.file for item in custom if item.file)
    if language != "python":
        return {"decorator_files": list(files)}
    own = graph.file if graph.language == "python" and (custom or graph.configs) else None
    return {
        "draft": own,
        "folder": str(Path(graph.file).parent) if graph.file else None,
        "decorators": sorted({item.name for item in custom if "." in item.name}),
    }


def needs_r(graph: Graph) -> bool:
    return "r" in graph.languages or (graph.language == "r" and bool(graph.constants))

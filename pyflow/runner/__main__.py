"""Entry of the Python fork server: `python -m pyflow.runner FD` (shared_spec/task.md, section 5)."""

from __future__ import annotations

import importlib
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyflow.codec import PythonCodec, native
from pyflow.define import copies, load
from pyflow.hosts import python as python_host
from pyflow.hosts import zygote
from pyflow.process.lines import LineSocket
from pyflow.runner.task import run_task
from pyflow.spec.errors import PyflowError


def main(descriptor: int) -> int:
    """Load what the first message names, say `ready`, and fork a child for each task until the socket ends."""
    control = socket.socket(fileno=descriptor)
    lines = LineSocket(control)
    message = lines.receive()
    if message is None:
        return 0
    try:
        _load(message)
    except PyflowError as error:
        lines.send({"event": "error", "error": error.to_json()})
        return 1
    except Exception as error:  # noqa: BLE001 - the user's file raised it
        lines.send({"event": "error", "error": python_host.describe(error).to_json()})
        return 1
    lines.send({"event": "ready", "pid": os.getpid()})
    zygote.serve(control, run_task)
    return 0


def _load(message: Mapping[str, Any]) -> None:
    copies.use_copies(message.get("code"))
    load.use_configs(message.get("configs") or [])
    if message.get("folder"):
        load.look_in(Path(message["folder"]))
    for file in message["files"]:
        module = load.load_file(Path(file))
        native.register_user_module(module.__name__)
    for function in message["functions"]:
        load.find_function(load.load_file(Path(function["file"])), function["name"])
    if message.get("draft"):
        load.draft_flow(Path(message["draft"]), message["flow"])
    for name in message.get("decorators") or []:
        load.find_decorator(name)
    if message.get("tables"):
        # Tasks that exchange tables need it; imported once here, it costs each of them nothing.
        importlib.import_module("pandas")
    _warm_up()


def _warm_up() -> None:
    """Read and write values once, so that what is loaded for it is loaded here: in each task it would cost time, and
    memory that the tasks do not share."""
    samples: list[Any] = ["warm up", {"a": 1}]
    if "pandas" in sys.modules:
        samples.append(sys.modules["pandas"].DataFrame({"x": [1.5, 2.5], "text": ["a", None], "yes": [True, False]}))
    codec = PythonCodec()
    for sample in samples:
        codec.decode(b"".join(bytes(chunk) for chunk in codec.encode(sample, "warm_up").chunks))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))

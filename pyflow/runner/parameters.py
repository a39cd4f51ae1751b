"""The `_parameters` task: stores the values of parameters, included files and constants as artifacts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pyflow.define import config, load
from pyflow.define.parsers import PARSERS
from pyflow.hosts import python as python_host
from pyflow.runner.r_step import run_r_step
from pyflow.runner.session import Session
from pyflow.spec.errors import Where
from pyflow.spec.task import TaskError


def save_parameters(session: Session) -> TaskError | None:
    """None if all is stored, else why not."""

    def save() -> None:
        for entry in session.request.values:
            value = _value(entry)
            if entry.get("parser") and value is not None:
                value = _parser(entry["parser"], session.request.flow_file)(value)
            session.save(entry["name"], session.codec.encode(value, entry["name"]))
        if session.request.language == "python" and session.request.constants:
            _save_constants(session)

    error = python_host.call(save, step=session.request.step)
    if error is None and session.request.language == "r" and session.request.constants:
        error = run_r_step(session, constants=True)
    return error


def _value(entry: Mapping[str, Any]) -> Any:
    if entry["kind"] != "file" or entry["value"] is None:
        return entry["value"]
    content = Path(entry["value"]).read_bytes()
    return content if entry["type"] == "bytes" else content.decode(entry.get("encoding") or "utf-8")


def _parser(name: str, flow_file: str | None) -> Callable[[Any], Any]:
    """A built-in one, that of a module, or a function of the flow's file."""
    if "." in name or name in PARSERS or flow_file is None:
        return config.find_parser(name)
    return load.find_function(load.load_file(Path(flow_file)), name)  # type: ignore[no-any-return]


def _save_constants(session: Session) -> None:
    request = session.request
    if request.flow_file is None:
        return
    flow = load.find_flow(load.load_file(Path(request.flow_file)), request.flow)
    for name in request.constants:
        value = load.evaluated(getattr(flow, name), Where(request.flow_file, artifact=name))
        session.save(name, session.codec.encode(value, name))

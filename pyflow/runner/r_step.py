"""An R step: the answers to what the R process asks (shared_spec/task.md, section 4)."""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyflow import vaults
from pyflow.codec import layout
from pyflow.hosts.r import RHost
from pyflow.ports import Encoded
from pyflow.runner.identity import current_values
from pyflow.runner.names import check_form
from pyflow.runner.session import Session
from pyflow.spec.errors import HostError, PyflowError, Where
from pyflow.spec.task import TaskError, TaskRequest

Message = dict[str, Any]


def run_r_step(session: Session, *, constants: bool = False, values: Path | None = None) -> TaskError | None:
    """Carry out the step, or evaluate the flow's constants or the file `values`, in an R process; None if it ended
    well."""
    request = session.request
    try:
        host = _host(session)
    except HostError as error:
        return TaskError("HostError", error.message, error.code, "r")
    answers = Answers(session, _scratch(request))
    try:
        run = run_message(session, scratch=str(answers.scratch), constants=constants)
        if values is not None:
            run |= {"values": str(values), "reserved": []}
        return host.converse(run, answers, timeout=request.timeout)
    finally:
        host.close()
        answers.clean()


def _host(session: Session) -> RHost:
    if session.foreground is not None:
        return session.foreground.start_r()
    return RHost.fork(session.request.hosts["r"], group=os.getpgrp(), logs=session.logs)


def _scratch(request: TaskRequest) -> Path:
    return Path(request.hosts["scratch"]) / f"{request.task}.{request.attempt}"


def run_message(session: Session, *, scratch: str, constants: bool) -> Message:
    """The first message of the conversation: everything the host needs to know."""
    request = session.request
    return {
        "op": "run",
        "step": request.step,
        "file": request.function["file"],
        "function": request.function["name"],
        "flow": request.flow,
        "join": request.join,
        "names": sorted(session.inherited),
        "read_only": sorted(session.parameters),
        "reserved": list(request.reserved),
        "inputs": [{"step": i.step, "names": sorted(session.input_refs(k))} for k, i in enumerate(request.inputs)]
        if request.join
        else [],
        "foreach": _foreach(request),
        "scratch": scratch,
        "seed": zlib.crc32(f"{request.pathspec}/{request.attempt}".encode()) >> 1,
        "environment": {**request.variables, **session.secrets},
        "current": current_values(request),
        "configs": list(request.configs),
        "wrappers": [dict(item) for item in request.wrappers if item["language"] == "r"],
        "constants": constants,
    }


def _foreach(request: TaskRequest) -> Message | None:
    """The innermost foreach and all that are open; a gang is the last of these, without a variable and a count."""
    frames = [{"step": f.step, "variable": f.variable, "index": f.index, "count": f.count} for f in request.foreach]
    stack = [*frames]
    if request.parallel is not None:
        split, index = request.inputs[0].step, request.parallel["node_index"]
        stack.append({"step": split, "variable": None, "index": index, "count": None})
    if not stack:
        return None
    return {**(frames or stack)[-1], "has_input": bool(frames) and not request.join, "stack": stack}


class Answers:
    """Called with each request of R; a refusal is an answer too, and R raises it where the user's code stood."""

    def __init__(self, session: Session, scratch: Path) -> None:
        self.session = session
        self.scratch = scratch
        self._made: list[Path] = []
        self._answers: Mapping[str, Callable[[Message], Message]] = {
            "load": self._load,
            "load_item": self._load_item,
            "describe": self._describe,
            "save": self._save,
            "keep": self._keep,
            "remove": self._remove,
            "merge": self._merge,
            "warn": self._warn,
            "secret": self._secret,
        }

    def __call__(self, message: Message) -> Message:
        answer = self._answers.get(message.get("op", ""))
        if answer is None:
            return _refusal(HostError(f"unknown request {message.get('op')!r}", code="protocol_error"))
        try:
            return {"ok": True, **answer(message)}
        except PyflowError as error:
            return _refusal(error)
        except LookupError as error:
            text = f"request {message['op']!r} lacks a field or names what is not there: {error!r}"
            return _refusal(HostError(text, code="protocol_error"))

    def _load(self, message: Message) -> Message:
        ref, columns = self.session.ref(message["name"], message.get("input")), message.get("columns")
        with self.session.reading(message["name"]):
            return {"layout": layout.layout_of(self.session.path(ref, whole=columns is None), columns)}

    def _describe(self, message: Message) -> Message:
        ref = self.session.ref(message["name"], message.get("input"))
        return {"artifact": ref.to_json() | {"path": str(self.session.path(ref)) if message.get("path") else None}}

    def _load_item(self, message: Message) -> Message:
        frames = self.session.request.foreach
        if not frames:
            raise HostError("this task is in no foreach", code="protocol_error")
        number = message.get("frame", len(frames) - 1)
        return {"layout": layout.layout_of(self._write_item(self.session.item(frames[number]), number))}

    def _write_item(self, encoded: Encoded, number: int) -> Path:
        path = self.scratch.with_name(f"{self.scratch.name}.item{number}")
        with path.open("wb") as file:
            for chunk in encoded.chunks:
                file.write(chunk)
        self._made.append(path)
        return path

    def _save(self, message: Message) -> Message:
        check_form(message["name"], Where(step=self.session.request.step, artifact=message["name"]))
        data = {"type": message.get("type", ""), "preview": message.get("preview", ""), **message["layout"]}
        encoded = layout.from_layout(data)
        encoded = replace(encoded, type=data["type"] or encoded.type, preview=data["preview"] or encoded.preview)
        self._made.append(Path(message["layout"]["path"]))
        return {"warnings": list(self.session.save(message["name"], encoded))}

    def _keep(self, message: Message) -> Message:
        self.session.keep(message["name"], self.session.ref(message["from"], message.get("input")))
        return {}

    def _remove(self, message: Message) -> Message:
        self.session.remove(message["name"])
        return {}

    def _merge(self, message: Message) -> Message:
        return {"names": self.session.merge(message["include"], message["exclude"], message["set"])}

    def _warn(self, message: Message) -> Message:
        self.session.warnings.append(message["message"])
        print(f"Warning: {message['message']}", file=sys.stderr)
        return {}

    def _secret(self, message: Message) -> Message:
        return {"values": vaults.get_secret(message["source"], message.get("role"))}

    def clean(self) -> None:
        for path in {*self._made, self.scratch}:
            path.unlink(missing_ok=True)


def _refusal(error: PyflowError) -> Message:
    return {"ok": False, "error": error.to_json()}

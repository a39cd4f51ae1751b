"""Values that take the place of a task's inputs: the dict ARTIFACTS of a Python file, or the list of an R file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyflow.define import load
from pyflow.hosts.r import RHost
from pyflow.runner.foreground import Foreground
from pyflow.runner.r_step import run_r_step
from pyflow.runner.session import Session
from pyflow.spec.errors import UserError
from pyflow.spec.task import ArtifactRef, Input, TaskRequest

NAME = "ARTIFACTS"
Given = Mapping[str, Any] | Path | Callable[[Session], dict[str, ArtifactRef]]


def python_values(path: Path) -> dict[str, Any]:
    """The dict ARTIFACTS of a file. Raises UserError `artifacts_module`, and what the file itself raises."""
    found = getattr(load.load_file(path), NAME, None)
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise UserError(
            f"{path} has no dict {NAME} with names as keys",
            code="artifacts_module",
            hint=f'Write: {NAME} = {{"name": value}}.',
        )
    return found


def r_values(path: Path, session: Session, start_r: Callable[[], RHost]) -> dict[str, ArtifactRef]:
    """The named list that an R file gives as its last value, kept as blobs. Raises UserError `artifacts_module`."""
    own = Session(replace(session.request, inputs=(), parameters={}, foreach=()), session.store, session.codec)
    own.foreground = Foreground(start_r)
    error = run_r_step(own, values=path.resolve())
    if error is not None:
        text = error.traceback or error.message
        raise UserError(f"{path} gives no list of artifacts:\n{text}", code="artifacts_module")
    return own.own


def store_values(session: Session, values: Mapping[str, Any]) -> dict[str, ArtifactRef]:
    """Keep the values as blobs; references by name."""
    refs = {}
    for name, value in values.items():
        encoded = session.codec.encode(value, name)
        digest, size = session.store.put(encoded.chunks)
        refs[name] = encoded.ref(digest, size)
    return refs


def given_values(given: Given, session: Session, start_r: Callable[[], RHost]) -> dict[str, ArtifactRef]:
    """References of the values that were given as they are, by a file in either language, or by a function."""
    if callable(given):
        return given(session)
    if not isinstance(given, Path):
        return store_values(session, given)
    if given.suffix.lower() == ".r":
        if not given.is_file():
            raise UserError(f"there is no file {given}", code="file_missing")
        return r_values(given, session, start_r)
    return store_values(session, python_values(given))


def replaced(request: TaskRequest, refs: Mapping[str, ArtifactRef]) -> TaskRequest:
    """The request with `refs` in place of parameters and artifacts of those names, in every input of a join; what the
    task did not have is given to it too. Who splits over a replaced artifact gives the item of the new one."""
    parameters = {name: refs.get(name, ref) for name, ref in request.parameters.items()}
    others = {name: ref for name, ref in refs.items() if name not in parameters}
    inputs = tuple(replace(item, artifacts={**item.artifacts, **others}) for item in request.inputs)
    if not inputs and others:
        inputs = (Input("", "", others),)
    foreach = tuple(
        replace(frame, digest=refs[frame.variable].digest) if frame.variable in refs else frame
        for frame in request.foreach
    )
    return replace(request, parameters=parameters, inputs=inputs, foreach=foreach)

"""One attempt from request to result (shared_spec/task.md, sections 1 to 3)."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyflow import store as stores
from pyflow.codec import PythonCodec
from pyflow.hosts import python as python_host
from pyflow.runner import follow
from pyflow.runner.parameters import save_parameters
from pyflow.runner.python_step import run_python_step, run_wrapped_r_step
from pyflow.runner.r_step import run_r_step
from pyflow.runner.secrets import masked_error, masked_result, open_secrets
from pyflow.runner.session import Session
from pyflow.spec.caught import CaughtError
from pyflow.spec.errors import PyflowError, StoreError
from pyflow.spec.task import PARAMETERS, TaskError, TaskRequest, TaskResult, parse_request

STEPS = {"python": run_python_step, "r": run_r_step}


def run_task(message: Mapping[str, Any]) -> None:
    """Carry out the request and leave `result.json` in its folder."""
    began = time.monotonic()
    request = parse_request(message)
    os.environ.update(request.variables)
    try:
        session = Session(request, stores.open_store(request.store), PythonCodec())
        result = masked_result(attempt(session), session.mask)
    except (PyflowError, OSError) as error:
        result = TaskResult(ok=False, error=python_host.describe(error))
        python_host.show_error(python_host.describe(error))
    write_result(Path(request.folder), replace(result, seconds=round(time.monotonic() - began, 6)))


def attempt(session: Session) -> TaskResult:
    """Run the task's code, or take over what earlier attempts left, and say what came of it."""
    request = session.request
    error = request.caught or masked_error(open_secrets(session) or _run_step(session), session.mask)
    catch = request.catch
    if error is not None and request.caught is None and _is_shown(request):
        python_host.show_error(error)
    if error is not None and (catch is None or not request.last_attempt):
        return _result(session, ok=False, error=error)
    if catch is not None and catch["var"]:
        session.save(catch["var"], session.codec.encode(_caught_value(error), catch["var"]))
    try:
        count, choice = follow.child_count(session), follow.choice(session)
        return _result(session, ok=True, error=error, count=count, choice=choice)
    except PyflowError as problem:
        failure = python_host.describe(problem)
        python_host.show_error(failure)
        return _result(session, ok=False, error=failure)


def _is_shown(request: TaskRequest) -> bool:
    """An error that `catch` stores is printed unless it says otherwise."""
    return request.catch is None or not request.last_attempt or request.catch["print_exception"]


def _run_step(session: Session) -> TaskError | None:
    if session.request.step == PARAMETERS:
        return save_parameters(session)
    language = session.request.language
    if language == "r" and any(item["language"] == "python" for item in session.request.wrappers):
        return run_wrapped_r_step(session)
    return STEPS[language](session)


def _caught_value(error: TaskError | None) -> CaughtError | None:
    """What `catch` stores: None, or the error as plain data that every language reads."""
    if error is None:
        return None
    return CaughtError(
        type=error.type,
        exception=error.message,
        stacktrace=error.traceback,
        language=error.language,
        code=error.code,
    )


def _result(
    session: Session, *, ok: bool, error: TaskError | None, count: int | None = None, choice: str | None = None
) -> TaskResult:
    return TaskResult(
        ok=ok,
        artifacts=session.own,
        removed=tuple(sorted(session.removed)),
        foreach_count=count,
        choice=choice,
        error=error,
        caught=ok and error is not None,
        warnings=tuple(session.warnings),
    )


def write_result(folder: Path, result: TaskResult) -> None:
    """Write the result under a temporary name and rename it, so that no half of one is ever read.

    Raises StoreError `store_write`.
    """
    temporary = folder / ".result.json"
    try:
        temporary.write_text(json.dumps(result.to_json()), encoding="utf-8")
        temporary.replace(folder / "result.json")
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise StoreError(f"cannot write the result in {folder}: {error.strerror}", code="store_write") from error

"""Carries a repeated task out in this process, and records it as a run of its own that is marked as a repetition."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pyflow.codec import PythonCodec
from pyflow.define.current import current
from pyflow.engine import plan as plans
from pyflow.engine.plan import Plan
from pyflow.engine.state import Frame, Task
from pyflow.metadata.liveness import hold_run_lock
from pyflow.ports import Metadata
from pyflow.repeat.origin import Origin
from pyflow.runner.foreground import Foreground
from pyflow.runner.secrets import masked_result
from pyflow.runner.session import Session
from pyflow.runner.task import STEPS, attempt
from pyflow.spec.records import (
    FAILED,
    SUCCESS,
    AttemptFinished,
    AttemptStarted,
    Change,
    RunCreated,
    RunFinished,
)
from pyflow.spec.task import PARAMETERS, ArtifactRef, TaskRequest, TaskResult
from pyflow.store import open_store


@dataclass(frozen=True)
class Repeated:
    """What came of it. `session` can load every artifact of the task, those that it set included."""

    request: TaskRequest
    result: TaskResult
    session: Session


def open_session(request: TaskRequest, foreground: Foreground) -> Session:
    session = Session(request, open_store(request.store), PythonCodec())
    session.foreground = foreground
    return session


def carry_out(plan: Plan, origin: Origin, session: Session, metadata: Metadata, clock: Callable[[], float]) -> Repeated:
    """Run the task's code and record what came of it in the metadata, which are those of the plan's store."""
    request = session.request
    Path(request.folder).mkdir(parents=True, exist_ok=True)
    with hold_run_lock(Path(plan.root), plan.flow, plan.run), _environment(request.environment):
        metadata.record(_begin(plan, origin, clock()))
        began = time.monotonic()
        result = masked_result(attempt(session), session.mask)
        result = replace(result, seconds=round(time.monotonic() - began, 6))
        metadata.record(_end(plan, origin, session, result, clock()))
    return Repeated(request, result, session)


def open_only(session: Session) -> Repeated:
    """Make the step's `self` without running its code; nothing is recorded."""
    error = None
    if session.request.language == "python":
        with _environment(session.request.environment):
            error = STEPS["python"](session)
    return Repeated(session.request, TaskResult(ok=error is None, error=error), session)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """The step's variables are set, and `current` tells of it, only meanwhile: the process may be a notebook's."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)
        current._set({"is_running_flow": False})


def _task(origin: Origin) -> Task:
    row = origin.task
    frames = tuple(Frame(**frame) for frame in row.foreach)
    # Its inputs are tasks of another run.
    return Task(row.task, row.step, frames, inputs=(), iteration=row.iteration)


def _begin(plan: Plan, origin: Origin, at: float) -> list[Change]:
    run = replace(plans.run_row(plan, at), spin=origin.pathspec)
    task = _task(origin)
    values = Task(PARAMETERS, PARAMETERS, (), ())
    changes: list[Change] = [RunCreated(run)]
    if PARAMETERS in origin.done:
        changes.append(AttemptStarted(plans.task_row(plan, values, at), plans.attempt_row(plan, values, at)))
        changes.append(_finished(plan, values, SUCCESS, at, artifacts=origin.done[PARAMETERS]))
    return [*changes, AttemptStarted(plans.task_row(plan, task, at), plans.attempt_row(plan, task, at))]


def _end(plan: Plan, origin: Origin, session: Session, result: TaskResult, at: float) -> list[Change]:
    status = SUCCESS if result.ok else FAILED
    task = _task(origin)
    has = {name: ref for name in session.names() if (ref := session.ref(name)) and name not in session.parameters}
    ended = replace(
        _finished(plan, task, status, at, artifacts=has),
        error=result.error,
        own=frozenset(result.artifacts),
        warnings=result.warnings,
        foreach_count=result.foreach_count,
        choice=result.choice,
    )
    error = None
    if not result.ok and result.error is not None:
        error = {**result.error.to_json(), "step": task.step, "task": task.id, "attempt": 0}
    return [ended, RunFinished(plan.flow, plan.run, SUCCESS if result.ok else FAILED, at, error)]


def _finished(
    plan: Plan, task: Task, status: str, at: float, *, artifacts: Mapping[str, ArtifactRef]
) -> AttemptFinished:
    return AttemptFinished(
        plan.flow, plan.run, task.step, task.id, 0, status, at, final=True, artifacts=dict(artifacts)
    )

"""What the end of an attempt means: an event for the state machine, a status and an error for people. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pyflow.engine.events import Failed, Stopped, Succeeded
from pyflow.engine.state import Task
from pyflow.ports import Ended
from pyflow.spec.gangs import Limits
from pyflow.spec.graph import Step
from pyflow.spec.records import CAUGHT, CRASHED, FAILED, INTERRUPTED, SUCCESS
from pyflow.spec.task import TaskError, TaskResult


@dataclass(frozen=True)
class Outcome:
    """`error` is why it failed, or what `catch` stored; None for an attempt that was told to stop."""

    event: Succeeded | Failed | Stopped
    status: str
    result: TaskResult | None
    error: TaskError | None


def outcome(task: Task, step: Step | None, ended: Ended, *, stopped: bool, timeout: float, limits: Limits) -> Outcome:
    """`step` is None for `_parameters`; `stopped`: the engine told the attempt to stop because the run is to end or its
    gang has failed; `timeout`: the seconds after which the engine ended it because it took longer, else 0."""
    result = ended.result
    if result is not None and result.ok:
        error = None if step is None else _refused(step, result, limits)
        if error is None:
            status = CAUGHT if result.caught else SUCCESS
            event = Succeeded(task.id, task.attempt, result.foreach_count, result.choice)
            return Outcome(event, status, result, result.error)
    elif stopped:
        return Outcome(Stopped(task.id, task.attempt), INTERRUPTED, result, None)
    else:
        error = _reason(task, ended, timeout)
    error = replace(error, traceback=error.traceback or f"{error.type}: {error.message}")
    status = FAILED if result is not None else CRASHED
    return Outcome(Failed(task.id, task.attempt, error, crashed=result is None), status, result, error)


def _refused(step: Step, result: TaskResult, limits: Limits) -> TaskError | None:
    """Why the run cannot go on after a result that is ok."""
    kind, count = step.transition.kind, result.foreach_count or 0
    if kind in ("foreach", "parallel") and count <= 0:
        return _protocol_error(step, f"{kind} step {step.name} does not say how many tasks follow")
    if kind == "switch" and result.choice not in step.transition.targets:
        return _protocol_error(step, f"switch step {step.name} chooses {result.choice!r}")
    why = limits.too_large(step, count) if kind == "parallel" else None
    if why is None:
        return None
    return TaskError("GangError", " ".join(why), code="gang_too_large", language=step.language, retry=False)


def _protocol_error(step: Step, what: str) -> TaskError:
    """A result that would leave the run waiting for ever."""
    return TaskError("ProtocolError", f"the result of {what}", "protocol_error", step.language, retry=False)


def _reason(task: Task, ended: Ended, timeout: float) -> TaskError:
    if ended.result is not None:
        return ended.result.error or TaskError(
            "ProtocolError", "the task failed without an error", code="protocol_error"
        )
    error = ended.error or TaskError("TaskCrashed", "the task ended without a result", code="step_crashed")
    if not timeout:
        return error
    message = f"step {task.step} took longer than its timeout of {timeout:g} s and did not react; it was ended"
    return replace(error, type="TimeoutException", code="step_timeout", message=message, traceback="")

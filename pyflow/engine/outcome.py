"""What the end of an attempt means: an event for the state machine, a status and an error for people. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pyflow.engine.state import Failed, Stopped, Succeeded, Task
from pyflow.ports import Ended
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


def outcome(task: Task, step: Step | None, ended: Ended, *, stopped: bool, timeout: float) -> Outcome:
    """`step` is None for `_parameters`; `stopped`: the engine told the attempt to stop because the run is to end;
    `timeout`: the seconds after which the engine ended it because it took longer, else 0."""
    result = ended.result
    if result is not None and result.ok:
        error = _missing_count(step, result)
        if error is None:
            status = CAUGHT if result.caught else SUCCESS
            return Outcome(Succeeded(task.id, task.attempt, result.foreach_count), status, result, result.error)
    elif stopped:
        return Outcome(Stopped(task.id, task.attempt), INTERRUPTED, result, None)
    else:
        error = _reason(task, ended, timeout)
    error = replace(error, traceback=error.traceback or f"{error.type}: {error.message}")
    status = FAILED if result is not None else CRASHED
    return Outcome(Failed(task.id, task.attempt, error, crashed=result is None), status, result, error)


def _missing_count(step: Step | None, result: TaskResult) -> TaskError | None:
    """A foreach whose result does not say how many tasks follow would leave the run waiting for ever."""
    if step is None or step.transition.kind != "foreach" or (result.foreach_count or 0) > 0:
        return None
    message = f"the result of foreach step {step.name} does not say how many items there are"
    return TaskError("ProtocolError", message, code="protocol_error", language=step.language, retry=False)


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

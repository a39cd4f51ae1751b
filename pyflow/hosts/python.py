"""Calls a user's Python function in this process, with its timeout, and tells a failure as a value."""

from __future__ import annotations

import os
import re
import signal
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from pyflow.spec.errors import PyflowError, StoreError
from pyflow.spec.task import NO_RETRY, TaskError

# Frames that a user has not written and cannot mend: ours, and those of the import machinery.
_OURS = (str(Path(__file__).resolve().parents[1]) + os.sep, "<frozen ")
# Our own errors are shown by their name alone, without the module that is nothing to the user.
_OUR_TYPES = re.compile(r"^pyflow\.[\w.]+\.(\w+)", re.MULTILINE)
_LIBRARIES = tuple({sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")})


class TimeoutException(Exception):
    """The step took longer than its timeout."""


def call(function: Callable[[], object], *, step: str, timeout: float = 0.0) -> TaskError | None:
    """Run `function`; None if it returns, else why not. `timeout` in seconds, 0 for none.

    The timeout interrupts Python code; code that stays in C is ended by the engine instead.
    """
    try:
        with _alarm(timeout, step):
            function()
    except SystemExit as error:
        return _exit_error(error, step)
    except BaseException as error:  # noqa: BLE001 - whatever the user's code raises is a value for the engine
        return describe(error)
    return None


@contextmanager
def _alarm(timeout: float, step: str) -> Iterator[None]:
    if timeout <= 0:
        yield
        return

    def ring(number: int, frame: FrameType | None) -> None:
        raise TimeoutException(f"step {step} took longer than its timeout of {timeout:g} s")

    previous = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, timeout)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def describe(error: BaseException) -> TaskError:
    """The error with the user's traceback, without frames of pyflow."""
    report = traceback.TracebackException.from_exception(error, compact=True)
    _strip(report)
    place = _place(error)
    if isinstance(error, PyflowError):
        code = error.code
        if not _own_frames(error.__cause__):
            # Which library refused it, and in which line, says no more than the message.
            report.__cause__ = report.__context__ = None
    else:
        code = "step_timeout" if isinstance(error, TimeoutException) else "step_failed"
    return TaskError(
        type=type(error).__name__,
        message=_message(error),
        code=code,
        traceback=_OUR_TYPES.sub(r"\1", "".join(report.format()).rstrip("\n")),
        file=place.filename if place else None,
        line=place.lineno if place else None,
    )


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a user's __str__ may be broken
        return f"<{type(error).__name__} whose message cannot be shown>"


def _strip(report: traceback.TracebackException) -> None:
    kept = [frame for frame in report.stack if not frame.filename.startswith(_OURS)]
    report.stack = traceback.StackSummary.from_list(kept)
    for linked in (report.__cause__, report.__context__, *(report.exceptions or ())):
        if linked is not None:
            _strip(linked)


def _place(error: BaseException) -> traceback.FrameSummary | None:
    """Where in the user's own files it happened: the innermost frame outside pyflow and the libraries."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(_OURS)]
    return (_own_frames(error) or frames or [None])[-1]


def _own_frames(error: BaseException | None) -> list[traceback.FrameSummary]:
    """Frames in the user's own files."""
    frames = traceback.extract_tb(error.__traceback__ if error else None)
    return [f for f in frames if not f.filename.startswith((*_OURS, *_LIBRARIES, "<"))]


def _exit_error(error: SystemExit, step: str) -> TaskError:
    place = _place(error)
    shown = "" if error.code is None else repr(error.code)
    return TaskError(
        type="SystemExit",
        message=f"step {step} called sys.exit({shown}); a step ends by returning, and fails by raising an exception",
        code="step_exit",
        traceback=describe(error).traceback,
        file=place.filename if place else None,
        line=place.lineno if place else None,
        retry=error.code != NO_RETRY,
    )


def show_error(error: TaskError) -> None:
    """Print a failure to the task's standard error, as Python itself would; it is in the result, whether that works or
    not."""
    with suppress(OSError, StoreError):
        print(error.traceback or f"{error.type}: {error.message}", file=sys.stderr)

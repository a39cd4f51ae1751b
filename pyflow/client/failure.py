"""Why a run, task or attempt failed, as people want to see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyflow.spec.task import TaskError, parse_error


@dataclass(frozen=True, repr=False)
class Failure:
    """An exception (Python) or condition (R) that ended an attempt. `step` and `task` are set for a run's."""

    type: str
    message: str
    traceback: str
    language: str
    code: str
    file: str | None = None
    line: int | None = None
    step: str | None = None
    task: str | None = None

    @property
    def exception(self) -> str:
        """Metaflow's name for the message."""
        return self.message

    @property
    def stacktrace(self) -> str:
        """Metaflow's name for the traceback."""
        return self.traceback

    def __str__(self) -> str:
        return self.traceback.rstrip() or f"{self.type}: {self.message}"

    def __repr__(self) -> str:
        return f"<{self.type}: {self.message}>"


def failure_of(error: TaskError | None, **where: str) -> Failure | None:
    if error is None:
        return None
    return Failure(
        error.type, error.message, error.traceback, error.language, error.code, error.file, error.line, **where
    )


def run_failure(error: Mapping[str, Any] | None) -> Failure | None:
    """The failure in a run's error, which says in which task it was."""
    if error is None:
        return None
    return failure_of(parse_error(error), step=error["step"], task=error["task"])

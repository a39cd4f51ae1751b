"""A task that runs where a person is: in their terminal, with a debugger if they like, or in their session.

The runner is the same; only this differs: where an R process comes from, that output is not diverted, and that the
exception and the `self` of the step are kept for the person to look at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pyflow.hosts import python as python_host
from pyflow.hosts.r import RHost
from pyflow.spec.task import TaskError


@dataclass
class Foreground:
    """`start_r` gives the R process. `flow` and `exception` are set when a Python step has run; `run` False gives its
    `flow` without running it."""

    start_r: Callable[[], RHost]
    run: bool = True
    flow: Any = None
    exception: BaseException | None = field(default=None, repr=False)

    def call(self, function: Callable[[], object], *, step: str, timeout: float = 0.0) -> TaskError | None:
        """As hosts.python.call, but the exception is kept."""

        def keeping() -> None:
            try:
                function()
            except BaseException as error:
                self.exception = error
                raise

        return python_host.call(keeping, step=step, timeout=timeout)

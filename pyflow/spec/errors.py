"""All errors of pyflow, as one tree.

    PyflowError                 code, message, hint, where
     +- UserError               you made a mistake: fix it and run again        (exit 1)
     |   +- UsageError          the command line                                (exit 2)
     |   +- DefinitionError     the flow: file, steps, parameters, decorators
     |   +- GraphError          the graph breaks rules; carries every problem
     |   +- ArtifactError       a value or name that cannot be an artifact
     |   |   +- ReadOnlyError   a parameter or constant that a step would change; an AttributeError, too
     |   +- MergeError          merge_artifacts found a conflict or a gap
     |   +- SecretError         a secret that is missing or not described rightly
     |   +- NotFoundError       no such flow, run, step, task, artifact
     |   +- ResumeError         a run that cannot be resumed with this flow; carries every problem
     |   +- RunFailed           a run that ended without success
     +- MachineError            the machine failed: retry or report             (exit 1)
         +- StoreError          a blob is missing or corrupt, a folder cannot be written
         +- HostError           a language process died or broke the protocol

The engine never sees these for a failing task: such a failure is a value (spec.task.TaskError).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# The hint of `store_write`.
MAKE_ROOM = "Make room, or make the place writable."


@dataclass(frozen=True)
class Where:
    """A place that a message names; every part is optional."""

    file: str | None = None
    line: int | None = None
    step: str | None = None
    artifact: str | None = None

    def __str__(self) -> str:
        parts = []
        if self.file:
            parts.append(f"{self.file}:{self.line}" if self.line else self.file)
        if self.step:
            parts.append(f"step {self.step}")
        if self.artifact:
            parts.append(f"artifact {self.artifact}")
        return ", ".join(parts)


class ArtifactWarning(UserWarning):
    """An artifact is read as less than it is; the text names the artifact, what is lost and the way out."""


class PyflowError(Exception):
    """Something went wrong in pyflow."""

    code = "error"
    exit_code = 1

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        hint: str = "",
        where: Where | None = None,
    ) -> None:
        self.message = message or (self.__doc__ or "").strip()
        self.code = code or type(self).code
        self.hint = hint
        self.where = where or Where()
        super().__init__(self.message)

    def __str__(self) -> str:
        place = str(self.where)
        text = f"{place}: {self.message}" if place else self.message
        return f"{text}\n{self.hint}" if self.hint else text

    def to_json(self) -> dict[str, object]:
        return {
            "code": self.code,
            "type": type(self).__name__,
            "message": self.message,
            "hint": self.hint,
            "where": {k: v for k, v in vars(self.where).items() if v is not None},
        }


class UserError(PyflowError):
    """The flow or the command needs a correction."""

    code = "user_error"


class UsageError(UserError):
    """The command line is wrong."""

    code = "usage"
    exit_code = 2


class DefinitionError(UserError):
    """The flow is not defined correctly."""

    code = "definition"


class _ProblemsError(UserError):
    """Several things are wrong at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems), code=problems[0].code)

    def to_json(self) -> dict[str, object]:
        return {**super().to_json(), "problems": [problem.to_json() for problem in self.problems]}


class GraphError(_ProblemsError):
    """The graph of the flow breaks a rule."""

    code = "graph"


class ResumeError(_ProblemsError):
    """The run cannot be resumed with the flow as it is now."""

    code = "resume"


class ArtifactError(UserError):
    """This value or name cannot be an artifact."""

    code = "artifact_unsupported"


class ReadOnlyError(ArtifactError, AttributeError):
    """A parameter or constant cannot be changed in a step."""

    code = "artifact_read_only"


class MergeError(UserError):
    """merge_artifacts found values that differ between the inputs."""

    code = "merge_conflict"


class SecretError(UserError):
    """A secret is not to be had."""

    code = "secret_missing"


class NotFoundError(UserError):
    """There is nothing of that name."""

    code = "not_found"


class RunFailed(UserError):
    """The run did not succeed."""

    code = "run_failed"


class MachineError(PyflowError):
    """The machine failed; the flow may be right."""

    code = "machine_error"


class StoreError(MachineError):
    """The store cannot be read or written."""

    code = "store"


@contextmanager
def reading_artifact(what: str) -> Iterator[None]:
    """A StoreError that is raised in here says which artifact was read."""
    try:
        yield
    except StoreError as error:
        raise StoreError(f"{what}: {error.message}", code=error.code, hint=error.hint, where=error.where) from error


class HostError(MachineError):
    """A language process died or did not keep to the protocol."""

    code = "host_lost"


@dataclass(frozen=True)
class Problem:
    """One broken rule of graph.md, section 2."""

    code: str
    message: str
    where: Where = Where()
    hint: str = ""

    def __str__(self) -> str:
        place = str(self.where)
        text = f"{place}: {self.message}" if place else self.message
        return f"{text} {self.hint}" if self.hint else text

    def to_json(self) -> dict[str, object]:
        place = {k: v for k, v in vars(self.where).items() if v is not None}
        return {"code": self.code, "message": self.message, "hint": self.hint, **place}

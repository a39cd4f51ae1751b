"""The secrets of a step: taken from their sources just before it runs, and masked wherever it speaks."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from pyflow import vaults
from pyflow.hosts import masking
from pyflow.hosts import python as python_host
from pyflow.hosts.masking import Mask
from pyflow.runner.session import Session
from pyflow.spec.task import ArtifactRef, TaskError, TaskResult


def open_secrets(session: Session) -> TaskError | None:
    """Take the step's secrets, if it has any; from here on this process is one whose output is masked."""
    asked = session.request.secrets
    if asked is None:
        return None

    def resolve() -> None:
        session.secrets = vaults.resolve(
            asked.get("sources", []), role=asked.get("role"), allow_override=asked.get("allow_override", False)
        )

    error = python_host.call(resolve, step=session.request.step)
    if error is not None or not session.secrets:
        return error
    session.mask = Mask(session.secrets.values())
    os.environ.update(session.secrets)
    if session.foreground is not None:
        return None  # a person's own terminal, where a filter would be in a debugger's way
    folder = session.request.hosts.get("scratch") or tempfile.mkdtemp(prefix="pyflow-")
    session.logs = masking.divert(session.mask, Path(folder), session.request.id)
    return None


def masked_error(error: TaskError | None, mask: Mask) -> TaskError | None:
    """The error without secrets: it is stored, shown, and may become an artifact."""
    if error is None:
        return None
    texts = {name: mask.text(getattr(error, name)) for name in ("message", "traceback", "call")}
    return replace(error, **texts)


def masked_result(result: TaskResult, mask: Mask) -> TaskResult:
    """The result without secrets in what it says; artifacts hold what the step put into them."""
    artifacts = {name: _masked_ref(ref, mask) for name, ref in result.artifacts.items()}
    warnings = tuple(map(mask.text, result.warnings))
    return replace(result, artifacts=artifacts, warnings=warnings, error=masked_error(result.error, mask))


def _masked_ref(ref: ArtifactRef, mask: Mask) -> ArtifactRef:
    """A scalar with a secret in it is not told at all: a search must not find it by parts."""
    told = str(ref.scalar)
    scalar = ref.scalar if mask.text(told) == told else None
    return replace(ref, preview=mask.text(ref.preview), scalar=scalar)

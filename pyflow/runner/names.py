"""Which names an artifact may have (shared_spec/artifact.md, section 6)."""

from __future__ import annotations

import unicodedata

from pyflow.define.flow import FlowSpec
from pyflow.runner.session import Session
from pyflow.spec.errors import ArtifactError, ReadOnlyError, Where
from pyflow.spec.names import is_value_name

_METHODS = frozenset(name for name in vars(FlowSpec) if not name.startswith("_"))


def check_name(name: str, session: Session) -> None:
    """Raises ArtifactError `artifact_name_invalid`, `artifact_name_taken` or `artifact_read_only`."""
    where = Where(step=session.request.step, artifact=name)
    check_form(name, where)
    if name in session.parameters:
        raise ReadOnlyError(
            f"{name!r} is a parameter or constant of the flow and cannot be changed in a step",
            code="artifact_read_only",
            where=where,
            hint="Choose another name for the new value.",
        )
    if name in _METHODS or name in session.request.reserved:
        what = "a step" if name in session.request.reserved else "a part of every flow"
        raise ArtifactError(
            f"{name!r} cannot be the name of an artifact, because it is {what}",
            code="artifact_name_taken",
            where=where,
            hint="Choose another name.",
        )


def check_form(name: str, where: Where) -> None:
    """Raises ArtifactError `artifact_name_invalid`; the same for both languages."""
    if not is_value_name(name):
        composed = unicodedata.normalize("NFKC", name)
        raise ArtifactError(
            f"{name!r} cannot be the name of an artifact",
            code="artifact_name_invalid",
            where=where,
            hint=f"Write it as {composed!r}, as Python reads it (Unicode NFKC)."
            if is_value_name(composed)
            else "A name begins with a letter or _, and has letters, digits and _ only.",
        )

"""What follows an attempt in any language: how many tasks a split makes, which step a switch chooses."""

from __future__ import annotations

import json
from typing import Any

from pyflow.runner.session import Session
from pyflow.spec.errors import ArtifactError, NotFoundError, Where
from pyflow.spec.graph import parse_transition
from pyflow.spec.switch import chosen_target


def child_count(session: Session) -> int | None:
    """The number of tasks that follow a foreach or a split into a gang; None for other steps."""
    if session.request.transition["kind"] != "parallel":
        return session.split_count()
    size = session.request.transition["num_parallel"]
    name = size if isinstance(size, str) else None
    if name is not None:
        size = _value(session, name, "how many tasks to start")
    elif size is None:
        size = session.said_size
    if isinstance(size, float) and size.is_integer():
        size = int(size)  # R's numbers are doubles
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        step = session.request.step
        raise ArtifactError(
            f"step {step} starts {_shown(size)} tasks at the same time; it must be a whole number, one or more",
            code="num_parallel_invalid",
            where=Where(step=step, artifact=name),
        )
    return size


def choice(session: Session) -> str | None:
    """The step that a switch goes on to; None for other steps."""
    transition = parse_transition(session.request.transition)
    if transition.condition is None:
        return None
    step, condition = session.request.step, transition.condition
    value = _value(session, condition, "which step follows")
    target = chosen_target(transition, value)
    if target is None:
        raise ArtifactError(
            f"step {step} has no case for {condition} = {_shown(value)}",
            code="switch_no_case",
            where=Where(step=step, artifact=condition),
            hint=f"The cases are {', '.join(_shown(key) for key, _ in transition.cases)}.",
        )
    return target


def _value(session: Session, name: str, what: str) -> Any:
    """The value of an artifact that decides `what`; a vector of one element counts as that element."""
    try:
        value = session.load(session.ref(name), name)
    except NotFoundError:
        step = session.request.step
        raise ArtifactError(
            f"{name!r} is to say {what} after step {step}, but there is no artifact of that name",
            code="artifact_missing",
            where=Where(step=step, artifact=name),
            hint=f"Set it in the step, or name another artifact than {name!r}.",
        ) from None
    plain = value.tolist() if hasattr(value, "tolist") else value
    return plain[0] if isinstance(plain, list) and len(plain) == 1 else plain


def _shown(value: Any) -> str:
    if value is None or isinstance(value, str | int | float):
        return json.dumps(value, ensure_ascii=False)
    return f"a value of type {type(value).__name__}"

"""The keys of a switch: how a value is written as one, and which case it chooses (shared_spec/graph.md, section 4)."""

from __future__ import annotations

import math
from typing import Any

from pyflow.spec.graph import Transition


def case_key(value: Any) -> str | None:
    """The key that stands for a text, number or logical; None for a value that cannot choose a case."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return None if not math.isfinite(value) else str(int(value)) if value.is_integer() else repr(float(value))
    # A text's own class may write itself differently (enum.StrEnum).
    return str.__str__(value) if isinstance(value, str) else None


def chosen_target(transition: Transition, value: Any) -> str | None:
    """The step that a switch goes on to for this value of its condition; None if no case is for it."""
    key = case_key(value)
    for name, target in transition.cases:
        # R and Python spell logicals differently: TRUE, True, true.
        if name == key or (isinstance(value, bool) and name.lower() == key):
            return target
    return None

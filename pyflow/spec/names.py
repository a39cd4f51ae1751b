"""What a name may look like, and the nearest known name when one is unknown."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_STEP = re.compile(r"[a-z][a-z0-9_]*")


def is_identifier(name: str) -> bool:
    """A flow's or a parameter's name: an ASCII letter, then letters, digits and underscores."""
    return _IDENTIFIER.fullmatch(name) is not None


def is_step_name(name: str) -> bool:
    return _STEP.fullmatch(name) is not None


def is_artifact_name(name: str) -> bool:
    """The name of an artifact that is kept: names that begin with two underscores are private to a task."""
    return name.isidentifier() and not name.startswith("__")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` is most likely a misspelling of, or None."""
    folded = {item.casefold().replace("-", "_"): item for item in known}
    found = difflib.get_close_matches(name.casefold().replace("-", "_"), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that suggests the nearest known name, or nothing."""
    found = nearest(name, known)
    return "" if found is None else f"Did you mean {found!r}?"

"""What a name may look like, and the nearest known name when one is unknown."""

from __future__ import annotations

import difflib
import re
import unicodedata
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
    return is_value_name(name) and not name.startswith("__")


def is_value_name(name: str) -> bool:
    """What may stand behind `self.` in both languages (artifact.md, section 6): letters, digits and `_`."""
    return bool(name) and all(_in_name(sign, first=not i) for i, sign in enumerate(name)) and _is_composed(name)


def _in_name(sign: str, *, first: bool) -> bool:
    category = unicodedata.category(sign)
    return sign == "_" or category.startswith("L") or (not first and category in ("Mn", "Mc", "Nd"))


def _is_composed(name: str) -> bool:
    """Python reads every name in this form, so that one written otherwise could not be found again."""
    return unicodedata.is_normalized("NFKC", name)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` is most likely a misspelling of, or None."""
    folded = {item.casefold().replace("-", "_"): item for item in known}
    found = difflib.get_close_matches(name.casefold().replace("-", "_"), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that suggests the nearest known name, or nothing."""
    found = nearest(name, known)
    return "" if found is None else f"Did you mean {found!r}?"

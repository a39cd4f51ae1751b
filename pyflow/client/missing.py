"""What is not there. `x[name]` and `x.name` must raise errors of Python's own kinds too.

NotFoundError
 +- MissingItem          also a KeyError
 +- MissingName          also an AttributeError
"""

from __future__ import annotations

from collections.abc import Iterable

from pyflow.spec.errors import NotFoundError, UserError
from pyflow.spec.names import nearest

# How many known names a message lists.
LISTED = 10


class MissingItem(NotFoundError, KeyError):
    """There is no such item."""


class MissingName(NotFoundError, AttributeError):
    """There is no such name."""


def suggestion(name: str, known: Iterable[str], *, what: str) -> str:
    """What to try instead: the nearest of `known`, else some of them; `what` names their kind (plural)."""
    names = list(known)
    near = nearest(name, names)
    if near is not None:
        return f"Did you mean {near!r}?"
    if not names:
        return f"There are no {what}."
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"The {what} are: {', '.join(names[:LISTED])}{more}."


def split_pathspec(pathspec: str, shape: str) -> tuple[str, ...]:
    """The parts of a pathspec such as `MyFlow/1764000000000000`; `shape` (`flow/run`) says which it must have."""
    parts = tuple(str(pathspec).split("/"))
    if len(parts) != shape.count("/") + 1 or not all(parts):
        raise UserError(f"{pathspec!r} is not of the form {shape!r}", code="pathspec_invalid")
    return parts

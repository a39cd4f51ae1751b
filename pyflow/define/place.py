"""Where in the user's files something is written."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path


def file_of(klass: type) -> str | None:
    """The file of a class, None for one that was typed in a session."""
    try:
        return str(Path(inspect.getfile(klass)).resolve())
    except (OSError, TypeError):
        return None


def caller_line() -> int:
    """The line of the innermost frame outside of this package: where the user wrote the call."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("pyflow.define."):
        frame = frame.f_back
    return frame.f_lineno

"""Whether a folder can be written, seen by trying: neither rights nor free room tell it for sure."""

from __future__ import annotations

import tempfile
from pathlib import Path

# A file system may have room for a name and none for what the file holds.
PROBE = 1 << 16


def why_unwritable(folder: Path) -> str | None:
    """Why a small file cannot be written in `folder`, in the system's words; None if it can."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"0" * PROBE)
            file.flush()
    except OSError as error:
        return error.strerror or str(error)
    return None

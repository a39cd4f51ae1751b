"""The folder that a store lives in: the nearest `.pyflow` upward, or what the setting `root` (PYFLOW_ROOT) names."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from pyflow import settings
from pyflow.spec.errors import StoreError

FOLDER = ".pyflow"
VARIABLE = "PYFLOW_ROOT"
FORMAT = "pyflow-store"
VERSION = 1


def find_root(start: Path) -> Path | None:
    """The store's folder: PYFLOW_ROOT if it is set, else the nearest `.pyflow` from `start` upward; or None.

    Raises StoreError `store_version` for a store that a newer pyflow made.
    """
    chosen = settings.value("root")
    if chosen:
        candidates = [Path(chosen).expanduser().absolute()]
    else:
        here = start.absolute()
        candidates = [folder / FOLDER for folder in (here, *here.parents)]
    return next((folder for folder in candidates if is_root(folder)), None)


def create_root(folder: Path) -> Path:
    """Make the store `folder`/.pyflow (or PYFLOW_ROOT), if it is not there; returns its path.

    Raises StoreError `store_write` when the place cannot be written.
    """
    chosen = settings.value("root")
    root = Path(chosen).expanduser().absolute() if chosen else folder.absolute() / FOLDER
    if is_root(root):
        return root
    try:
        root.mkdir(parents=True, exist_ok=True)
        _write_format(root)
    except OSError as error:
        raise StoreError(
            f"cannot make a store in {root}: {error.strerror or error}",
            code="store_write",
            hint=f"Run in a folder that you may write to, or set {VARIABLE} to one.",
        ) from error
    return root


def make_beside(root: Path, name: str) -> Path:
    """A store of its own in the folder `root`/`name`, which reads the blobs of `root` too and never writes there.

    Raises StoreError `store_write`.
    """
    beside = root / name
    if not is_root(beside):
        try:
            beside.mkdir(parents=True, exist_ok=True)
            _write_format(beside, base="..")
        except OSError as error:
            raise StoreError(f"cannot make {beside}: {error.strerror or error}", code="store_write") from error
    return beside


def store_config(root: Path) -> dict[str, str]:
    """The configuration that opens the store in `root` (store.open_store)."""
    try:
        base = json.loads((root / "format.json").read_text(encoding="utf-8")).get("base")
    except (OSError, ValueError, AttributeError):
        base = None
    if base is None:
        return {"type": "local", "root": str(root)}
    return {"type": "overlay", "root": str(root), "base": str((root / base).resolve())}


def is_root(root: Path) -> bool:
    """Whether `root` is a store that this version reads; other folders of that name are none."""
    path = root / "format.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return False
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read: {error}", code="store_read") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        return False
    if data.get("version") != VERSION:
        raise StoreError(
            f"the store {root} has version {data.get('version')!r}; this pyflow reads version {VERSION}",
            code="store_version",
            hint="Update pyflow: pip install --upgrade pyflow-rflow",
        )
    return True


def _write_format(root: Path, **more: str) -> None:
    """Two processes may make one store at the same time: each renames a whole file of the same content into place.

    It is on the disk before that: an empty one after a power cut would make the whole store unreadable.
    """
    text = json.dumps({"format": FORMAT, "version": VERSION, **more}) + "\n"
    descriptor, temporary = tempfile.mkstemp(prefix=".tmp-", dir=root)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        os.replace(temporary, root / "format.json")
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

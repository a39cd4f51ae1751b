"""Whether the engine of a run is alive: it holds a lock that the kernel takes away when it dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyflow.spec.errors import MAKE_ROOM, StoreError

# A reader that looks at the lock holds it for a moment; an engine waits that long for it.
PATIENCE = 2.0


def lock_path(root: Path, flow: str, run: str) -> Path:
    return root / "runs" / flow / run / "lock"


@contextmanager
def hold_run_lock(root: Path, flow: str, run: str) -> Iterator[None]:
    """Hold the run's lock inside a `with`. The engine takes it before it records the run, and gives it back after the
    run's end is recorded: in between readers call a run without a lock interrupted.

    Raises StoreError `run_locked` if another process runs it, `store_write` if the folder cannot be written.
    """
    path = lock_path(root, flow, run)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not inherited by programs that are started: a task that outlives the engine must not look like one.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError(
            f"cannot write {path}: {error.strerror or error}",
            code="store_write",
            hint=MAKE_ROOM,
        ) from error
    try:
        _lock(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise StoreError(f"another process runs this run: {path} is locked", code="run_locked") from error
            time.sleep(0.01)


def run_is_alive(root: Path, flow: str, run: str) -> bool:
    """Whether some process holds the run's lock. No lock file: nobody does."""
    try:
        descriptor = os.open(lock_path(root, flow, run), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False

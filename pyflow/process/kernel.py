"""What Linux is asked for so that no process outlives its run. Elsewhere process groups must do, these do nothing."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
# How often processes are looked for that must end; those that fork while they are killed need more than one pass.
_PASSES = 50
_LINUX = sys.platform == "linux"
# Loaded at import, because a forked child must not run the dynamic loader.
_LIBC = ctypes.CDLL(None, use_errno=True) if _LINUX else None


def die_with_parent(parent: int) -> None:
    """Be killed when the parent process dies. `parent` is its pid, to notice that it died before this call."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent dies, so that they can be found and ended."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children() -> list[int]:
    """Pids of this process's children, adopted ones included; empty where the kernel does not tell."""
    try:
        text = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    except OSError:
        return []
    return [int(pid) for pid in text.split()]


def end_marked(name: str, value: str) -> None:
    """End every other process that was started with the environment variable `name=value`, wherever it has gone."""
    mark, own = f"\0{name}={value}\0".encode(), os.getpid()
    for _ in range(_PASSES):
        found = [pid for pid in _pids() if pid != own and mark in b"\0" + _environment(pid)]
        if not found:
            return
        for pid in found:
            signal_process(pid, signal.SIGKILL)
        time.sleep(0.01)


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()] if _LINUX else []


def _environment(pid: int) -> bytes:
    """Empty for what has ended and for processes of other users."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def signal_group(group: int, number: int) -> None:
    """Signal a process group; a group that is gone is fine."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        pass


def signal_process(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass

"""What this machine may give to tasks: its cores, memory, GPUs and disk, within the limits of a container."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

MB = 1 << 20
CGROUPS = Path("/sys/fs/cgroup")


def capacity(folder: Path, *, cgroups: Path = CGROUPS, own: Path = Path("/proc/self/cgroup")) -> dict[str, float]:
    """By name of a resource: `cpu` in cores, `gpu` in devices, `memory`, `disk` (free, for `folder`) and
    `shared_memory` in MB. What the system does not tell is left out, and so not limited."""
    groups = list(_groups(cgroups, own))
    found: dict[str, float | None] = {
        "cpu": min([_cores(), *_numbers(groups, _cpu_limit)]),
        "memory": min([*_memory(), *_numbers(groups, _memory_limit)], default=None),
        "gpu": _gpus(),
        "disk": shutil.disk_usage(folder).free // MB,
        "shared_memory": _shared_memory(),
    }
    return {name: float(value) for name, value in found.items() if value is not None}


def _cores() -> float:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory() -> Iterator[float]:
    try:
        yield os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MB
    except (ValueError, OSError):
        return


def _shared_memory() -> float | None:
    path = Path("/dev/shm")
    return shutil.disk_usage(path).total // MB if path.is_dir() else None


def _gpus() -> float | None:
    """NVIDIA's devices, those that CUDA_VISIBLE_DEVICES leaves; None on a system that has no list of them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    listed = Path("/proc/driver/nvidia/gpus")
    count = len(list(listed.iterdir())) if listed.is_dir() else 0 if Path("/proc/driver").is_dir() else None
    if visible is None or count is None:
        return count
    return min(count, len([item for item in visible.split(",") if item.strip() not in ("", "-1")]))


# Limits of control groups: those of this process's own group and of all groups around it count.


def _groups(cgroups: Path, own: Path) -> Iterator[Path]:
    """Folders with the limits of this process, of version 2 and of version 1; a container sees its own as the root."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        roots = [cgroups / name for name in controllers.split(",")] if controllers else [cgroups]
        for root in roots:
            inner = root / path.lstrip("/")
            yield from (folder for folder in (inner, *inner.parents) if folder == root or root in folder.parents)


def _numbers(groups: list[Path], read: Callable[[Path], float | None]) -> list[float]:
    return [value for folder in groups if (value := read(folder)) is not None]


def _cpu_limit(folder: Path) -> float | None:
    """Cores: version 2 has `cpu.max` ("200000 100000" or "max 100000"), version 1 quota and period."""
    quota, _, period = _read(folder / "cpu.max").partition(" ")
    if not quota:
        quota, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() and int(period) else None


def _memory_limit(folder: Path) -> float | None:
    text = _read(folder / "memory.max") or _read(folder / "memory.limit_in_bytes")
    return int(text) // MB if text.isdigit() else None


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""

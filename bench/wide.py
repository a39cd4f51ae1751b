"""What width costs: a foreach of 100 and of many empty steps; the CPU-time of a task, and the memory of the engine.

Prints the ratios: CPU per task in the wide foreach to that in the narrow one, and the engine's largest memory (VmHWM).

    python bench/wide.py [--python 10000] [--r 2000] [--narrow 100]
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FLOWS = ROOT / "bench" / "flows"
PYTHON = ROOT / ".venv" / "bin" / "python"
COMMANDS = {
    "python": ([str(PYTHON), str(FLOWS / "wide.py")], {"FRAMEWORK": "pyflow"}),
    "r": (["Rscript", str(FLOWS / "wide.R")], {"R_LIBS": str(ROOT / ".rlib"), "PYFLOW_PYTHON": str(PYTHON)}),
}
# What is allowed: CPU per task against the narrow foreach, and megabytes.
RATIO, MEMORY = 1.3, 300


@dataclass(frozen=True)
class Cost:
    """CPU-seconds of a whole run, its wall time, and the engine's largest memory in MB."""

    cpu: float
    wall: float
    memory: float


def measure(language: str, width: int) -> Cost:
    """Run the flow in an empty folder."""
    command, environment = COMMANDS[language]
    folder = tempfile.mkdtemp(prefix="bench-")
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(
        [*command, "--quiet", "run", "--max-num-splits", str(width)],
        cwd=folder,
        env={**os.environ, "USER": "bench", "WIDTH": str(width), **environment},
    )
    watch = _Watch(process.pid)
    code = process.wait()
    watch.join()
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    shutil.rmtree(folder, ignore_errors=True)
    if code:
        raise SystemExit(f"{language} with {width} items failed with exit code {code}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu, wall, watch.most / 1024)


class _Watch(threading.Thread):
    """Reads the largest memory of a process while it lives. (`Rscript` becomes the engine's process, with its id.)"""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.path = Path(f"/proc/{pid}/status")
        self.most = 0
        self.start()

    def run(self) -> None:
        while True:
            try:
                found = re.search(r"VmHWM:\s+(\d+)", self.path.read_text())
            except OSError:
                return
            if found is None:
                return  # it has ended and waits to be asked for its exit code
            self.most = max(self.most, int(found[1]))
            time.sleep(0.2)


def report(language: str, narrow: int, wide: int) -> bool:
    """Print what a task costs in the narrow and in the wide foreach; whether it is as little as it should be.

    What every run costs once is measured with a single item and taken off.
    """
    once, few, many = (measure(language, width) for width in (1, narrow, wide))
    task_few = (few.cpu - once.cpu) / (narrow - 1)
    task_many = (many.cpu - once.cpu) / (wide - 1)
    ratio = task_many / task_few
    print(f"{language}: a run of 1 task {once.cpu:.2f} CPU-s, of {wide} {many.cpu:.1f} CPU-s ({many.wall:.0f} s)")
    print(f"  CPU per task: {1000 * task_few:.2f} ms of {narrow}, {1000 * task_many:.2f} ms of {wide}")
    print(f"  ratio {ratio:.2f} (at most {RATIO}), engine memory {many.memory:.0f} MB (under {MEMORY})")
    return ratio <= RATIO and many.memory < MEMORY


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--narrow", type=int, default=100)
    parser.add_argument("--python", type=int, default=10_000)
    parser.add_argument("--r", type=int, default=2_000)
    options = parser.parse_args()
    fine = [report(language, options.narrow, getattr(options, language)) for language in COMMANDS]
    return 0 if all(fine) else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""What a foreach needs in memory whose tasks all read one big table: one copy of it, and what a task itself takes.

All tasks run at the same time and wait until the memory of every process has been read: the proportional set size of
/proc/*/smaps_rollup, in which a page that n processes share counts as 1/n for each. Linux only.

    python bench/memory.py [--megabytes 1000] [--tasks 100] [--language python|r] [--missing]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FLOWS = ROOT / "bench" / "flows"
PYTHON = ROOT / ".venv" / "bin" / "python"
COMMANDS = {"python": [str(PYTHON), str(FLOWS / "big.py")], "r": ["Rscript", str(FLOWS / "big.R")]}
TARGET = 20.0


def descendants(pid: int) -> set[int]:
    """The process and all that it and they have started."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def proportional_size(pids: set[int]) -> dict[str, float]:
    """Megabytes of all processes together: all of it, and what is no file's page."""
    total = {"Pss": 0, "Pss_Anon": 0}
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            name, _, value = line.partition(":")
            if name in total:
                total[name] += int(value.split()[0])
    return {name: kilobytes * 1024 / 1e6 for name, kilobytes in total.items()}


def measure(language: str, megabytes: int, tasks: int, missing: bool, folder: Path) -> dict[str, float]:
    """Run the flow; the memory of all its processes while every task holds the table."""
    environment = {
        **os.environ,
        "USER": "bench",
        "BENCH_PLACE": str(folder),
        "ROWS": str(megabytes * 1_000_000 // 80),
        "WIDTH": str(tasks),
        "MISSING": str(int(missing)),
        "PYFLOW_PYTHON": str(PYTHON),
        "R_LIBS": os.environ.get("RFLOW_LIB", str(ROOT / ".rlib")),
    }
    options = ["run", "--max-workers", str(tasks), "--max-num-splits", str(tasks)]
    log = folder / "output.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*COMMANDS[language], *options], cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        while len(list(folder.glob("ready-*"))) < tasks:
            if process.poll() is not None:
                raise SystemExit(f"the flow ended too early:\n{log.read_text()}")
            time.sleep(0.2)
        found = proportional_size(descendants(process.pid))
    finally:
        (folder / "go").touch()
    peak = found["Pss"]
    while process.poll() is None:
        # The end of the tasks counts too: that is when values are compared with what they were.
        peak = max(peak, proportional_size(descendants(process.pid))["Pss"])
        time.sleep(0.05)
    if process.returncode:
        raise SystemExit(f"the flow failed:\n{log.read_text()}")
    return {**found, "peak": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--language", choices=sorted(COMMANDS), action="append")
    parser.add_argument("--missing", action="store_true", help="one number in a hundred is missing")
    options = parser.parse_args()
    print(f"{options.tasks} tasks at the same time over one table of {options.megabytes} MB (proportional set size)")
    heads = "".join(f"{head:>14}" for head in ("all, MB", "no file, MB", "at the end", "a task, MB"))
    print(f"{'':<10}{heads}   (target: at most {TARGET:.0f} a task)")
    for language in options.language or sorted(COMMANDS):
        folder = Path(tempfile.mkdtemp(prefix="bench-memory-"))
        try:
            found = measure(language, options.megabytes, options.tasks, options.missing, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        more = (max(found["peak"], found["Pss"]) - options.megabytes) / options.tasks
        figures = (found["Pss"], found["Pss_Anon"], found["peak"], more)
        print(f"{language:<10}" + "".join(f"{figure:>14.1f}" for figure in figures))


if __name__ == "__main__":
    main()

"""Kills processes of a running flow at random moments, resumes, and compares the end with an undisturbed run's.

Each kill is a SIGKILL to a random process of the run: the engine, a fork server, a runner, an R process. After it,
nothing of the run may be left after five seconds, the run must not count as successful unless its end was committed,
and `resume` must not run again what was finished.

    python bench/soak.py [--kills 200] [--seed 1]
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from pyflow.client import Run, Task
from pyflow.client.catalog import open_catalog

ROOT = Path(__file__).resolve().parents[1]
FLOW = ROOT / "bench" / "flows" / "soak.py"
MARK = "PYFLOW_SOAK"
LEFT_AFTER = 5.0
# An undisturbed run takes a few seconds.
HANGS_AFTER = 300.0


@dataclass
class Soak:
    """The store of one soak, and what has been seen in it."""

    folder: Path
    random: random.Random
    killed: Counter = field(default_factory=Counter)
    runs: int = 0

    @property
    def mark(self) -> str:
        return f"{MARK}={self.folder}"

    def start(self, *command: str) -> subprocess.Popen:
        environment = {
            **os.environ,
            MARK: str(self.folder),
            "PYFLOW_ROOT": str(self.folder / ".pyflow"),
            "R_LIBS": str(ROOT / ".rlib"),
        }
        arguments = [sys.executable, str(FLOW), "--quiet", *command, "--run-id-file", str(self.folder / "run-id")]
        with (self.folder / "output").open("wb") as output:
            return subprocess.Popen(
                arguments, cwd=self.folder, env=environment, stdout=output, stderr=output, start_new_session=True
            )

    def processes(self) -> dict[int, str]:
        """Pid and kind of each living process of the run."""
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                marked = self.mark.encode() in (entry / "environ").read_bytes().split(b"\0")
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                words = (entry / "cmdline").read_bytes().decode(errors="replace")
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if marked and state != "Z":
                found[int(entry.name)] = _kind(words, parent, found)
        return found

    def kill_one(self) -> None:
        living = self.processes()
        if living:
            pid = self.random.choice(sorted(living))
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                return
            self.killed[living[pid]] += 1

    def nothing_left(self) -> None:
        deadline = time.monotonic() + LEFT_AFTER
        while self.processes():
            if time.monotonic() > deadline:
                raise SystemExit(f"left after {LEFT_AFTER} s: {self.processes()}")
            time.sleep(0.05)

    def run(self, run_id: str) -> Run:
        return Run(f"SoakFlow/{run_id}", open_catalog(self.folder / ".pyflow"))


def _kind(words: str, parent: int, found: dict[int, str]) -> str:
    if "soak.py" in words:
        return "engine"
    language = "R" if "zygote_main" in words else "Python"
    return f"{language} task" if found.get(parent, "").endswith("server") else f"{language} server"


def artifacts(run: Run) -> dict[str, str]:
    """Names and digests of what the end of a run has."""
    task = run.end_task
    assert isinstance(task, Task)
    return {item.name: item.digest for item in task}


def disturbed(soak: Soak, kills: int, expected: dict[str, str]) -> None:
    """Start a run, kill in it and resume it until it succeeds; then compare."""
    command, origin = ("run",), None
    while True:
        (soak.folder / "run-id").unlink(missing_ok=True)
        engine = soak.start(*command)
        if soak.killed.total() < kills:
            while engine.poll() is None and not (soak.folder / "run-id").exists():
                time.sleep(0.02)
            time.sleep(soak.random.uniform(0.0, 1.5))
            if engine.poll() is None:
                soak.kill_one()
        try:
            status = engine.wait(timeout=HANGS_AFTER)
        except subprocess.TimeoutExpired:
            raise SystemExit(f"hangs in {soak.folder}: {soak.processes()}") from None
        soak.nothing_left()
        if not (soak.folder / "run-id").exists():
            if status > 0 and origin is not None:
                # It was not killed, but refused: right only for a run that was killed before it had stored anything.
                if _finished(soak.run(origin)):
                    raise SystemExit(f"{origin} is not resumed: {(soak.folder / 'output').read_text()}")
                command, origin = ("run",), None
            continue  # else it was killed before it began
        run = soak.run((soak.folder / "run-id").read_text())
        soak.runs += 1
        if (status == 0) and not run.successful:
            raise SystemExit(f"{run.pathspec} ended with exit code 0, but counts as {run.status}")
        finished_before = _finished(soak.run(origin)) if origin else set()
        again = finished_before - _finished(run)
        if again and run.finished:
            raise SystemExit(f"{run.pathspec} lost finished tasks of {origin}: {sorted(again)[:5]}")
        if run.successful:
            if artifacts(run) != expected:
                raise SystemExit(f"{run.pathspec} has other artifacts than the undisturbed run")
            return
        if run.status == "running":
            raise SystemExit(f"{run.pathspec} is dead, but counts as running")
        command, origin = ("resume", "--origin-run-id", run.id), run.id


def _finished(run: Run) -> set[tuple[str, int | None]]:
    return {
        (task.pathspec.split("/")[2], task.index) for step in run for task in step if task.finished and task.successful
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        soak = Soak(Path(folder), random.Random(options.seed))
        if soak.start("run").wait() != 0:
            raise SystemExit((soak.folder / "output").read_text())
        expected = artifacts(soak.run((soak.folder / "run-id").read_text()))
        finished = 0
        while soak.killed.total() < options.kills:
            disturbed(soak, options.kills, expected)
            finished += 1
            print(f"{soak.killed.total()} kills, {soak.runs} runs and resumes, {finished} flows ended", flush=True)
        print("killed: " + ", ".join(f"{kind} {count}" for kind, count in soak.killed.most_common()))
        print(f"{finished} flows ended with the artifacts of the undisturbed run; nothing was left running")


if __name__ == "__main__":
    main()

"""What it costs to look: a store with many runs, searched and opened; and beside it Metaflow's client on its own runs.

The store is written through the metadata as engines would write it, without running a task. Metaflow's runs are made
by Metaflow, as many as is practical, in a virtual environment of its own under .setup/; times are told for each run,
too, as its client goes through runs one by one. Each question is asked by three fresh processes, so that nothing is
remembered, and the quickest counts. CPU-seconds stand beside the time on the clock, which other programs make longer.

    python bench/client.py [--runs 1000] [--tasks 100] [--metaflow-runs 20] [--metaflow-tasks 10]
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

from reference import metaflow_python

from pyflow.codec import PythonCodec
from pyflow.metadata import open_metadata
from pyflow.ports import Metadata, Store
from pyflow.spec.records import AttemptFinished, AttemptRow, AttemptStarted, RunCreated, RunFinished, RunRow, TaskRow
from pyflow.spec.task import PARAMETERS, ArtifactRef
from pyflow.store import create_root, open_store, store_config

ROOT = Path(__file__).resolve().parents[1]
FLOW = "Tuning"
USERS = ("ann", "bob", "eve")
STEPS = ("start", "fit", "join", "end")
LIMIT = 1.0


@dataclass
class Writer:
    """Writes runs of a foreach of `tasks` tasks in all, as an engine leaves them."""

    root: Path
    metadata: Metadata
    blobs: Store
    tasks: int
    codec: PythonCodec = field(default_factory=PythonCodec)
    kept: dict[tuple[type, str], ArtifactRef] = field(default_factory=dict)

    def ref(self, value: object) -> ArtifactRef:
        key = (type(value), repr(value))
        if key not in self.kept:
            encoded = self.codec.encode(value, "value")
            self.kept[key] = encoded.ref(*self.blobs.put(encoded.chunks))
        return self.kept[key]

    def run(self, number: int, chance: random.Random) -> None:
        run, at = str(1_764_000_000_000_000 + number), 1_764_000_000.0 + number
        graph = {"name": FLOW, "end": "end", "steps": [{"name": name} for name in STEPS]}
        user = USERS[number % 3]
        row = RunRow(FLOW, run, "running", user, at, None, graph, system_tags=(f"user:{user}",))
        width = self.tasks - 3
        given = {name: self.ref(name) for name in ("items", "data")}
        best = {"accuracy": self.ref(round(chance.random(), 3)), "model": self.ref("tree")}
        changes = [
            RunCreated(row),
            *self._task(run, PARAMETERS, PARAMETERS, at, {"alpha": self.ref(number / 1000)}, ()),
        ]
        changes += self._task(run, "start", "1", at, given, ())
        for index in range(width):
            own = {"score": self.ref(index / width), "index": self.ref(index)}
            changes += self._task(run, "fit", str(index + 2), at, {**given, **own}, ("1",), own)
        inputs = tuple(str(index + 2) for index in range(width))
        changes += self._task(run, "join", str(width + 2), at, {**given, **best}, inputs, best)
        changes += self._task(run, "end", str(width + 3), at, {**given, **best}, (str(width + 2),), {})
        self.metadata.record([*changes, RunFinished(FLOW, run, "success" if number % 7 else "failed", at + 60)])

    def _task(
        self,
        run: str,
        step: str,
        task: str,
        at: float,
        has: dict[str, ArtifactRef],
        inputs: tuple[str, ...],
        own: dict[str, ArtifactRef] | None = None,
    ) -> list[AttemptStarted | AttemptFinished]:
        folder = self.root / "runs" / FLOW / run / step / task / "0"
        row = TaskRow(FLOW, run, step, task, "running", at, inputs=inputs)
        names = frozenset(has if own is None else own)
        return [
            AttemptStarted(row, AttemptRow(FLOW, run, step, task, 0, "running", 1, at, folder=str(folder))),
            AttemptFinished(FLOW, run, step, task, 0, "success", at + 30, True, None, has, names),
        ]


def write_store(folder: Path, runs: int, tasks: int) -> float:
    """Returns the seconds that it took."""
    began, root = time.perf_counter(), create_root(folder)
    writer = Writer(root, open_metadata(root), open_store(store_config(root)), tasks)
    chance = random.Random(1)
    for number in range(runs):
        writer.run(number, chance)
    writer.metadata.close()
    return time.perf_counter() - began


# What is asked; ID is a run in the middle.
OURS = {
    "list the runs": "found = runs(FLOW)",
    "runs by artifact value": "found = runs(FLOW, where='accuracy > 0.9', sort='-accuracy')",
    "runs by parameter and value": "found = runs(where='params.alpha < 0.5 and accuracy > 0.9', sort='-accuracy')",
    "tasks by artifact value": "found = tasks(FLOW, where='score > 0.95')",
    "artifacts by value": "found = artifacts(FLOW, name='accuracy', where='value > 0.9')",
    "open a run": "run = Run(f'{FLOW}/{ID}'); found = [run.status, run.data.accuracy]",
    "iterate a run's tasks": "found = [(task.id, task.status) for step in Run(f'{FLOW}/{ID}') for task in step]",
    "a run's lineage": "found = Run(f'{FLOW}/{ID}').artifacts.accuracy.read_by",
    "tag the best runs": "tag_runs([run.pathspec for run in runs(where='accuracy > 0.9')], add=['best']); found = []",
}
THEIRS = {
    "list the runs": "found = [(run.id, run.finished_at) for run in Flow(FLOW)]",
    "runs by artifact value": "found = [run.id for run in Flow(FLOW) if run.successful and run.data.accuracy > 0.9]",
    "tasks by artifact value": "found = [t.id for run in Flow(FLOW) for t in run['fit'] if t.data.score > 0.5]",
    "open a run": "run = Run(f'{FLOW}/{ID}'); found = [run.successful, run.data.accuracy]",
    "iterate a run's tasks": "found = [(task.id, task.successful) for step in Run(f'{FLOW}/{ID}') for task in step]",
}
HEAD = {
    "pyflow": "from pyflow.client import Run, namespace\nfrom pyflow.client.find import artifacts, runs, tasks\n"
    "from pyflow.client.tagging import tag_runs",
    "metaflow": "from metaflow import Flow, Run, namespace",
}


def ask(python: Path, framework: str, folder: Path, run: str, statement: str) -> tuple[float, float, int]:
    """CPU-seconds, seconds on the clock, and number of what was found."""
    code = f"""
    import json, time
    {HEAD[framework].replace(chr(10), chr(10) + "    ")}
    namespace(None)
    FLOW, ID = {FLOW!r}, {run!r}
    began, clock = time.process_time(), time.perf_counter()
    {statement}
    print(json.dumps([time.process_time() - began, time.perf_counter() - clock, len(found)]))
    """
    done = subprocess.run(
        [str(python), "-c", dedent(code)],
        cwd=folder,
        env={**os.environ, "USER": "bench", "METAFLOW_USER": "bench"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{statement} failed:\n{done.stderr}")
    cpu, seconds, count = json.loads(done.stdout.splitlines()[-1])
    return cpu, seconds, count


def run_metaflow(folder: Path, runs: int, tasks: int) -> str:
    """Make the runs; returns the id of one in the middle."""
    python = metaflow_python()
    chance, ids = random.Random(1), []
    for number in range(runs):
        file = folder / f"run-{number}"
        command = [python, ROOT / "bench" / "flows" / "tuning.py", "--no-pylint", "--quiet", "run"]
        command += ["--alpha", str(round(chance.random(), 3)), "--run-id-file", file]
        environment = {**os.environ, "USER": "bench", "FRAMEWORK": "metaflow", "WIDTH": str(tasks - 3)}
        done = subprocess.run(
            [str(word) for word in command], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"Metaflow's run {number} failed:\n{done.stdout}\n{done.stderr}")
        ids.append(file.read_text())
    return ids[len(ids) // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--metaflow-runs", type=int, default=20)
    parser.add_argument("--metaflow-tasks", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        took = write_store(folder, options.runs, options.tasks)
        size = (folder / ".pyflow" / "metadata.db").stat().st_size / 1e6
        print(
            f"pyflow: {options.runs} runs, {options.runs * options.tasks} tasks ({took:.0f} s to write, {size:.0f} MB)"
        )
        middle = str(1_764_000_000_000_000 + options.runs // 2)
        slow = report(Path(sys.executable), "pyflow", folder, middle, OURS, options.runs)
    if options.metaflow_runs:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder = Path(name)
            middle = run_metaflow(folder, options.metaflow_runs, options.metaflow_tasks)
            print(f"\nMetaflow: {options.metaflow_runs} runs, {options.metaflow_runs * options.metaflow_tasks} tasks")
            report(metaflow_python(), "metaflow", folder, middle, THEIRS, options.metaflow_runs)
    if slow:
        raise SystemExit(f"\nmore than {LIMIT} CPU-seconds: {', '.join(slow)}")


def report(python: Path, framework: str, folder: Path, run: str, questions: dict[str, str], runs: int) -> list[str]:
    """Ask and print; the names of what took longer than it may."""
    print(f"{'':<32}{'CPU-s':>9}{'seconds':>9}{'CPU-ms for each run':>21}{'found':>8}")
    slow = []
    for name, statement in questions.items():
        cpu, seconds, count = min(ask(python, framework, folder, run, statement) for _ in range(3))
        print(f"{name:<32}{cpu:>9.3f}{seconds:>9.3f}{1000 * cpu / runs:>21.3f}{count:>8}", flush=True)
        slow += [name] if cpu > LIMIT else []
    return slow


if __name__ == "__main__":
    main()

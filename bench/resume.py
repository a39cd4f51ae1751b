"""What it costs to take finished tasks over: a resume of a foreach whose tasks have all finished, but not its join.

The origin is written into the metadata of an empty store (its blobs are never opened); the resume is the real command.
Prints the seconds of reading, planning and recording, and of the whole command beside a run of the same flow with one
item.

    python bench/resume.py [--tasks 10000] [--artifacts 5] [--rounds 3]
"""

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from pyflow.engine.events import Begin, Succeeded
from pyflow.engine.plan import Plan, run_row, taken_over
from pyflow.engine.resume import origin_of, problems, replay
from pyflow.engine.state import RunState, apply
from pyflow.metadata import open_metadata
from pyflow.metadata.liveness import hold_run_lock
from pyflow.spec.graph import Function, Graph, Step, Transition, graph_to_json
from pyflow.spec.records import AttemptFinished, AttemptRow, AttemptStarted, RunCreated, RunFinished, TaskRow
from pyflow.spec.task import ArtifactRef
from pyflow.store import create_root

LIMIT = 2.0
FLOW = """
from pyflow import FlowSpec, step


class WideFlow(FlowSpec):
    @step
    def start(self):
        self.items = [1]
        self.next(self.work, foreach="items")

    @step
    def work(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.count = len(inputs)
        self.next(self.end)

    @step
    def end(self):
        print(self.count, "inputs")


if __name__ == "__main__":
    WideFlow()
"""


def graph() -> Graph:
    def step(name, transition, join=False):
        return Step(name, "python", Function(None), transition, join)

    steps = (
        step("start", Transition("foreach", ("work",), "items")),
        step("work", Transition("linear", ("join",))),
        step("join", Transition("linear", ("end",)), join=True),
        step("end", Transition("end")),
    )
    return Graph("WideFlow", "python", None, steps)


def ref(text: str) -> ArtifactRef:
    return ArtifactRef(f"{abs(hash(text)):064x}", "scalar", len(text), "str", text)


def write_origin(root: Path, flow: Graph, run: str, tasks: int, artifacts: int) -> None:
    """A run that was killed when all tasks of its foreach had finished."""
    state = RunState(flow, max_workers=tasks + 1)
    apply(state, Begin(False))
    apply(state, Succeeded("1", 0, foreach_count=tasks))
    given = {"items": ref("items"), **{f"name{n}": ref(f"name{n}") for n in range(artifacts)}}
    changes = [RunCreated(run_row(Plan(flow, run, str(root), {}, graph_json=graph_to_json(flow)), time.time()))]
    for task in state.tasks.values():
        key = ("WideFlow", run, task.step, task.id)
        frames = tuple({name: getattr(frame, name) for name in frame.__slots__} for frame in task.frames)
        row = TaskRow(*key, "running", time.time(), foreach=frames, inputs=task.inputs)
        attempt = AttemptRow(*key, 0, "running", None, time.time(), folder=f"{root}/runs/{task.id}")
        own = {"y": ref(f"y{task.id}")} if task.inputs else given
        count = None if task.inputs else tasks
        found = AttemptFinished(
            *key, 0, "success", time.time(), True, None, {**given, **own}, frozenset(own), foreach_count=count
        )
        changes += [AttemptStarted(row, attempt), found]
    with closing(open_metadata(root)) as metadata, hold_run_lock(root, "WideFlow", run):
        metadata.record([*changes, RunFinished("WideFlow", run, "interrupted", time.time())])


def measure_parts(root: Path, flow: Graph) -> dict[str, float]:
    """Seconds of each part, measured in this process, and of processor time of all."""
    times, began = [time.perf_counter()], time.process_time()
    with closing(open_metadata(root)) as metadata:
        row = metadata.runs("WideFlow", limit=1)[0]
        finished = metadata.finished("WideFlow", row.run)
        times.append(time.perf_counter())
        origin = origin_of(flow, row, finished)
        assert problems(origin) == []
        state = RunState(flow)
        done = replay(state, Begin(False), origin)
        times.append(time.perf_counter())
        plan = Plan(flow, f"{row.run}9", str(root), {}, origin=row.run, resumes=origin, graph_json=graph_to_json(flow))
        changes = [
            taken_over(plan, state.tasks[id], found, origin=row.run, at=time.time()) for id, found in done.taken.items()
        ]
        metadata.record([RunCreated(run_row(plan, 0.0)), *changes])
        times.append(time.perf_counter())
    parts = (after - before for before, after in itertools.pairwise(times))
    return dict(zip(("read", "plan", "record"), parts, strict=True)) | {"CPU of the three": time.process_time() - began}


def measure_command(folder: Path, *arguments: str) -> float:
    began = time.perf_counter()
    command = [sys.executable, "flow.py", "--quiet", *arguments]
    done = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command} failed:\n{done.stdout}\n{done.stderr}")
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--artifacts", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rounds = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder, flow = Path(name), graph()
            (folder / "flow.py").write_text(FLOW)
            alone = measure_command(folder, "run")
            root = create_root(folder)
            run = str(time.time_ns() // 1000)
            write_origin(root, flow, run, options.tasks, options.artifacts)
            parts = measure_parts(root, flow)
            whole = measure_command(folder, "resume", "--origin-run-id", run)
            rounds.append(parts | {"resume, whole command": whole, "run of one task, whole command": alone})
    print(f"{options.tasks} tasks with {options.artifacts + 2} artifacts; seconds, medians of {options.rounds}")
    medians = {name: statistics.median(found[name] for found in rounds) for name in rounds[0]}
    for name, value in medians.items():
        print(f"{name:<34}{value:>8.3f}")
    # Processor time, because the wall time of a busy machine says nothing; the two are the same on an idle one.
    if medians["CPU of the three"] > LIMIT:
        raise SystemExit(f"taking over takes longer than {LIMIT:g} s")


if __name__ == "__main__":
    main()

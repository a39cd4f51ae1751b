"""A store as a run leaves it, written through the real store, metadata and codec, without an engine."""

from __future__ import annotations

from contextlib import ExitStack

from pyflow.codec import PythonCodec
from pyflow.metadata import open_metadata
from pyflow.metadata.liveness import hold_run_lock
from pyflow.spec.records import (
    AttemptFinished,
    AttemptPid,
    AttemptRow,
    AttemptStarted,
    RunCreated,
    RunFinished,
    RunRow,
    TakenOver,
    TaskRow,
)
from pyflow.spec.task import PARAMETERS
from pyflow.store import create_root, open_store

FLOW = "GenreFlow"
STEPS = ("start", "fit", "join", "end")


def graph(flow=FLOW):
    return {"name": flow, "start": "start", "end": "end", "steps": [{"name": name} for name in STEPS]}


class WrittenStore:
    """Writes what an engine and its runners write. Time goes on by one second for each event, from 1000."""

    def __init__(self, folder):
        self.root = create_root(folder)
        self.blobs = open_store({"type": "local", "root": str(self.root)})
        self.metadata = open_metadata(self.root)
        self.codec = PythonCodec()
        self.stack = ExitStack()
        self.stack.callback(self.metadata.close)
        self.now = 1000.0
        self.has = {}

    def close(self):
        self.stack.close()

    def tick(self):
        self.now += 1
        return self.now

    def put(self, name, value):
        encoded = self.codec.encode(value, name)
        return self.put_encoded(encoded)

    def put_encoded(self, encoded):
        digest, size = self.blobs.put(encoded.chunks)
        return encoded.ref(digest, size)

    def begin(self, run, flow=FLOW, **values):
        """Begin a run, held by this process until the store is closed."""
        values = {"system_tags": ("user:ann",), **values}
        self.stack.enter_context(hold_run_lock(self.root, flow, run))
        row = RunRow(flow, run, "running", "ann", self.tick(), None, graph(flow), **values)
        self.metadata.record([RunCreated(row)])

    def parameters(self, run, flow=FLOW, **values):
        self.task(run, PARAMETERS, PARAMETERS, flow=flow, **values)

    def start(self, run, step, task, *, inputs=(), index=None, attempt=0, flow=FLOW, stdout="", stderr=""):
        frames = (
            ()
            if index is None
            else ({"split": "start", "owner": "1", "index": index, "count": 3, "foreach": "genres"},)
        )
        folder = self.root / "runs" / flow / run / step / task / str(attempt)
        folder.mkdir(parents=True)
        (folder / "stdout.log").write_text(stdout, encoding="utf-8")
        (folder / "stderr.log").write_text(stderr, encoding="utf-8")
        at = self.tick()
        self.metadata.record(
            [
                AttemptStarted(
                    TaskRow(flow, run, step, task, "running", at, None, frames, tuple(inputs), attempt=attempt),
                    AttemptRow(flow, run, step, task, attempt, "running", None, at, folder=str(folder)),
                ),
                AttemptPid(flow, run, task, attempt, 4000 + attempt),
            ]
        )

    def finish(self, run, step, task, *, inputs=(), status="success", error=None, attempt=0, flow=FLOW, own=None):
        own = own or {}
        inherited = (
            self.has.get((flow, run, inputs[0]), {}) if len(inputs) == 1 and status in ("success", "caught") else {}
        )
        artifacts = {**inherited, **own}
        self.has[flow, run, task] = artifacts
        change = AttemptFinished(
            flow, run, step, task, attempt, status, self.tick(), True, error, artifacts, frozenset(own), ("a warning",)
        )
        self.metadata.record([change])

    def task(self, run, step, task, *, inputs=(), index=None, flow=FLOW, stdout="", **values):
        """A whole task that set `values`."""
        self.start(run, step, task, inputs=inputs, index=index, flow=flow, stdout=stdout)
        own = {name: self.put(name, value) for name, value in values.items()}
        self.finish(run, step, task, inputs=inputs, flow=flow, own=own)

    def take_over(self, run, step, task, *, origin, inputs=(), flow=FLOW):
        """A task of the run that was done as task `origin` (RUN/STEP/TASK)."""
        at = self.tick()
        row = TaskRow(flow, run, step, task, "success", at, at, (), tuple(inputs), origin=origin)
        origin_run, _, origin_task = origin.split("/")
        self.metadata.record([TakenOver(row, origin_run, origin_task)])

    def end(self, run, status="success", error=None, flow=FLOW):
        self.metadata.record([RunFinished(flow, run, status, self.tick(), error)])

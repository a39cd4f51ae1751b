"""An engine with a scripted backend and a clock that only moves when the engine waits; the metadata are real."""

import itertools
import json
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from pyflow.engine.loop import Engine
from pyflow.engine.plan import Plan
from pyflow.metadata import open_metadata
from pyflow.metadata.liveness import hold_run_lock
from pyflow.ports import Ended, Output, Started
from pyflow.spec.errors import StoreError
from pyflow.spec.graph import Decorator, Function, Graph, Step, Transition, graph_to_json
from pyflow.spec.task import ArtifactRef, TaskError, TaskResult

RUN = "1764000000000000"
HANG = "hang"
STUBBORN = "stubborn"
CRASH = TaskError("TaskCrashed", "the process of step work was ended by signal 9 (SIGKILL)", "step_crashed")
BOOM = TaskError("ValueError", "boom", traceback="Traceback ...\nValueError: boom", file="flow.py", line=7)


def ref(text):
    return ArtifactRef(f"{hash(text) & 0xFFFFFFFF:064x}", "scalar", len(text), "str", text)


def ok(*, count=None, choice=None, removed=(), warnings=(), **artifacts):
    refs = {name: ref(value) for name, value in artifacts.items()}
    return TaskResult(ok=True, artifacts=refs, removed=removed, foreach_count=count, choice=choice, warnings=warnings)


def failed(error=BOOM, **artifacts):
    return TaskResult(ok=False, artifacts={name: ref(value) for name, value in artifacts.items()}, error=error)


def caught(request):
    """What a runner answers to a request that has an error to store."""
    return TaskResult(ok=True, artifacts={"caught": ref(request.caught.message)}, caught=True, error=request.caught)


def step(name, *targets, foreach=None, join=False, decorators=()):
    kind = "end" if not targets else "foreach" if foreach else "branch" if len(targets) > 1 else "linear"
    found = tuple(Decorator(name, args) for name, args in dict(decorators).items())
    return Step(name, "python", Function("/flow.py"), Transition(kind, targets, foreach), join, found)


def graph(*steps, **values):
    return Graph("TestFlow", "python", "/flow.py", steps, **values)


def gang_graph(**decorators):
    """A gang; `work` has these decorators too."""
    start = replace(step("start", "work"), transition=Transition("parallel", ("work",), num_parallel="size"))
    work = step("work", "join", decorators={"parallel": {}, **decorators}.items())
    return graph(start, work, step("join", "end", join=True), step("end"))


def foreach_graph(decorators=(), **values):
    return graph(
        step("start", "work", foreach="items"),
        step("work", "join", decorators=decorators),
        step("join", "end", join=True),
        step("end"),
        **values,
    )


class Clock:
    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now

    def time(self):
        return 1000.0 + self.now


class ScriptedBackend:
    """`behave(request)` says what an attempt does: a TaskResult, a TaskError (a crash), HANG (until it is told to
    stop) or STUBBORN (until it is killed). All events that are ready come in one batch."""

    def __init__(self, behave, clock):
        self.behave = behave
        self.clock = clock
        self.requests = []
        self.stops = []
        self.events = []
        self.hanging = {}
        self.most = 0
        self.on_wait = lambda: None

    def start(self, request):
        self.requests.append(request)
        self.events.append(Started(request.id, 100 + len(self.requests)))
        self.hanging[request.id] = behaviour = self.behave(request)
        self.most = max(self.most, len(self.hanging))
        if behaviour in (HANG, STUBBORN):
            return
        self.events.append(Output(request.id, "stdout", (f"out of {request.step}",)))
        self._end(request.id, behaviour)

    def _end(self, id, behaviour):
        crash = isinstance(behaviour, TaskError)
        self.events.append(Ended(id, None if crash else behaviour, behaviour if crash else None))

    def wait(self, timeout):
        self.on_wait()
        if not self.events:
            self.clock.now += timeout
        events, self.events = self.events, []
        for event in events:
            if isinstance(event, Ended):
                self.hanging.pop(event.id, None)
        return events

    def stop(self, id, grace):
        self.stops.append((id, grace))
        if self.hanging.get(id) == HANG or (self.hanging.get(id) == STUBBORN and grace == 0.0):
            self.hanging[id] = CRASH
            self._end(id, CRASH)


class SpyMetadata:
    """Writes to the real metadata and keeps each transaction; `refuse` says which ones fail."""

    def __init__(self, metadata):
        self.metadata = metadata
        self.batches = []
        self.refuse = lambda changes: False

    def record(self, changes):
        if self.refuse(changes):
            raise StoreError("the metadata cannot be written", code="store_write", hint="Make room.")
        self.batches.append(list(changes))
        self.metadata.record(changes)

    def changes(self, kind):
        return [change for batch in self.batches for change in batch if isinstance(change, kind)]


class ListReporter:
    def __init__(self):
        self.lines = []
        self.states = []

    def started(self, label):
        self.lines.append(f"{label.step}/{label.task}.{label.attempt} started (pid {label.pid})")

    def output(self, label, stream, lines):
        self.lines.extend(f"{label.step}/{label.task}.{label.attempt} {stream}: {line}" for line in lines)

    def ended(self, label, result, error):
        how = "ok" if error is None else f"{error.code}: {error.message}"
        self.lines.append(f"{label.step}/{label.task}.{label.attempt} ended (pid {label.pid}) {how}")

    def note(self, text, label=None):
        self.lines.append(text if label is None else f"{label.step}/{label.task}.{label.attempt} note: {text}")

    def progress(self, *, done, running, known):
        self.states.append((done, running, known))


class EngineWorld:
    """One run of a graph, in a store of its own in the working directory unless it is to go into the store `root`."""

    counter = itertools.count()

    def __init__(self, flow_graph, behave, *, run_id=RUN, root=None, **options):
        self.root = root or Path.cwd() / f"store{next(self.counter)}"
        self.root.mkdir(exist_ok=True)
        self.run_id = run_id
        self.stack = ExitStack()
        self.stack.enter_context(hold_run_lock(self.root, flow_graph.name, run_id))
        real = open_metadata(self.root)
        self.stack.callback(real.close)
        self.clock = Clock()
        self.backend = ScriptedBackend(behave, self.clock)
        self.metadata = SpyMetadata(real)
        self.reporter = ListReporter()
        # As a database or a file would have it: lists, not tuples.
        plain = json.loads(json.dumps(graph_to_json(flow_graph)))
        store = {"type": "local", "root": str(self.root)}
        self.plan = Plan(flow_graph, run_id, str(self.root), store, graph_json=plain, username="ann", **options)
        self.engine = Engine(
            self.plan,
            backend=self.backend,
            metadata=self.metadata,
            reporter=self.reporter,
            clock=self.clock.time,
            monotonic=self.clock.monotonic,
        )

    def run(self):
        with self.stack:
            finish = self.engine.run()
            self.read(self.metadata.metadata)
        return finish

    def read(self, rows):
        """What the metadata say about the run."""
        flow, run = self.plan.flow, self.run_id
        [self.run_row] = rows.runs(flow=flow, run=run)
        self.tasks = {row.task: row for row in rows.tasks(flow, run)}
        self.attempts = {f"{row.task}.{row.attempt}": row for row in rows.attempts(flow, run)}
        self.artifacts = {}
        for row in rows.artifacts(flow, run):
            self.artifacts.setdefault(row.task, {})[row.name] = row

    def statuses(self):
        return {id: row.status for id, row in self.attempts.items()}

    def requests(self):
        return {request.id: request for request in self.backend.requests}


def run(flow_graph, behave, **options):
    """Run to the end; the world and how it ended."""
    world = EngineWorld(flow_graph, behave, **options)
    return world, world.run()

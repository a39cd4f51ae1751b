"""The one place where configuration becomes an engine, a store, a client. Everything here is composition."""

from __future__ import annotations

import platform
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from importlib import metadata as packages
from pathlib import Path
from typing import Any

from pyflow import repeat
from pyflow.backends import BACKENDS
from pyflow.code.snapshot import Snapshot, snapshot
from pyflow.define.parameters import user_name
from pyflow.engine.events import Finish
from pyflow.engine.loop import Engine
from pyflow.engine.plan import Plan
from pyflow.engine.resume import Origin, gang_problems
from pyflow.environments import ENVIRONMENTS
from pyflow.hosts.r import RHost
from pyflow.hosts.terminal import RTerminal
from pyflow.metadata import open_metadata
from pyflow.metadata.liveness import hold_run_lock
from pyflow.ports import Reporter
from pyflow.runner.foreground import Foreground
from pyflow.spec import gangs
from pyflow.spec.errors import GraphError, NotFoundError
from pyflow.spec.graph import Graph, graph_to_json
from pyflow.spec.project import Project
from pyflow.spec.resources import too_large
from pyflow.spec.secrets import inline_values, masked_text, without_values
from pyflow.store import create_root, find_root, make_beside, open_store, store_config
from pyflow.vaults import source_problems

DISTRIBUTION = "pyflow-rflow"
# The store beside the runs in which results of `spin` are kept.
SPINS = "spin"


@dataclass(frozen=True)
class RunOptions:
    """How a run is carried out. `values` are the resolved parameter values (define.values), `grace` in seconds;
    `origin` is the run that it resumes; `capacity` stands for what the backend says that it has of a resource."""

    values: tuple[Mapping[str, Any], ...] = ()
    max_workers: int = 16
    max_num_splits: int = 100
    retry_wait: bool = True
    tags: tuple[str, ...] = ()
    namespace: str | None = None
    backend: str = "local"
    environment: str = "none"
    backend_options: Mapping[str, Any] = field(default_factory=dict)
    grace: float = 5.0
    command: tuple[str, ...] = ()
    origin: Origin | None = None
    capacity: Mapping[str, float] = field(default_factory=dict)
    project: Project | None = None
    package_suffixes: tuple[str, ...] = ()


def version() -> str:
    return packages.version(DISTRIBUTION)


def root_for_writing(folder: Path) -> Path:
    """The store found upward from `folder`, else a new one in it."""
    return find_root(folder) or create_root(folder)


def make_plan(
    graph: Graph, options: RunOptions, root: Path, *, capacity: Mapping[str, float], code: Snapshot | None = None
) -> Plan:
    """Everything about a run that is decided before it starts; its id is the time in microseconds."""
    user = user_name()
    return Plan(
        graph=graph,
        run=str(time.time_ns() // 1000),
        root=str(root),
        store=store_config(root),
        values=options.values,
        max_workers=options.max_workers,
        max_num_splits=options.max_num_splits,
        retry_wait=options.retry_wait,
        grace=options.grace,
        username=user,
        namespace=options.namespace or f"user:{user}",
        tags=options.tags,
        system_tags=(
            f"user:{user}",
            f"pyflow_version:{version()}",
            f"language:{graph.language}",
            *(options.project.tags if options.project else ()),
        ),
        origin=options.origin.run if options.origin else None,
        resumes=options.origin,
        graph_json=graph_to_json(without_values(graph)),
        capacity=capacity,
        project=options.project.current() if options.project else {},
        info={
            "command": [masked_text(word, inline_values(graph)) for word in options.command],
            "backend": options.backend,
            "host": socket.gethostname(),
            "platform": platform.platform(),
            "python": platform.python_version(),
            "pyflow": version(),
        },
        code=code.record() if code else None,
        copy=code.copy if code else None,
    )


def run(
    graph: Graph,
    options: RunOptions,
    *,
    reporter: Reporter,
    on_start: Callable[[Plan, Engine], None] = lambda plan, engine: None,
) -> tuple[Engine, Finish]:
    """Run a checked graph to its end.

    `on_start` is called once, after everything has loaded and before the first task. Raises PyflowErrors for what
    is wrong before a task starts; a failing task is told by the Finish.
    """
    backend = BACKENDS[options.backend](ENVIRONMENTS[options.environment](), **options.backend_options)
    try:
        capacity = {**backend.capacity(), **options.capacity}
        problems_here = too_large(graph, capacity) + source_problems(graph)
        limits = gangs.Limits(graph, options.max_workers, capacity)
        problems_here += gangs.problems(limits) + (gang_problems(options.origin, limits) if options.origin else [])
        if problems_here:
            raise GraphError(tuple(problems_here))
        root = root_for_writing(Path.cwd())
        code = snapshot(graph, root=root, store=open_store(store_config(root)), suffixes=options.package_suffixes)
        backend.prepare(graph, code.copy if code else None)
        plan = make_plan(graph, options, root, capacity=capacity, code=code)
        with closing(open_metadata(root)) as store, hold_run_lock(root, plan.flow, plan.run):
            engine = Engine(
                plan, backend=backend, metadata=store, reporter=reporter, clock=time.time, monotonic=time.monotonic
            )
            on_start(plan, engine)
            if code is not None:
                code.link(root, plan.flow, plan.run)
                for note in code.notes():
                    reporter.note(note)
            return engine, engine.run()
    finally:
        backend.close()


@dataclass(frozen=True)
class SpinOptions:
    """How a task is repeated. `artifacts` take the place of its inputs: values by name, or the file that gives them;
    `persist`: keep the results among the store's runs instead of beside them; `run` False: only open the task."""

    skip_decorators: bool = False
    persist: bool = False
    artifacts: repeat.Given | None = None
    run: bool = True
    environment: str = "none"
    command: tuple[str, ...] = ()
    package_suffixes: tuple[str, ...] = ()


def spin(
    graph: Graph,
    target: str,
    options: SpinOptions,
    *,
    on_start: Callable[[Plan, repeat.Origin], None] = lambda plan, origin: None,
    start_r: Callable[[], RHost] | None = None,
) -> repeat.Repeated:
    """Carry out one task of an earlier run again, in this process, with the steps of `graph`.

    `target` is as repeat.find_origin takes it; `start_r` gives the R process, where it is not one in the terminal.
    Raises PyflowErrors for what is wrong before the task starts; a failing task is told by the result.
    """
    here = find_root(Path.cwd())
    if here is None:
        raise NotFoundError("there is no run here: no store was found", hint="Run the flow first, in this folder.")
    with closing(open_metadata(here, readonly=True)) as metadata:
        origin = repeat.find_origin(metadata, graph.name, target)
    graph = repeat.undecorated(graph, all=options.skip_decorators)
    root = here if options.persist else make_beside(here, SPINS)
    interpreter = ENVIRONMENTS[options.environment]().interpreter
    with (
        closing(open_metadata(root)) as metadata,
        tempfile.TemporaryDirectory(prefix="pyflow-") as scratch,
    ):
        code = snapshot(graph, root=root, store=open_store(store_config(root)), suffixes=options.package_suffixes)
        run_options = RunOptions(command=options.command, max_num_splits=sys.maxsize)
        plan = make_plan(graph, run_options, root, capacity={}, code=code)
        plan = replace(plan, origin=origin.run.run, copy=None)
        request = replace(repeat.request_of(origin, plan), hosts={"scratch": scratch})
        foreground = Foreground(start_r or (lambda: RTerminal.start(interpreter("r"))), run=options.run)
        session = repeat.open_session(request, foreground)
        if options.artifacts is not None:
            refs = repeat.given_values(options.artifacts, session, lambda: RTerminal.start(interpreter("r")))
            session = repeat.open_session(repeat.replaced(request, refs), foreground)
        on_start(plan, origin)
        if not options.run:
            return repeat.open_only(session)
        return repeat.carry_out(plan, origin, session, metadata, time.time)


def versions() -> dict[str, str]:
    """What `version` shows: ours, the interpreter's and those of the packages that carry values."""
    found = {"pyflow": version(), "python": platform.python_version(), "executable": sys.executable}
    for name in ("numpy", "pandas", "pyarrow", "rpy2"):
        try:
            found[name] = packages.version(name)
        except packages.PackageNotFoundError:
            continue
    return found

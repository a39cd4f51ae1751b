"""The one place where configuration becomes an engine, a store, a client. Everything here is composition."""

from __future__ import annotations

import platform
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from importlib import metadata as packages
from pathlib import Path
from typing import Any

from pyflow.backends import BACKENDS
from pyflow.code.snapshot import Snapshot, snapshot
from pyflow.define.parameters import user_name
from pyflow.engine.events import Finish
from pyflow.engine.loop import Engine
from pyflow.engine.plan import Plan
from pyflow.engine.resume import Origin, gang_problems
from pyflow.environments import ENVIRONMENTS
from pyflow.metadata import open_metadata
from pyflow.metadata.liveness import hold_run_lock
from pyflow.ports import Reporter
from pyflow.spec import gangs
from pyflow.spec.errors import GraphError
from pyflow.spec.graph import Graph, graph_to_json
from pyflow.spec.project import Project
from pyflow.spec.resources import too_large
from pyflow.spec.secrets import inline_values, masked_text, without_values
from pyflow.store import create_root, find_root, open_store, store_config
from pyflow.vaults import source_problems

DISTRIBUTION = "pyflow-rflow"


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
            "platform": f"{platform.system()}-{platform.release()}-{platform.machine()}",
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


def versions() -> dict[str, str]:
    """What `version` shows: ours, the interpreter's and those of the packages that carry values."""
    found = {"pyflow": version(), "python": platform.python_version(), "executable": sys.executable}
    for name in ("numpy", "pandas", "pyarrow", "rpy2"):
        try:
            found[name] = packages.version(name)
        except packages.PackageNotFoundError:
            continue
    return found

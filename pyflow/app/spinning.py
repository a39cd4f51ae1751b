"""Composes what repeats a task: apart from the run, which need not load what opens values."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from pyflow import repeat
from pyflow.app import RunOptions, make_plan
from pyflow.code.snapshot import snapshot
from pyflow.engine.plan import Plan
from pyflow.environments import ENVIRONMENTS
from pyflow.hosts.r import RHost
from pyflow.hosts.terminal import RTerminal
from pyflow.metadata import open_metadata
from pyflow.runner.foreground import Foreground
from pyflow.spec.errors import NotFoundError
from pyflow.spec.graph import Graph
from pyflow.store import find_root, make_beside, open_store, store_config

# The store beside the runs in which results of `spin` are kept.
SPINS = "spin"


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

"""`pyflow.spin`: open a task of an earlier run in this session, and run it again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyflow.app import spinning
from pyflow.client import Pyflow
from pyflow.client.catalog import open_catalog
from pyflow.interactive.graphs import graph_now, recorded_graph, split_target
from pyflow.runner.python_step import self_of
from pyflow.spec.errors import NotFoundError, RunFailed
from pyflow.store import find_root


def spin(
    pathspec: str,
    *,
    run: bool = True,
    artifacts: Mapping[str, Any] | str | Path | None = None,
    file: str | Path | None = None,
    skip_decorators: bool = False,
    persist: bool = False,
) -> Any:
    """Run one task of an earlier run again on its inputs, with the code as it is now, and give back its `self`.

    `pathspec` is `"Flow/step"` (of the newest run), `"Flow/run/step"` or `"Flow/run/step/task"`. Every artifact that
    the task had or has set can be read on what is given back; with `run=False` the step's code does not run, so that it
    can be tried line by line (`self.inputs` has the inputs of a join). `artifacts` take the place of inputs: a dict, or
    the path of a `.py` or `.R` file that gives them. `file` is the flow's file, if it is not where it was. The
    results are kept apart from the flow's runs, unless `persist`.

    An exception of the step is raised as it is, so that `%debug` opens it.

    Example: `pyflow.spin("GenreStatsFlow/join").genre_stats`
    """
    flow, target = split_target(pathspec)
    graph = graph_now(recorded_graph(flow, target), Path(file) if file else None)
    given = Path(artifacts) if isinstance(artifacts, str) else artifacts
    options = spinning.SpinOptions(
        run=run, artifacts=given, skip_decorators=skip_decorators, persist=persist, command=("spin", pathspec)
    )
    found = spinning.spin(graph, target, options)
    foreground, error = found.session.foreground, found.result.error
    if foreground is not None and foreground.exception is not None:
        raise foreground.exception
    if not found.result.ok and error is not None:
        raise RunFailed(error.traceback or error.message, code=error.code)
    if foreground is not None and foreground.flow is not None:
        return foreground.flow
    return self_of(found.session)


def inspect_spin() -> Pyflow:
    """The flows whose tasks `spin` has run again, with the results: `inspect_spin()["MyFlow"].runs(spins=True)`."""
    root = find_root(Path.cwd())
    if root is None or not (root / spinning.SPINS).is_dir():
        raise NotFoundError("nothing was run again by spin here", hint='Use it: pyflow.spin("MyFlow/step").')
    return Pyflow(open_catalog(root / spinning.SPINS))

"""The graph of a flow as its file is now."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from pyflow.code.follow import loaded_modules
from pyflow.define import load
from pyflow.define.compile import compile_flow
from pyflow.metadata import open_metadata
from pyflow.repeat import find_origin
from pyflow.spec.check import check_graph
from pyflow.spec.errors import GraphError, NotFoundError, UserError
from pyflow.spec.graph import Graph, parse_graph
from pyflow.store import find_root


def split_target(pathspec: str) -> tuple[str, str]:
    """`Flow/run/step` as flow and the rest. Raises UserError `pathspec_invalid`."""
    flow, _, rest = pathspec.strip("/").partition("/")
    if not flow or not rest:
        hint = "The forms are FLOW/STEP, FLOW/RUN/STEP and FLOW/RUN/STEP/TASK."
        raise UserError(f"{pathspec!r} names no task", code="pathspec_invalid", hint=hint)
    return flow, rest


def recorded_graph(flow: str, target: str) -> Graph:
    """The graph that the run of the task had. Raises NotFoundError."""
    root = find_root(Path.cwd())
    if root is None:
        raise NotFoundError("there is no run here: no store was found", hint="Go to the flow's folder: os.chdir(...).")
    with closing(open_metadata(root, readonly=True)) as metadata:
        return parse_graph(dict(find_origin(metadata, flow, target).run.graph))


def graph_now(recorded: Graph, file: Path | None) -> Graph:
    """The graph as a Python flow's `file` (or the recorded one) defines it now; that of an R flow as it was recorded.

    Raises what is wrong with it.
    """
    path = file or (Path(recorded.file) if recorded.file else None)
    if recorded.language != "python" or path is None or not path.is_file():
        return recorded
    reload_below(path.resolve().parent)
    return checked(compile_flow(load.find_flow(load.load_file(path), recorded.name)))


def checked(graph: Graph) -> Graph:
    problems = check_graph(graph)
    if problems:
        raise GraphError(tuple(problems))
    return graph


def reload_below(folder: Path) -> None:
    """Forget the user's modules in `folder`, so that they are loaded as they are now."""
    own = {file for file in loaded_modules() if Path(file).is_relative_to(folder)}
    for name, module in list(sys.modules.items()):
        if name != "__main__" and str(getattr(module, "__file__", None)) in own:
            del sys.modules[name]
    load.forget(own)

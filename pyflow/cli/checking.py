"""Graphs are checked before anything is done with them."""

from __future__ import annotations

from pyflow.cli import given
from pyflow.cli.context import FlowContext
from pyflow.spec.check import check_graph
from pyflow.spec.errors import GraphError
from pyflow.spec.graph import Graph


def checked(context: FlowContext) -> Graph:
    """The context's graph with the decorators given for every step; raises GraphError with all of its problems."""
    assert context.graph is not None
    graph = given.with_decorators(context.graph)
    problems = check_graph(graph)
    if problems:
        raise GraphError(tuple(problems))
    return graph

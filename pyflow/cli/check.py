"""`check`: find structural mistakes without running anything."""

from __future__ import annotations

import click

from pyflow.cli import given, output
from pyflow.cli.context import FlowContext
from pyflow.spec.check import check_graph
from pyflow.spec.errors import GraphError


def make(context: FlowContext) -> click.Command:
    @click.command("check", help="Check the flow without running it.")
    @click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
    def check(as_json: bool, decorators: tuple[str, ...] = ()) -> int:
        assert context.graph is not None
        graph = given.with_decorators(context.graph)
        problems = check_graph(graph)
        if as_json:
            output.result_json({"flow": graph.name, "problems": [problem.to_json() for problem in problems]})
            return 1 if problems else 0
        if problems:
            raise GraphError(tuple(problems))
        output.result(f"{graph.name}: the graph looks good ({len(graph.steps)} steps).")
        return 0

    check.params += given.options(context.graph)[:1] if context.graph else []
    return check

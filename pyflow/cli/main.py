"""Entry points: `python flow.py ...` and, through cli.handover, `Rscript flow.R ...`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

import click

from pyflow.cli import arguments as keywords
from pyflow.cli import configs, familiar, given
from pyflow.cli.command import invoke, make_group
from pyflow.cli.context import Entry, FlowContext
from pyflow.cli.errors import guarded
from pyflow.define.compile import compile_flow
from pyflow.define.flow import FlowSpec
from pyflow.define.place import file_of
from pyflow.spec.errors import UserError
from pyflow.spec.graph import Graph

FLOW_COMMANDS: Mapping[str, Entry] = {
    "check": Entry("pyflow.cli.check:make", "Check the flow without running it (the default)."),
    "show": Entry("pyflow.cli.show:make", "Show the steps and how they follow each other."),
    "run": Entry("pyflow.cli.run:make", "Run the flow."),
    "resume": Entry("pyflow.cli.resume:make", "Go on with an earlier run: what it finished is taken over."),
    "spin": Entry("pyflow.cli.spin:make", "Run one task of an earlier run again, here, with the code as it is now."),
    "runs": Entry("pyflow.cli.runs:make_runs", "List or search the flow's runs."),
    "tasks": Entry("pyflow.cli.runs:make_tasks", "List or search tasks."),
    "artifacts": Entry("pyflow.cli.runs:make_artifacts", "List or search artifacts."),
    "lineage": Entry("pyflow.cli.lineage:make", "Show which tasks made an artifact, and which read it."),
    "tag": Entry("pyflow.cli.tag:make", "Add, remove, replace and list tags of runs."),
    "dump": Entry("pyflow.cli.dump:make", "Show the artifacts of a run's step or task."),
    "logs": Entry("pyflow.cli.logs:make", "Show what a run's step or task printed."),
    "code": Entry("pyflow.cli.code:make", "Show, compare or restore the code that a run used."),
    "status": Entry("pyflow.cli.status:make", "Show what runs now."),
    "diff": Entry("pyflow.cli.diff:make", "Show what differs between two runs."),
    "version": Entry("pyflow.cli.version:make", "Show versions."),
}


def run_flow_class(flow_class: type[FlowSpec]) -> None:
    """The command line of a Python flow; ends the process with the exit code."""
    prog = f"python {os.path.relpath(sys.argv[0])}" if sys.argv and sys.argv[0] else flow_class.__name__
    sys.exit(guarded(lambda: flow_main(_compiled(flow_class, sys.argv[1:]), prog, sys.argv[1:])))


def _compiled(flow_class: type[FlowSpec], arguments: Sequence[str]) -> Graph:
    """The graph; without steps where only its name is needed and its configurations are not there."""
    given = configs.given_configs(flow_class.__name__, arguments, FLOW_COMMANDS)
    try:
        return compile_flow(flow_class, given)
    except UserError as error:
        if not error.code.startswith("config_") or not configs.is_about_the_past(arguments, FLOW_COMMANDS):
            raise
        return Graph(flow_class.__name__, "python", file_of(flow_class), steps=())


def flow_main(graph: Graph, prog: str, arguments: Sequence[str]) -> int:
    """Run one command of a flow."""
    group = make_group(
        FlowContext(prog, graph), FLOW_COMMANDS, graph.doc or f"The flow {graph.name}.", flow_options(graph)
    )
    words = keywords.expanded(group, graph, arguments)
    if words != list(arguments):
        # The words are what the run remembers as its command.
        sys.argv[len(sys.argv) - len(arguments) :] = keywords.as_typed(words)
    return invoke(group, prog, words or ["check"])


def flow_options(graph: Graph) -> list[click.Parameter]:
    """What may stand before the command of a flow."""
    return [*configs.options(), *given.options(graph), *familiar.options()]

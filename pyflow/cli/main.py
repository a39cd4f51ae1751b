"""Entry points: `python flow.py ...` and, through cli.handover, `Rscript flow.R ...`; and the command `pyflow`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from pyflow.cli import configs, given
from pyflow.cli.context import SETTINGS, Entry, FlowContext, LazyGroup
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
    "dump": Entry("pyflow.cli.dump:make", "Show the artifacts of a run's step or task."),
    "logs": Entry("pyflow.cli.logs:make", "Show what a run's step or task printed."),
    "code": Entry("pyflow.cli.code:make", "Show, compare or restore the code that a run used."),
    "version": Entry("pyflow.cli.version:make", "Show versions."),
}
PYFLOW_COMMANDS: Mapping[str, Entry] = {
    "flows": Entry("pyflow.cli.runs:make_flows", "List the flows of the store."),
    "runs": Entry("pyflow.cli.runs:make_runs", "List the runs of a flow."),
    "dump": Entry("pyflow.cli.dump:make", "Show the artifacts of a step or task."),
    "logs": Entry("pyflow.cli.logs:make", "Show what a step or task printed."),
    "code": Entry("pyflow.cli.code:make", "Show, compare or restore the code that a run used."),
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
    group = _group(FlowContext(prog, graph), FLOW_COMMANDS, graph.doc or f"The flow {graph.name}.")
    return _invoke(group, prog, arguments or ["check"])


def main() -> None:
    """The command `pyflow`, for what does not begin with a flow's file."""
    group = _group(FlowContext("pyflow"), PYFLOW_COMMANDS, "Look at flows and their runs.")
    prog = Path(sys.argv[0]).name
    sys.exit(guarded(lambda: _invoke(group, prog, sys.argv[1:] or ["--help"])))


def _group(context: FlowContext, commands: Mapping[str, Entry], doc: str) -> LazyGroup:
    quiet = click.Option(["--quiet"], is_flag=True, help="Leave out what is not a result or an error.")
    params = [quiet, *([*configs.options(), *given.options(context.graph)] if context.graph is not None else [])]
    return LazyGroup(
        context, commands, params=params, help=doc, context_settings=SETTINGS, callback=lambda **options: None
    )


def _invoke(group: LazyGroup, prog: str, arguments: Sequence[str]) -> int:
    outcome = group.main(args=list(arguments), prog_name=prog, standalone_mode=False)
    return outcome if isinstance(outcome, int) else 0

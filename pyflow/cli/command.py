"""Entry point of the command `pyflow`, and how a command line is made of a table of commands.

Nothing is imported here that `pyflow --help` does not need.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from pyflow.cli.context import SETTINGS, Entry, FlowContext, LazyGroup
from pyflow.cli.errors import guarded

PYFLOW_COMMANDS: Mapping[str, Entry] = {
    "flows": Entry("pyflow.cli.runs:make_flows", "List the flows of the store."),
    "runs": Entry("pyflow.cli.runs:make_runs", "List or search runs."),
    "tasks": Entry("pyflow.cli.runs:make_tasks", "List or search tasks."),
    "artifacts": Entry("pyflow.cli.runs:make_artifacts", "List or search artifacts."),
    "lineage": Entry("pyflow.cli.lineage:make", "Show which tasks made an artifact, and which read it."),
    "tag": Entry("pyflow.cli.tag:make", "Add, remove, replace and list tags of runs."),
    "dump": Entry("pyflow.cli.dump:make", "Show the artifacts of a step or task."),
    "logs": Entry("pyflow.cli.logs:make", "Show what a step or task printed."),
    "code": Entry("pyflow.cli.code:make", "Show, compare or restore the code that a run used."),
    "status": Entry("pyflow.cli.status:make", "Show what runs now."),
    "diff": Entry("pyflow.cli.diff:make", "Show what differs between two runs."),
    "gc": Entry("pyflow.cli.gc:make", "Remove what nothing refers to, and old runs."),
    "delete": Entry("pyflow.cli.gc:make_delete", "Delete runs."),
    "pin": Entry("pyflow.cli.store:make_pin", "Keep runs and artifacts from garbage collection."),
    "store": Entry("pyflow.cli.store:make", "Check and mend the store, and see what takes its space."),
    "doctor": Entry("pyflow.cli.doctor:make", "Check Python, R, their packages, the store and the machine."),
    "tutorials": Entry("pyflow.cli.tutorials:make", "Four short flows, in Python and in R, to start from."),
    "completion": Entry("pyflow.cli.completion:make", "Print what makes a shell complete this command."),
    "configure": Entry("pyflow.cli.configure:make", "Show and change settings."),
    "version": Entry("pyflow.cli.version:make", "Show versions."),
}


def main() -> None:
    """The command `pyflow`, for what does not begin with a flow's file."""
    group = make_group(FlowContext("pyflow"), PYFLOW_COMMANDS, "Look at flows and their runs.")
    name = Path(sys.argv[0]).name
    prog = "python -m pyflow" if name == "__main__.py" else name
    sys.exit(guarded(lambda: invoke(group, prog, sys.argv[1:] or ["--help"])))


def make_group(
    context: FlowContext, commands: Mapping[str, Entry], doc: str, options: Sequence[click.Parameter] = ()
) -> LazyGroup:
    """The commands as a click group; `options` may stand before the command."""
    quiet = click.Option(["--quiet"], is_flag=True, help="Leave out what is not a result or an error.")
    return LazyGroup(
        context,
        commands,
        params=[quiet, *options],
        help=doc,
        context_settings=SETTINGS,
        callback=lambda **options: None,
    )


def invoke(group: LazyGroup, prog: str, arguments: Sequence[str]) -> int:
    """Carry out a command line; gives the exit code."""
    outcome = group.main(args=list(arguments), prog_name=prog, standalone_mode=False)
    return outcome if isinstance(outcome, int) else 0

"""`run`: check the flow, take its parameters from the command line, run it, and tell how it ended."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import click

from pyflow import app, settings
from pyflow.backends.local import DEFAULT_ISOLATION, ISOLATIONS
from pyflow.cli import arguments, given, output
from pyflow.cli.checking import checked
from pyflow.cli.context import FlowContext
from pyflow.cli.errors import FAILED, INTERRUPTED
from pyflow.cli.hooks import run_hooks
from pyflow.cli.parameters import parameter_options, take_given, variable
from pyflow.cli.reporter import ConsoleReporter
from pyflow.define.values import resolve_values
from pyflow.engine.events import Finish
from pyflow.engine.loop import Engine
from pyflow.engine.plan import Plan
from pyflow.engine.resume import Origin
from pyflow.spec.graph import Graph
from pyflow.spec.records import INTERRUPTED as RUN_INTERRUPTED
from pyflow.spec.records import SUCCESS
from pyflow.spec.task import TaskError

# Codes of what could not be kept: the machine's fault, not the flow's.
UNWRITTEN = ("store_write", "scratch_write")


def make(context: FlowContext) -> click.Command:
    assert context.graph is not None
    parameters = context.graph.parameters

    def run(**options: Any) -> int:
        graph = checked(context)
        values, labels = take_given(parameters, options)
        return start(graph, resolve_values(graph, values, cwd=Path.cwd(), labels=labels), options)

    return click.Command(
        "run",
        params=[*parameter_options(parameters), *run_options(), *given.options(context.graph)],
        callback=run,
        help="Run the flow.",
        context_settings={"show_default": True},
    )


def run_options() -> list[click.Option]:
    """The options of `run` and `resume`; those that are not typed may be in environment variables."""
    whole = click.IntRange(min=1)
    options = [
        click.Option(["--max-workers"], type=whole, default=16, help="At most so many tasks run at once."),
        click.Option(["--max-num-splits"], type=whole, default=100, help="At most so many tasks from one foreach."),
        click.Option(["--tag", "tags"], multiple=True, help="A tag of the run; may be repeated."),
        click.Option(["--namespace"], help="The namespace of the run, instead of user:NAME."),
        click.Option(["--run-id-file"], type=click.Path(path_type=Path), help="Write the run's id to this file."),
        arguments.attribute_file(),
        click.Option(["--no-retry-wait"], is_flag=True, help="Retry failed tasks at once, without their waiting time."),
        click.Option(
            ["--isolation"],
            type=click.Choice(ISOLATIONS),
            default=DEFAULT_ISOLATION,
            help="Fork tasks from a warm process, or start a fresh interpreter for each.",
        ),
        click.Option(
            ["--package-suffixes"],
            default="",
            metavar=".SUFFIX,...",
            help="Files of these kinds belong to the run's code too.",
        ),
        click.Option(
            ["--max-resources"],
            metavar="NAME=NUMBER,...",
            help="What tasks with resources may take together, where it is not what the machine has.",
        ),
    ]
    defaults = settings.run_defaults()
    for option in options:
        name = option.opts[0].removeprefix("--")
        option.envvar, option.show_envvar = variable(name), True
        option.default = defaults.get(name.replace("-", "_"), option.default)
    return options


def start(
    graph: Graph, values: tuple[dict[str, Any], ...], options: dict[str, Any], origin: Origin | None = None
) -> int:
    """Run the flow with the options of the command line, from its beginning or going on with `origin`."""
    quiet = click.get_current_context().find_root().params["quiet"]
    reporter = ConsoleReporter(quiet=quiet)
    run_id_file = options["run_id_file"]

    def on_start(plan: Plan, engine: Engine) -> None:
        _listen(engine.interrupt)
        if run_id_file is not None:
            run_id_file.write_text(plan.run)
        arguments.write_attributes(options["runner_attribute_file"], plan)
        resuming = f", resuming run {plan.origin}" if plan.origin else ""
        reporter.note(f"Workflow starting (run-id {plan.run}){resuming}, store {plan.root}")

    engine, finish = app.run(
        graph,
        app.RunOptions(
            values=values,
            max_workers=options["max_workers"],
            max_num_splits=options["max_num_splits"],
            retry_wait=not options["no_retry_wait"],
            tags=tuple(options["tags"]),
            namespace=options["namespace"],
            backend_options={"isolation": options["isolation"]},
            command=tuple(sys.argv),
            origin=origin,
            capacity=given.amounts(options["max_resources"] or ""),
            project=given.project(graph),
            package_suffixes=tuple(options["package_suffixes"].replace(",", " ").split()),
        ),
        reporter=reporter,
        on_start=on_start,
    )
    reporter.close()
    run_hooks(engine.plan, finish.status, reporter)
    return _tell(engine, finish, reporter)


def _listen(interrupt: Callable[[], None]) -> None:
    """Ctrl-C and SIGTERM stop the run in order; tasks are ended and the end is recorded."""

    def handle(number: int, frame: FrameType | None) -> None:
        interrupt()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handle)


def _tell(engine: Engine, finish: Finish, reporter: ConsoleReporter) -> int:
    if finish.status == SUCCESS:
        reporter.note("Done!")
        return 0
    if finish.status == RUN_INTERRUPTED:
        output.failure(f"Workflow interrupted (run-id {engine.plan.run}).")
        if finish.error is None:
            return INTERRUPTED
        output.failure(f"{finish.error.type}: {finish.error.message}")
        _tell_how_to_go_on(engine.plan)
        return FAILED
    assert finish.error is not None and finish.task is not None
    error, step = finish.error, engine.state.tasks[finish.task].step
    output.failure("Workflow failed.", [failure_text(error)])
    where = f"Step {step} (task-id {finish.task}, run-id {engine.plan.run})"
    output.failure(f"Step failure: {where} failed.{_file_and_line(error)}")
    if error.code in UNWRITTEN:
        _tell_how_to_go_on(engine.plan)
    return FAILED


def _tell_how_to_go_on(plan: Plan) -> None:
    """The flow is right, and what it has done is kept: only the place has to be mended."""
    prog = click.get_current_context().find_root().info_name
    output.failure(f"When that is mended, go on with: {prog} resume --origin-run-id {plan.run}")


def failure_text(error: TaskError) -> str:
    """The error as its own language shows it."""
    return error.traceback or f"{error.type}: {error.message}"


def _file_and_line(error: TaskError) -> str:
    return f" ({error.file}:{error.line})" if error.file and error.line else ""

"""`spin`: run one task of an earlier run again in this terminal, on its inputs, with the code as it is now."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from pyflow.app import spinning
from pyflow.cli import arguments, output
from pyflow.cli.checking import checked
from pyflow.cli.context import FlowContext
from pyflow.cli.errors import FAILED, INTERRUPTED
from pyflow.engine.plan import Plan
from pyflow.repeat import Origin, Repeated
from pyflow.spec.task import ArtifactRef

PATH = click.Path(path_type=Path)


def make(context: FlowContext) -> click.Command:
    @click.command("spin", help="Run one task of an earlier run again, here, with the code as it is now.")
    @click.argument("task", metavar="STEP|RUN/STEP[/TASK]")
    @click.option("--persist/--no-persist", default=False, help="Keep the results among the flow's runs.")
    @click.option("--artifacts-module", type=PATH, help="A file with other inputs: .py with a dict ARTIFACTS, or .R.")
    @click.option("--skip-decorators", is_flag=True, help="Run the step without its decorators.")
    @click.option("--run-id-file", type=PATH, help="Write the id of the run that holds the results to this file.")
    def spin(task: str, run_id_file: Path | None, runner_attribute_file: Path | None, **options: Any) -> int:
        plans: list[Plan] = []

        def on_start(plan: Plan, origin: Origin) -> None:
            plans.append(plan)
            if run_id_file is not None:
                run_id_file.write_text(plan.run)
            arguments.write_attributes(runner_attribute_file, plan, step=origin.task.step, task=origin.task.task)
            output.note(f"Task {plan.flow}/{origin.pathspec} runs again (run-id {plan.run}).")

        found = spinning.spin(
            checked(context),
            task,
            spinning.SpinOptions(
                persist=options["persist"],
                skip_decorators=options["skip_decorators"],
                artifacts=options["artifacts_module"],
                command=tuple(sys.argv),
            ),
            on_start=on_start,
        )
        return _tell(context, plans[0], found, persist=options["persist"])

    spin.params.append(arguments.attribute_file())
    return spin


def _tell(context: FlowContext, plan: Plan, found: Repeated, *, persist: bool) -> int:
    own, error = found.result.artifacts, found.result.error
    for name in sorted(own):
        output.result(f"  {name:<16} {_described(own[name])}")
    for name in found.result.removed:
        output.result(f"  {name:<16} removed")
    request = found.request
    where = f"{request.run}/{request.step}/{request.task}"
    before = "" if persist else f"PYFLOW_ROOT={os.path.relpath(plan.root)} "
    output.note(f"To see them: {before}{context.prog} dump {where}")
    if found.result.ok:
        return 0
    output.failure(f"Step failure: Step {request.step} failed.")
    return INTERRUPTED if error is not None and error.type in ("KeyboardInterrupt", "interrupt") else FAILED


def _described(ref: ArtifactRef) -> str:
    kind = f"{ref.kind} <{ref.type}>" if ref.type else ref.kind
    return f"{kind:<24} {ref.preview.splitlines()[0] if ref.preview else ''}"

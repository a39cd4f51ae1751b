"""`status`: what runs now."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import click

from pyflow.cli import output
from pyflow.cli.context import FlowContext
from pyflow.cli.runs import COLORS
from pyflow.client import Run, default_catalog
from pyflow.spec.records import RUNNING
from pyflow.spec.task import PARAMETERS
from pyflow.views.text import seconds_text


def make(context: FlowContext) -> click.Command:
    @click.command("status", help="Show what runs now, and how far it is.")
    @click.option("--json", "as_json", is_flag=True, help="Print as JSON (shared_spec/cli.schema.json, `status`).")
    @click.option("--watch", is_flag=True, help="Show it again every two seconds, until Ctrl-C.")
    def status(as_json: bool, watch: bool) -> int:
        while True:
            found = running(context.graph.name if context.graph else None)
            if watch and not as_json:
                click.clear()
            _show(found, as_json)
            if not watch:
                return 0
            time.sleep(2)

    return status


def running(flow: str | None = None) -> list[dict[str, Any]]:
    """Runs that are going on, the newest first, each with its steps and how many of their tasks are in which state."""
    catalog = default_catalog()
    now = time.time()
    found = []
    for row in catalog.metadata.runs(flow, status=RUNNING):
        run = Run.from_row(row, catalog)
        steps: dict[str, Counter[str]] = {}
        for task in run.task_rows():
            if task.step != PARAMETERS:
                steps.setdefault(task.step, Counter())[task.status] += 1
        described = [{"step": step, "tasks": dict(counts)} for step, counts in steps.items()]
        found.append(
            {"run": run.pathspec, "user": row.username, "seconds": round(now - row.created_at, 3), "steps": described}
        )
    return found


def _show(found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        output.result_json(found)
        return
    if not found:
        output.result("Nothing runs now.")
    for run in found:
        output.result(f"{click.style(run['run'], bold=True)}  {run['user']}, {seconds_text(run['seconds'])}")
        for step in run["steps"]:
            counts = [click.style(f"{count} {name}", fg=COLORS.get(name)) for name, count in step["tasks"].items()]
            output.result(f"  {step['step']}: {', '.join(counts)}")

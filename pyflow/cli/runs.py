"""`pyflow flows` and `pyflow runs FLOW`: what is in the store."""

from __future__ import annotations

from datetime import datetime

import click

from pyflow.cli import output
from pyflow.cli.context import FlowContext
from pyflow.client import Flow, Pyflow, Run

COLORS = {"success": "green", "failed": "red", "interrupted": "yellow", "running": "blue"}


def make_flows(context: FlowContext) -> click.Command:
    @click.command("flows", help="List the flows of the store.")
    @click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
    def flows(as_json: bool) -> int:
        names = [flow.id for flow in Pyflow()]
        if as_json:
            output.result_json(names)
        else:
            for name in names:
                output.result(name)
        return 0

    return flows


def make_runs(context: FlowContext) -> click.Command:
    @click.command("runs", help="List the runs of a flow, the newest first.")
    @click.argument("flow")
    @click.option("--limit", type=click.IntRange(min=1), help="Only so many.")
    @click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
    def runs(flow: str, limit: int | None, as_json: bool) -> int:
        found = Flow(flow).runs(limit=limit)
        if as_json:
            output.result_json([_described(run) for run in found])
            return 0
        for run in found:
            status = click.style(f"{run.status:<12}", fg=COLORS.get(run.status))
            output.result(
                f"{run.id}  {status} {_time(run.created_at)}  {run.username}  {' '.join(sorted(run.user_tags))}"
            )
        return 0

    return runs


def _described(run: Run) -> dict[str, object]:
    return {
        "id": run.id,
        "status": run.status,
        "created_at": run.created_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "username": run.username,
        "tags": sorted(run.user_tags),
    }


def _time(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")

"""`pyflow store` and `pyflow pin`: is the store sound, what takes its space, what is kept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict

import click

from pyflow.care import here
from pyflow.care.check import Problem
from pyflow.cli import output
from pyflow.cli.context import FlowContext
from pyflow.cli.errors import FAILED
from pyflow.views.text import size_text


def make(context: FlowContext) -> click.Command:
    group = click.Group("store", help="Check and mend the store, and see what takes its space.")
    for command in (_check(), _repair(), _stats()):
        group.add_command(command)
    return group


def _check() -> click.Command:
    @click.command("check", help="Find what is missing or damaged.")
    @click.option("--read-data", is_flag=True, help="Read every blob and check its digest.")
    @click.option("--json", "as_json", is_flag=True, help="Print as JSON (shared_spec/cli.schema.json, `store_check`).")
    def check(read_data: bool, as_json: bool) -> int:
        return _told(here.store_check(read_data=read_data), as_json)

    return check


def _repair() -> click.Command:
    @click.command("repair", help="Check everything, set damaged blobs aside, and record dead runs as interrupted.")
    @click.option(
        "--json", "as_json", is_flag=True, help="Print as JSON (shared_spec/cli.schema.json, `store_repair`)."
    )
    def repair(as_json: bool) -> int:
        return _told(here.store_repair(), as_json)

    return repair


def _told(problems: Sequence[Problem], as_json: bool) -> int:
    if as_json:
        output.result_json([asdict(problem) for problem in problems])
    elif not problems:
        output.result("The store is sound.")
    else:
        for problem in problems:
            mark = click.style("mended" if problem.mended else problem.kind, fg="green" if problem.mended else "red")
            output.result(f"{mark}: {problem.text}")
            for path in problem.used_by:
                output.result(f"  used by {path}: run its task again to store it anew")
    return FAILED if any(not problem.mended for problem in problems) else 0


def _stats() -> click.Command:
    @click.command("stats", help="Show what takes the space, by flow, step and artifact, the largest first.")
    @click.option("--flow", help="Of this flow only.")
    @click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Only so many lines.")
    @click.option(
        "--json", "as_json", is_flag=True, help="Print as JSON, all lines (shared_spec/cli.schema.json, `store_stats`)."
    )
    def stats(flow: str | None, limit: int, as_json: bool) -> int:
        rows = here.store_stats(flow)
        if as_json:
            output.result_json([asdict(row) for row in rows])
            return 0
        for row in rows[:limit]:
            shared = f", {size_text(row.shared)} shared" if row.shared else ""
            name = f"{row.flow}/{row.step}/{row.name}"
            output.result(f"{size_text(row.size):>10}  {name}  {row.values} values, {row.blobs} blobs{shared}")
        if len(rows) > limit:
            output.result(f"and {len(rows) - limit} more")
        return 0

    return stats


def make_pin(context: FlowContext) -> click.Command:
    group = click.Group("pin", help="Keep runs and artifacts from garbage collection.")
    for command in (_add(), _remove(), _list()):
        group.add_command(command)
    return group


def _add() -> click.Command:
    @click.command("add", help="Keep a run, or an artifact's value whatever happens to its run.")
    @click.argument("path", metavar="FLOW/RUN[/STEP/TASK/ARTIFACT]")
    @click.option("--note", default="", help="Why it is kept.")
    def add(path: str, note: str) -> int:
        output.result(f"Pinned {here.pin(path, note).path}")
        return 0

    return add


def _remove() -> click.Command:
    @click.command("remove", help="Take a pin away.")
    @click.argument("path", metavar="FLOW/RUN[/STEP/TASK/ARTIFACT]")
    def remove(path: str) -> int:
        here.unpin(path)
        output.result(f"No longer pinned: {path}")
        return 0

    return remove


def _list() -> click.Command:
    @click.command("list", help="List what is pinned, the oldest first.")
    @click.option("--json", "as_json", is_flag=True, help="Print as JSON (shared_spec/cli.schema.json, `pin_list`).")
    def list_(as_json: bool) -> int:
        pins = here.pins()
        if as_json:
            output.result_json([asdict(item) for item in pins])
            return 0
        for item in pins:
            output.result(
                f"{time.strftime('%Y-%m-%d %H:%M', time.localtime(item.at))}  {item.path}  {item.note}".rstrip()
            )
        return 0

    return list_

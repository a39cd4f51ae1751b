"""`pyflow doctor`: what is here, what is missing, and the command that installs it."""

from __future__ import annotations

import click

from pyflow.care import doctor as checks
from pyflow.cli import output
from pyflow.cli.context import FlowContext
from pyflow.cli.errors import FAILED

_MARKS = {checks.OK: ("ok", "green"), checks.WARNING: ("note", "yellow"), checks.MISSING: ("MISSING", "red")}


def make(context: FlowContext) -> click.Command:
    @click.command("doctor", help="Check Python, R, their packages, the store and the machine.")
    @click.option("--json", "as_json", is_flag=True, help="Print as JSON (shared_spec/cli.schema.json, `doctor`).")
    def doctor(as_json: bool) -> int:
        found = checks.examine()
        if as_json:
            output.result_json([vars(check) for check in found])
        else:
            for check in found:
                _show(check)
        return FAILED if any(check.state == checks.MISSING for check in found) else 0

    return doctor


def _show(check: checks.Check) -> None:
    word, color = _MARKS[check.state]
    output.result(f"{click.style(f'{word:<8}', fg=color)}{check.name:<20} {check.found}")
    if check.fix and check.state != checks.OK:
        output.result(f"{'':<28} -> {check.fix}")

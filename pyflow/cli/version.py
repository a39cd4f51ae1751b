"""`version`: ours, and of what carries values."""

from __future__ import annotations

import click

from pyflow import app
from pyflow.cli import output
from pyflow.cli.context import FlowContext


def make(context: FlowContext) -> click.Command:
    @click.command("version", help="Show versions.")
    @click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
    def version(as_json: bool) -> int:
        versions = app.versions()
        if as_json:
            output.result_json(versions)
        else:
            for name, value in versions.items():
                output.result(f"{name} {value}")
        return 0

    return version

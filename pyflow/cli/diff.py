"""`diff A B`: what differs between two runs."""

from __future__ import annotations

import click

from pyflow.cli import output
from pyflow.cli.context import FlowContext
from pyflow.cli.pathspec import run_of
from pyflow.client.compare import compare

FORMS = {True: ("[BEFORE]", "[AFTER]"), False: ("FLOW/RUN", "[FLOW/RUN]")}


def make(context: FlowContext) -> click.Command:
    forms = FORMS[context.graph is not None]

    @click.command(
        "diff",
        help="Show what differs between two runs: parameters, environment, code, artifacts, timing. "
        "With one run: between it and the flow's latest.",
    )
    @click.argument("before", metavar=forms[0])
    @click.argument("after", required=False, metavar=forms[1])
    @click.option("--json", "as_json", is_flag=True, help="Print as JSON (shared_spec/cli.schema.json, `diff`).")
    def diff(before: str, after: str | None, as_json: bool) -> int:
        old = run_of(context, before)
        new = run_of(
            context, after if after is not None else old.pathspec.partition("/")[0] if context.graph is None else None
        )
        found = compare(old, new)
        if as_json:
            output.result_json(found.to_json())
            return 0
        for kind, line in found.lines():
            output.result(_styled(kind, line))
        return 0

    return diff


def _styled(kind: str, line: str) -> str:
    if kind == "section":
        return click.style(line, bold=True)
    if kind == "diff":
        colors = {"+": "green", "-": "red", "@": "cyan"}
        shown = line.encode("utf-8", "replace").decode()
        return click.style(f"  {shown}", fg=None if line.startswith(("---", "+++")) else colors.get(line[:1]))
    return line

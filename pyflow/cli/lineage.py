"""`lineage`: which tasks, in any run, made an artifact, and which read it."""

from __future__ import annotations

import re

import click

from pyflow.cli import output, tables
from pyflow.cli.context import FlowContext
from pyflow.client import Artifact, Run, default_catalog
from pyflow.client.bridge_find import LINEAGE_COLUMNS, lineage_rows
from pyflow.client.items import moment

_DIGEST = re.compile("[0-9a-f]{64}")


def make(context: FlowContext) -> click.Command:
    form = "RUN[/STEP/TASK]/NAME" if context.graph is not None else "FLOW/RUN[/STEP/TASK]/NAME"

    @click.command("lineage", help=f"Show which tasks made an artifact ({form}, or a digest), and which read it.")
    @click.argument("artifact", metavar="ARTIFACT")
    @click.option("--json", "as_json", is_flag=True, help="Print as JSON (shared_spec/cli.schema.json, `lineage`).")
    def lineage(artifact: str, as_json: bool) -> int:
        digest = artifact if _DIGEST.fullmatch(artifact) else _artifact(context, artifact, form).digest
        found = default_catalog().metadata.lineage(digest)
        rows = [*lineage_rows(found.made, "made"), *lineage_rows(found.read, "read")]
        for row in rows:
            row["created_at"] = moment(row["created_at"])
        if not as_json:
            output.note(f"digest {digest}")
        tables.show(rows, LINEAGE_COLUMNS, as_json=as_json)
        return 0

    return lineage


def _artifact(context: FlowContext, text: str, form: str) -> Artifact:
    parts = text.strip("/").split("/")
    if context.graph is not None and parts[0] != context.graph.name:
        parts = [context.graph.name, *parts]
    if len(parts) == 5:
        return Artifact("/".join(parts))
    if len(parts) != 3:
        raise click.UsageError(f"{text!r} is neither of the form {form} nor a digest.", click.get_current_context())
    found: Artifact = Run("/".join(parts[:2])).artifacts[parts[2]]
    return found

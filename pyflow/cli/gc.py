"""`pyflow gc` and `pyflow delete`: free space. Nothing is removed before `--yes`."""

from __future__ import annotations

import click

from pyflow.care import here
from pyflow.cli import output
from pyflow.cli.context import FlowContext
from pyflow.views.text import size_text


def make(context: FlowContext) -> click.Command:
    @click.command(
        "gc",
        help="Remove what no run and no pin refers to, and old runs if you say which. Without --yes it only shows "
        "what it would do.",
    )
    @click.option("--keep-last", type=click.IntRange(min=0), help="Delete all but so many runs of each flow.")
    @click.option("--older-than", metavar="TIME", help="Delete runs that began before: 30d, 12h, 2026-01-31.")
    @click.option("--flow", help="Delete runs of this flow only.")
    @click.option(
        "--grace", default="1d", show_default=True, metavar="TIME", help="Leave what was stored less than so long ago."
    )
    @click.option("--yes", is_flag=True, help="Do it.")
    @click.option("--dry-run", is_flag=True, help="Only show it, which is what happens without --yes.")
    @click.option("--json", "as_json", is_flag=True, help="Print as JSON (shared_spec/cli.schema.json, `gc`).")
    def gc(
        keep_last: int | None,
        older_than: str | None,
        flow: str | None,
        grace: str,
        yes: bool,
        dry_run: bool,
        as_json: bool,
    ) -> int:
        if yes and dry_run:
            raise click.UsageError("--yes and --dry-run exclude each other.")
        found = here.store_gc(flow=flow, keep_last=keep_last, older_than=older_than, grace=grace, delete=yes)
        if as_json:
            output.result_json(found)
            return 0
        verb = "Removed" if yes else "Would remove"
        for path in found["runs"]:
            output.result(f"{verb} run {path}")
        counts = [f"{found['blobs']} blobs", f"{found['leftovers']} leftovers", f"{found['folders']} folders"]
        output.result(f"{verb} {', '.join(counts)}: {size_text(found['size'])}")
        output.result(f"Kept {found['kept_blobs']} files: {size_text(found['kept_size'])}")
        if not yes:
            more = ", and what the runs alone use," if found["runs"] else ""
            output.note(f"Nothing was removed: --yes removes it{more}.")
        return 0

    return gc


def make_delete(context: FlowContext) -> click.Command:
    @click.command("delete", help="Delete runs with their tasks and logs; gc frees what they used.")
    @click.argument("runs", nargs=-1, required=True, metavar="FLOW/RUN...")
    @click.option("--yes", is_flag=True, help="Do not ask.")
    def delete(runs: tuple[str, ...], yes: bool) -> int:
        if not yes:
            click.confirm(f"Delete {', '.join(runs)}?", abort=True, err=True)
        for path in here.delete_runs(*runs):
            output.result(f"Deleted {path}")
        return 0

    return delete

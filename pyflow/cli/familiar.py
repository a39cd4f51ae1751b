"""Options of Metaflow's command line: accepted where they say what is so here anyway, else refused."""

from __future__ import annotations

import click

ONLY_LOCAL = ("--metadata", "--datastore", "--environment")


def options() -> list[click.Parameter]:
    """The options, which `--help` does not show."""
    local = [click.Option([name], type=click.Choice(["local"]), hidden=True, expose_value=False) for name in ONLY_LOCAL]
    return [click.Option(["--pylint/--no-pylint"], default=False, hidden=True, expose_value=False), *local]

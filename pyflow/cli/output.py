"""What people see: results on standard output, everything else on standard error; coloured only on a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import click


def result(text: str) -> None:
    """A line that was asked for."""
    click.echo(text)


def result_json(data: Any) -> None:
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def note(text: str) -> None:
    """A line about what is going on; `--quiet` leaves these out."""
    context = click.get_current_context(silent=True)
    if context is None or not context.find_root().params.get("quiet"):
        click.echo(text, err=True)


def failure(headline: str, details: Iterable[str] = ()) -> None:
    click.secho(headline, err=True, fg="red", bold=True)
    for text in details:
        if text:
            click.echo(text, err=True)

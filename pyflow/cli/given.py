"""Options that may stand before or after the command: decorators for every step, and the branch of a project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from pyflow import settings
from pyflow.define import load
from pyflow.define.custom import Use
from pyflow.define.mutators import mutate_steps
from pyflow.define.parameters import user_name
from pyflow.spec.attach import attach, parse_decorator, split_outside
from pyflow.spec.errors import UsageError
from pyflow.spec.graph import Graph
from pyflow.spec.names import did_you_mean
from pyflow.spec.project import Project, project_of
from pyflow.spec.resources import NAMES

DEFAULT_DECORATORS = "PYFLOW_DEFAULT_DECORATORS"


def options(graph: Graph) -> list[click.Parameter]:
    """The options for a flow; `--branch` and `--production` only where it has a project."""
    found: list[click.Parameter] = [
        click.Option(
            ["--with", "decorators"],
            multiple=True,
            metavar="NAME:ARG=VALUE,...",
            help="Put a decorator on every step that does not have it, as in --with retry:times=2; may be repeated."
            f"  [env var: {DEFAULT_DECORATORS}]",
        )
    ]
    if graph.decorator("project") is None:
        return found
    return [
        *found,
        click.Option(
            ["--branch"],
            envvar="PYFLOW_BRANCH",
            default=settings.value("branch"),
            show_envvar=True,
            help="The run's branch of the project, as test.BRANCH.",
        ),
        click.Option(
            ["--production"],
            is_flag=True,
            default=settings.value("production"),
            envvar="PYFLOW_PRODUCTION",
            show_envvar=True,
            help="The run belongs to the project's production.",
        ),
    ]


def with_decorators(graph: Graph) -> Graph:
    """The graph with the decorators of the command line and then those of the environment."""
    typed = [text for context in _contexts() for text in context.params.get("decorators", ())]
    default = [text for text in split_outside(settings.value("default_decorators") or "", " \t\n") if text]
    folder = Path(graph.file).parent if graph.file else Path.cwd()
    for item in [parse_decorator(text) for text in [*typed, *default]]:
        found = load.located(item, folder) if item.custom else item
        graph = mutate_steps(graph, found) if isinstance(found, Use) else attach(graph, [found])
    return graph


def project(graph: Graph) -> Project | None:
    """The project and branch of this run; what stands after the command wins."""
    if graph.decorator("project") is None:
        return None
    return project_of(graph, user=user_name(), branch=_last("branch"), production=bool(_last("production")))


def amounts(text: str) -> dict[str, float]:
    """`cpu=4,memory=8000` by name. Raises UsageError for another form or an unknown name."""
    return dict(_amount(item) for item in text.split(",") if item.strip())


def _amount(item: str) -> tuple[str, float]:
    name, _, value = item.strip().partition("=")
    try:
        amount = float(value)
    except ValueError:
        raise UsageError(f"--max-resources takes NAME=NUMBER, not {item.strip()!r}") from None
    if name not in NAMES or amount < 0:
        hint = did_you_mean(name, NAMES) or f"The names are {', '.join(NAMES)}; memory and disk are in MB."
        raise UsageError(f"--max-resources takes no {item.strip()!r}", hint=hint)
    return name, amount


def _contexts() -> Iterator[click.Context]:
    """The context of the command and those around it."""
    context = click.get_current_context(silent=True)
    while context is not None:
        yield context
        context = context.parent


def _last(name: str) -> Any:
    return next((value for context in _contexts() if (value := context.params.get(name)) is not None), None)

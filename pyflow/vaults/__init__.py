"""Where secrets come from. A source implements ports.SecretSource; a new one is a file and a line in SOURCES.

No message here holds a value.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyflow.ports import SecretSource
from pyflow.spec.errors import Problem, SecretError
from pyflow.spec.graph import Graph
from pyflow.spec.names import did_you_mean
from pyflow.spec.secrets import source_object
from pyflow.vaults.environment import EnvironmentSource
from pyflow.vaults.inline import InlineSource

SOURCES: Mapping[str, Callable[[], SecretSource]] = {"inline": InlineSource, "env": EnvironmentSource}


def get_secret(source: str | Mapping[str, Any], role: str | None = None) -> dict[str, str]:
    """The variables of one source, by name. The environment does not change, and logs mask them only in a step whose
    `secrets` have the same values.

    Example: `get_secret({"type": "env", "names": ["TOKEN"]})["TOKEN"]`
    """
    spec = source_object(source)
    kind = spec["type"]
    if kind not in SOURCES:
        raise SecretError(
            f"there is no source of secrets of type {kind!r}",
            code="secret_source_unknown",
            hint=did_you_mean(kind, SOURCES) or f"The types are {', '.join(SOURCES)}.",
        )
    return dict(SOURCES[kind]().get(spec, spec.get("role") or role))


def resolve(
    sources: Sequence[str | Mapping[str, Any]],
    *,
    role: str | None = None,
    allow_override: bool = False,
    environment: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """All variables of the sources. A variable that another source, or the environment, gives another value is an error
    (`secret_override`), unless `allow_override`: then the last source wins."""
    found: dict[str, str] = {}
    for source in sources:
        for name, value in get_secret(source, role).items():
            other = found.get(name, environment.get(name, value))
            if other != value and not allow_override:
                raise SecretError(
                    f"the secret {name} would replace a variable of that name with another value",
                    code="secret_override",
                    hint="Rename one of them, or let secrets replace variables: secrets(..., allow_override=True).",
                )
            found[name] = value
    return found


def source_problems(graph: Graph) -> list[Problem]:
    """A problem for each source whose type is not known here."""
    found = []
    for step in graph.steps:
        decorator = step.decorator("secrets")
        for source in decorator.args.get("sources", []) if decorator else []:
            kind = source_object(source)["type"]
            if kind not in SOURCES:
                message = f"secrets of step *{step.name}* have a source of an unknown type, {kind!r}."
                hint = did_you_mean(kind, SOURCES) or f"The types are {', '.join(SOURCES)}."
                found.append(Problem("secret_source_unknown", message, step.where, hint))
    return found

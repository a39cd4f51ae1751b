"""Sources of secrets as data, and graphs without the values that stand in them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pyflow.spec.graph import Decorator, Graph, Step

MASK = "*****"


def source_object(source: str | Mapping[str, Any]) -> dict[str, Any]:
    """A source as an object: `"TYPE.ID"` is an object with type and id."""
    if isinstance(source, str):
        kind, _, id = source.partition(".")
        return {"type": kind, "id": id}
    return dict(source)


def without_values(graph: Graph) -> Graph:
    """The graph as it may be stored and shown: values of inline sources are masked."""
    return replace(graph, steps=tuple(_masked_step(step) for step in graph.steps))


def _masked_step(step: Step) -> Step:
    if step.decorator("secrets") is None:
        return step
    return replace(
        step, decorators=tuple(_masked(item) if item.name == "secrets" else item for item in step.decorators)
    )


def _masked(decorator: Decorator) -> Decorator:
    sources = [_masked_source(item) for item in decorator.args.get("sources", [])]
    return replace(decorator, args={**decorator.args, "sources": sources})


def _masked_source(source: Any) -> Any:
    if not isinstance(source, Mapping) or "options" not in source:
        return source
    return {**source, "options": _masked_texts(source["options"])}


def _masked_texts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _masked_texts(item) for key, item in value.items()}
    return MASK if isinstance(value, str | int | float) else value


def inline_values(graph: Graph) -> set[str]:
    """The values of the inline sources of a graph."""
    return {
        str(value)
        for step in graph.steps
        if (decorator := step.decorator("secrets"))
        for source in decorator.args.get("sources", [])
        for value in _env_vars(source)
    }


def _env_vars(source: Any) -> Iterator[Any]:
    options = source.get("options") if isinstance(source, Mapping) else None
    variables = options.get("env_vars") if isinstance(options, Mapping) else None
    yield from variables.values() if isinstance(variables, Mapping) else ()


def masked_text(text: str, values: set[str]) -> str:
    """The text without the values, also where they stand in it as JSON."""
    for value in sorted(filter(None, values), key=len, reverse=True):
        text = text.replace(value, MASK).replace(json.dumps(value)[1:-1], MASK)
    return text

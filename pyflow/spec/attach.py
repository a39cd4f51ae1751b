"""Decorators that are given for a run, as text (`retry:times=3`), and put on every step. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from pyflow.spec.check_decorators import DECORATORS, FLOW_DECORATORS, argument_problems
from pyflow.spec.errors import DefinitionError, UsageError
from pyflow.spec.graph import Decorator, Graph, Step
from pyflow.spec.names import did_you_mean, is_identifier

_OPEN, _CLOSE = "[{(", "]})"


def attach(graph: Graph, decorators: Iterable[Decorator]) -> Graph:
    """The graph with each decorator on every step that has none of that name: what the flow's file says wins, and of
    those given the first."""
    steps = graph.steps
    for decorator in decorators:
        steps = tuple(
            replace(step, decorators=(*step.decorators, decorator)) if _belongs(decorator, step) else step
            for step in steps
        )
    return replace(graph, steps=steps)


def _belongs(decorator: Decorator, step: Step) -> bool:
    """An R decorator stands around R functions only."""
    fits = not (decorator.custom and decorator.language == "r" and step.language != "r")
    return fits and all(item.name != decorator.name for item in step.decorators)


def parse_decorator(text: str) -> Decorator:
    """`NAME`, or `NAME:arg=value,arg2=value2` with values in JSON; what is no JSON is a text. A name with a dot is that
    of the user's own decorator, `module.name`; its language is not known yet.

    Raises UsageError for another form, DefinitionError `decorator_unknown` or `decorator_argument` with the
    nearest name.
    """
    name, _, rest = text.strip().partition(":")
    args = dict(_argument(item, text) for item in split_outside(rest, ",") if item.strip())
    if "." in name:
        return Decorator(name, args, custom=True)
    if name not in DECORATORS:
        hint = did_you_mean(name, DECORATORS) or f"The known ones are {', '.join(DECORATORS)}."
        hint = "It is a decorator of flows; write it in the flow's file." if name in FLOW_DECORATORS else hint
        message = f"--with {text}: there is no step decorator {name!r}."
        raise DefinitionError(message, code="decorator_unknown", hint=hint)
    for message, hint in argument_problems(name, args, DECORATORS, "--with"):
        raise DefinitionError(message, code="decorator_argument", hint=hint)
    return Decorator(name, args)


def _argument(item: str, text: str) -> tuple[str, Any]:
    name, equals, value = item.strip().partition("=")
    if not equals or not is_identifier(name.strip()):
        raise UsageError(
            f"--with {text}: {item.strip()!r} is no argument with a value",
            code="decorator_argument",
            hint="Write NAME:argument=value,argument=value, for example retry:times=3.",
        )
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        return name.strip(), {"True": True, "False": False, "None": None}.get(value.strip(), value)


def split_outside(text: str, separators: str) -> Iterator[str]:
    """The parts of a text between separators that stand in no quotes and no brackets."""
    part, depth, quoted, escaped = "", 0, False, False
    for character in text:
        if character in separators and depth == 0 and not quoted:
            yield part
            part = ""
            continue
        part += character
        if character == '"' and not escaped:
            quoted = not quoted
        escaped = character == "\\" and not escaped
        if not quoted:
            depth += (character in _OPEN) - (character in _CLOSE)
    yield part

"""Group D of the graph's rules: decorators and their arguments, and the defaults of parameters."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pyflow.spec.errors import Problem, Where
from pyflow.spec.graph import Decorator, Graph, Parameter, Step
from pyflow.spec.names import did_you_mean, is_artifact_name

MAX_RETRIES = 4


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_duration(value: Any) -> bool:
    return _is_number(value) and bool(value >= 0)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_artifact_or_none(value: Any) -> bool:
    return value is None or (isinstance(value, str) and is_artifact_name(value))


def _is_variables(value: Any) -> bool:
    """Names of environment variables with text or numbers; an empty list is how R writes an empty named list."""
    if not isinstance(value, Mapping):
        return isinstance(value, list) and not value
    return all(isinstance(key, str) and key and (_is_text(item) or _is_number(item)) for key, item in value.items())


def _is_json(value: Any) -> bool:
    """Any JSON value is a default of type json; a text is parsed as JSON when the run starts."""
    if not isinstance(value, str):
        return True
    try:
        json.loads(value)
    except ValueError:
        return False
    return True


# For each argument: what it may be, as a test and in words.
Argument = tuple[Callable[[Any], bool], str]

DECORATORS: Mapping[str, Mapping[str, Argument]] = {
    "retry": {
        "times": (_is_int, "a whole number"),
        "minutes_between_retries": (_is_duration, "a number of minutes, zero or more"),
    },
    "catch": {
        "var": (_is_artifact_or_none, "the name of an artifact"),
        "print_exception": (_is_bool, "true or false"),
    },
    "timeout": {
        "seconds": (_is_number, "a number"),
        "minutes": (_is_number, "a number"),
        "hours": (_is_number, "a number"),
    },
    "environment": {"vars": (_is_variables, "names with a text or a number each")},
}

TYPES: Mapping[str, Mapping[str, Argument]] = {
    "value": {
        "str": (_is_text, "a text"),
        "int": (_is_int, "a whole number"),
        "float": (_is_number, "a number"),
        "bool": (_is_bool, "true or false"),
        "json": (_is_json, "valid JSON"),
    },
    "file": {"text": (_is_text, "a path"), "bytes": (_is_text, "a path")},
}


def _each(graph: Graph) -> Iterator[tuple[Step, Decorator, Where]]:
    for step in graph.steps:
        for decorator in step.decorators:
            yield step, decorator, Where(step.file, decorator.line or step.line, step.name)


def _valid(graph: Graph, name: str) -> Iterator[tuple[Step, Mapping[str, Any], Where]]:
    """The decorators of a name whose arguments are of the right types; others are reported as such."""
    for step, decorator, where in _each(graph):
        if decorator.name == name and not any(_argument_problems(graph, step, decorator, where)):
            yield step, decorator.args, where


def _decorator_unknown(graph: Graph) -> Iterator[Problem]:
    for step, decorator, where in _each(graph):
        if decorator.name not in DECORATORS:
            message = f"Step *{step.name}* has an unknown decorator, {decorator.name!r}."
            hint = did_you_mean(decorator.name, DECORATORS) or f"The known ones are {', '.join(DECORATORS)}."
            yield Problem("decorator_unknown", message, where, hint)


def _decorator_argument(graph: Graph) -> Iterator[Problem]:
    for step, decorator, where in _each(graph):
        if decorator.name in DECORATORS:
            yield from _argument_problems(graph, step, decorator, where)


def _argument_problems(graph: Graph, step: Step, decorator: Decorator, where: Where) -> Iterator[Problem]:
    known = DECORATORS[decorator.name]
    for name, value in decorator.args.items():
        message = hint = ""
        if name not in known:
            message = f"{decorator.name} of step *{step.name}* has an unknown argument, {name!r}."
            hint = did_you_mean(name, known) or f"It takes {', '.join(known)}."
        elif not known[name][0](value):
            message = f"{decorator.name} of step *{step.name}* has {name}={value!r}, which is not {known[name][1]}."
        elif name == "var" and _taken(graph, value):
            message = f"catch of step *{step.name}* has var={value!r}, which is the name of {_taken(graph, value)}."
            hint = "Choose another name for the artifact that is to hold the error."
        if message:
            yield Problem("decorator_argument", message, where, hint)


def _taken(graph: Graph, name: str | None) -> str:
    if any(step.name == name for step in graph.steps):
        return "a step"
    if any(parameter.name == name for parameter in graph.parameters):
        return "a parameter"
    return "a constant" if name in graph.constants else ""


def _decorator_duplicate(graph: Graph) -> Iterator[Problem]:
    seen = set()
    for step, decorator, where in _each(graph):
        if (step.name, decorator.name) in seen:
            message = f"Step *{step.name}* has the decorator {decorator.name!r} twice."
            yield Problem("decorator_duplicate", message, where, "Keep one of them.")
        seen.add((step.name, decorator.name))


def _retry_times(graph: Graph) -> Iterator[Problem]:
    for step, args, where in _valid(graph, "retry"):
        times = args.get("times", 3)
        if not 0 <= times <= MAX_RETRIES:
            message = (
                f"The maximum number of retries is {MAX_RETRIES}, but step *{step.name}* has retry(times={times})."
            )
            yield Problem("retry_times", message, where, f"Give a number from 0 to {MAX_RETRIES}.")


def _timeout_zero(graph: Graph) -> Iterator[Problem]:
    for step, args, where in _valid(graph, "timeout"):
        total = args.get("seconds", 0) + 60 * args.get("minutes", 0) + 3600 * args.get("hours", 0)
        if not total > 0:
            message = f"Step *{step.name}* has a timeout of {total:g} seconds."
            yield Problem(
                "timeout_zero", message, where, "Give seconds, minutes or hours that add up to more than zero."
            )


def _catch_on_split(graph: Graph) -> Iterator[Problem]:
    for step, decorator, where in _each(graph):
        if decorator.name == "catch" and step.transition.kind == "foreach":
            message = f"catch is defined for step *{step.name}*, but catch is not supported on foreach splits."
            hint = "Fan out in a step of its own that has no catch."
            yield Problem("catch_on_split", message, where, hint)


def _parameter_type(graph: Graph) -> Iterator[Problem]:
    for parameter in graph.parameters:
        where = Where(graph.file, parameter.line)
        known = TYPES[parameter.kind]
        if parameter.type not in known:
            message = f"Parameter {parameter.name!r} has an unknown type, {parameter.type!r}."
            yield Problem("parameter_type", message, where, f"The known types are {', '.join(known)}.")
        elif parameter.has_default and parameter.default is not None and not _fits(parameter, known):
            words = known[parameter.type][1]
            message = (
                f"Parameter {parameter.name!r} is of type {parameter.type}, but its default {parameter.default!r} is "
            )
            message += f"not {words}." if parameter.separator is None else f"not a text or a list with {words} each."
            yield Problem("parameter_type", message, where, "Give a default of that type, or another type.")


def _fits(parameter: Parameter, known: Mapping[str, Argument]) -> bool:
    test = known[parameter.type][0]
    if parameter.separator is None:
        return test(parameter.default)
    if isinstance(parameter.default, list | tuple):
        return all(test(item) for item in parameter.default)
    return isinstance(parameter.default, str)


RULES = (
    _decorator_unknown,
    _decorator_argument,
    _decorator_duplicate,
    _retry_times,
    _timeout_zero,
    _catch_on_split,
    _parameter_type,
)

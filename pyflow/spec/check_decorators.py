"""Group D of the graph's rules: decorators and their arguments, and the defaults of parameters."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pyflow.spec import resources
from pyflow.spec.errors import Problem, Where
from pyflow.spec.graph import MISSING, Decorator, Graph, Parameter, Step
from pyflow.spec.names import did_you_mean, is_artifact_name
from pyflow.spec.project import is_branch, is_project_name

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


def _is_amount(value: Any) -> bool:
    return value is None or (_is_number(value) and bool(value >= 0))


def _is_cores(value: Any) -> bool:
    return value is None or (_is_number(value) and bool(value > 0))


def _is_text_or_none(value: Any) -> bool:
    return value is None or (isinstance(value, str) and bool(value))


def _is_source(value: Any) -> bool:
    """A secret source: `TYPE.ID` as text, or an object with a type."""
    if isinstance(value, str):
        return "." in value.strip(".")
    return isinstance(value, Mapping) and isinstance(value.get("type"), str) and bool(value["type"])


def _is_sources(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(_is_source(item) for item in value)


def _is_names(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) and item for item in value)


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping) or value == []


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
    "resources": {
        **dict.fromkeys(resources.NAMES, (_is_amount, "a number, zero or more")),
        "cpu": (_is_cores, "a number of cores above zero"),
    },
    "secrets": {
        "sources": (_is_sources, 'a list of sources, each "TYPE.ID" or an object with a type'),
        "role": (_is_text_or_none, "a text"),
        "allow_override": (_is_bool, "true or false"),
    },
    "parallel": {},
}
FLOW_DECORATORS: Mapping[str, Mapping[str, Argument]] = {
    "project": {
        "name": (is_project_name, "a name of at most 128 lowercase letters, digits and underscores"),
        "branch": (is_branch, "a name of letters, digits, '_', '-' and '.'"),
        "production": (_is_bool, "true or false"),
    },
    "exit_hook": {
        "on_success": (_is_names, "a list of functions' names"),
        "on_error": (_is_names, "a list of functions' names"),
        "options": (_is_object, "names with a value each"),
    },
}
# Flow decorators that may stand more than once.
REPEATABLE = frozenset({"exit_hook"})

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
    """Every decorator of a step that is not the user's own."""
    for step in graph.steps:
        for decorator in step.decorators:
            if not decorator.custom:
                yield step, decorator, Where(step.file, decorator.line or step.line, step.name)


def _valid(graph: Graph, name: str) -> Iterator[tuple[Step, Mapping[str, Any], Where]]:
    """The decorators of a name whose arguments are of the right types; others are reported as such."""
    for step, decorator, where in _each(graph):
        if decorator.name == name and not any(_argument_problems(graph, step, decorator, where)):
            yield step, decorator.args, where


def _flow_decorators(graph: Graph) -> Iterator[Problem]:
    """The rules for the flow's own decorators: each is known, has known arguments, and stands once."""
    seen: set[str] = set()
    for decorator in graph.decorators:
        where = Where(graph.file, decorator.line)
        if decorator.name not in FLOW_DECORATORS:
            message = f"The flow has an unknown decorator, {decorator.name!r}."
            if decorator.name in DECORATORS:
                message = f"{decorator.name} is a decorator of steps, but stands on the flow."
            hint = did_you_mean(decorator.name, FLOW_DECORATORS) or f"A flow's are {', '.join(FLOW_DECORATORS)}."
            yield Problem("decorator_unknown", message, where, hint)
            continue
        given = {"name": None, **decorator.args} if decorator.name == "project" else decorator.args
        for message, hint in argument_problems(decorator.name, given, FLOW_DECORATORS, "the flow"):
            yield Problem("decorator_argument", message, where, hint)
        if decorator.name in seen - REPEATABLE:
            message = f"The flow has the decorator {decorator.name!r} twice."
            yield Problem("decorator_duplicate", message, where, "Keep one of them.")
        seen.add(decorator.name)


def _decorator_unknown(graph: Graph) -> Iterator[Problem]:
    for step, decorator, where in _each(graph):
        if decorator.name in FLOW_DECORATORS:
            message = f"{decorator.name} is a decorator of flows, but stands on step *{step.name}*."
            yield Problem("decorator_unknown", message, where, "Put it on the flow.")
        elif decorator.name not in DECORATORS:
            message = f"Step *{step.name}* has an unknown decorator, {decorator.name!r}."
            hint = did_you_mean(decorator.name, DECORATORS) or f"The known ones are {', '.join(DECORATORS)}."
            yield Problem("decorator_unknown", message, where, hint)


def _decorator_argument(graph: Graph) -> Iterator[Problem]:
    for step, decorator, where in _each(graph):
        if decorator.name in DECORATORS:
            yield from _argument_problems(graph, step, decorator, where)


def _argument_problems(graph: Graph, step: Step, decorator: Decorator, where: Where) -> Iterator[Problem]:
    for message, hint in argument_problems(decorator.name, decorator.args, DECORATORS, f"step *{step.name}*"):
        yield Problem("decorator_argument", message, where, hint)
    taken = _taken(graph, decorator.args.get("var")) if decorator.name == "catch" else ""
    if taken:
        message = f"catch of step *{step.name}* has var={decorator.args['var']!r}, which is the name of {taken}."
        hint = "Choose another name for the artifact that is to hold the error."
        yield Problem("decorator_argument", message, where, hint)


def argument_problems(
    decorator: str, args: Mapping[str, Any], table: Mapping[str, Mapping[str, Argument]], owner: str
) -> Iterator[tuple[str, str]]:
    """(message, hint) for each argument that the decorator does not have or that is of a wrong type; `table` is
    DECORATORS or FLOW_DECORATORS, `owner` what the decorator stands on."""
    known = table[decorator]
    for name, value in args.items():
        if name not in known:
            message = f"{decorator} of {owner} has an unknown argument, {name!r}."
            yield message, did_you_mean(name, known) or f"It takes {', '.join(known) or 'none'}."
        elif not known[name][0](value):
            shown = "a value" if decorator == "secrets" and name == "sources" else f"{name}={value!r}"
            yield f"{decorator} of {owner} has {shown}, which is not {known[name][1]}.", ""


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


# A failed step cannot say how it goes on.
_WITHOUT_CATCH = {"foreach": "foreach splits", "parallel": "splits into a gang", "switch": "switches"}


def _catch_on_split(graph: Graph) -> Iterator[Problem]:
    for step, decorator, where in _each(graph):
        splits = _WITHOUT_CATCH.get(step.transition.kind)
        if decorator.name == "catch" and splits:
            message = f"catch is defined for step *{step.name}*, but catch is not supported on {splits}."
            hint = f"{'Choose' if splits == 'switches' else 'Fan out'} in a step of its own that has no catch."
            yield Problem("catch_on_split", message, where, hint)


def _decorator_language(graph: Graph) -> Iterator[Problem]:
    """A Python decorator stands around steps of any language, one of another language around steps of its own."""
    for step in graph.steps:
        for item in step.decorators:
            if item.custom and item.language not in ("python", step.language):
                message = (
                    f"Step *{step.name}* is of {step.language}, but its decorator {item.name!r} is of {item.language}."
                )
                where = Where(step.file, item.line or step.line, step.name)
                yield Problem("decorator_language", message, where, "Write the decorator in Python, or the step in R.")


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


def _parameter_choice(graph: Graph) -> Iterator[Problem]:
    """The choices are of the parameter's type, and the default is among them."""
    for parameter in graph.parameters:
        test, words = TYPES[parameter.kind].get(parameter.type, (lambda value: True, ""))
        where = Where(graph.file, parameter.line)
        for choice in parameter.choices:
            if not test(choice):
                message = f"Parameter {parameter.name!r} has the choice {choice!r}, which is not {words}."
                yield Problem("parameter_choice", message, where, "Give choices of the parameter's type.")
        default = parameter.default if parameter.has_default else None
        items = default if isinstance(default, list | tuple) else [] if default is None else [default]
        for item in items if parameter.choices else ():
            if parameter.choice(item) is MISSING and not (parameter.separator and isinstance(default, str)):
                shown = ", ".join(map(str, parameter.choices))
                message = f"Parameter {parameter.name!r} has the default {item!r}, which is none of its choices."
                yield Problem("parameter_choice", message, where, f"The choices are {shown}.")


def _fits(parameter: Parameter, known: Mapping[str, Argument]) -> bool:
    test = known[parameter.type][0]
    if parameter.multiple and isinstance(parameter.default, list | tuple):
        return all(test(item) for item in parameter.default)
    if parameter.separator is None:
        return test(parameter.default)
    if isinstance(parameter.default, list | tuple):
        return all(test(item) for item in parameter.default)
    return isinstance(parameter.default, str)


RULES = (
    _flow_decorators,
    _decorator_unknown,
    _decorator_argument,
    _decorator_duplicate,
    _retry_times,
    _timeout_zero,
    _catch_on_split,
    _decorator_language,
    _parameter_type,
    _parameter_choice,
)

"""What a program gives by keyword (`Runner("flow.py").run(alpha=0.5, max_workers=4)`) as the words of a command line.

A program names a file with its keywords, `run --arguments-file=FILE`. They become words here, where the flow's
parameters and the command's options are known, so that a program and a terminal mean the same and hear the same of a
mistake. The program learns of the run that has begun from a file that it names with `--runner-attribute-file`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from pyflow.engine.plan import Plan
from pyflow.spec.errors import UsageError
from pyflow.spec.graph import Graph, Parameter
from pyflow.spec.names import did_you_mean

OPTION = "--arguments-file="
ATTRIBUTES = "--runner-attribute-file"
# Metaflow's words for some of ours.
ALIASES = {"decospecs": "decorators", "step_to_rerun": "step", "pathspec": "task"}


def expanded(group: click.Group, graph: Graph, arguments: Sequence[str]) -> list[str]:
    """The arguments with the words that an arguments file stands for: `{"command": "run", "top": {...}, "keywords":
    {...}}`, where `top` are options before the command. Raises UsageError for what is not known or of a wrong form."""
    place = next((place for place, word in enumerate(arguments) if word.startswith(OPTION)), None)
    if place is None:
        return list(arguments)
    given = json.loads(Path(arguments[place].removeprefix(OPTION)).read_text("utf-8"))
    command = group.get_command(click.Context(group), given["command"])
    assert command is not None
    top = _words(group.params, {}, given["top"], "the flow's command line")
    parameters = {f"--{item.name}": item for item in graph.parameters} if command.name == "run" else {}
    words = _words(command.params, parameters, given["keywords"], command.name or "")
    return [*top, *arguments[:place], *words, *arguments[place + 1 :]]


def as_typed(words: Sequence[str]) -> list[str]:
    """The words as somebody at a terminal would write them."""
    return [word for word in words if not word.startswith(ATTRIBUTES)]


def attribute_file() -> click.Option:
    return click.Option(
        [ATTRIBUTES],
        type=click.Path(path_type=Path),
        help="Write which run has begun, and its store, to this file, as JSON.",
    )


def write_attributes(path: Path | None, plan: Plan, **task: str) -> None:
    """Write the file at once, so that whoever waits for it finds it whole."""
    if path is None:
        return
    scratch = path.with_name(f"{path.name}.{os.getpid()}")
    scratch.write_text(json.dumps({"flow": plan.flow, "run": plan.run, "root": plan.root, **task}), "utf-8")
    scratch.replace(path)


def _words(
    known: Sequence[click.Parameter], parameters: Mapping[str, Parameter], given: Mapping[str, Any], what: str
) -> list[str]:
    by_name = {key: item for item in known for key in _keys(item)}
    words: list[str] = []
    for name, value in given.items():
        key = name.replace("-", "_")
        item = by_name.get(ALIASES.get(key, key))
        if item is None:
            hint = did_you_mean(key, by_name) or f"The arguments are: {', '.join(sorted(by_name))}."
            raise UsageError(f"{what} takes no argument {name!r}", hint=hint)
        if value is None:
            continue
        if item.opts[0] in parameters:
            words += _parameter_words(parameters[item.opts[0]], value)
        else:
            words += _option_words(item, name, value)
    return words


def _keys(item: click.Parameter) -> Iterator[str]:
    """The names by which a program may give an option: as it is typed, and, for a list of values, in the plural."""
    for option in item.opts:
        yield option.lstrip("-").replace("-", "_")
    if isinstance(item, click.Option) and item.multiple and item.name is not None:
        yield item.name


def _option_words(item: click.Parameter, name: str, value: Any) -> list[str]:
    if isinstance(item, click.Argument):
        return [_single(name, value)]
    assert isinstance(item, click.Option)
    if item.is_flag:
        if not isinstance(value, bool):
            raise UsageError(f"{name} is True or False, not {value!r}")
        return [item.opts[0]] if value else item.secondary_opts[:1]
    if item.multiple:
        return [f"{item.opts[0]}={_single(name, one)}" for one in (value if isinstance(value, list) else [value])]
    if isinstance(value, dict):
        value = [f"{key}={_single(name, one)}" for key, one in value.items()]
    if isinstance(value, list):
        value = ",".join(_single(name, one) for one in value)
    return [f"{item.opts[0]}={_single(name, value)}"]


def _parameter_words(parameter: Parameter, value: Any) -> list[str]:
    option = f"--{parameter.name}="
    if parameter.multiple:
        items = value if isinstance(value, list) else [value]
        if not items:
            raise UsageError(f"{parameter.name} takes one value at least, not []", code="parameter_type")
        return [option + _parameter_text(parameter, item) for item in items]
    if parameter.separator is not None and isinstance(value, list):
        return [option + parameter.separator.join(_parameter_text(parameter, item) for item in value)]
    return [option + _parameter_text(parameter, value)]


def _parameter_text(parameter: Parameter, value: Any) -> str:
    if parameter.type == "json" and not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if parameter.type == "int" and isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _single(parameter.name, value, code="parameter_type")


def _single(name: str, value: Any, *, code: str = "usage") -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        raise UsageError(f"{name} takes a single value, not {value!r}", code=code)
    return str(value)

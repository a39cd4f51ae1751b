"""Parameters of a flow as options of a command. Values stay text here: define.values gives them their types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from pyflow.spec.graph import Parameter

PREFIX = "parameter_"


def variable(name: str) -> str:
    """The environment variable from which an option of `run` is taken if it is not typed."""
    return f"PYFLOW_RUN_{name.upper().replace('-', '_')}"


def parameter_options(parameters: Sequence[Parameter]) -> list[click.Parameter]:
    return [_option(f"{PREFIX}{number}", parameter) for number, parameter in enumerate(parameters)]


def take_given(parameters: Sequence[Parameter], options: dict[str, Any]) -> tuple[dict[str, Any], Mapping[str, str]]:
    """Take the parameters out of a command's options: the values by name, and the names of the variables that gave
    some of them."""
    context = click.get_current_context()
    given, labels = {}, {}
    for number, parameter in enumerate(parameters):
        option = f"{PREFIX}{number}"
        value = options.pop(option)
        given[parameter.name] = None if value == () else value
        if context.get_parameter_source(option) == click.core.ParameterSource.ENVIRONMENT:
            labels[parameter.name] = variable(parameter.name)
    return given, labels


def _option(name: str, parameter: Parameter) -> click.Option:
    default = parameter.default if parameter.has_default else None
    shown = f"default: {default}" if default is not None else "required" if parameter.required else ""
    text = f"{parameter.help}  [{shown}]" if shown else parameter.help
    flag: dict[str, Any] = {"is_flag": False, "flag_value": "true"} if parameter.is_flag else {}
    return click.Option(
        [f"--{parameter.name}", name],
        help=text.strip(),
        metavar=_metavar(parameter),
        multiple=parameter.multiple,
        envvar=variable(parameter.name),
        show_envvar=True,
        **flag,
    )


def _metavar(parameter: Parameter) -> str:
    if parameter.choices:
        return f"[{'|'.join(map(str, parameter.choices))}]"
    word = "FILE" if parameter.kind == "file" else parameter.type.upper()
    return f"[{word}]" if parameter.is_flag else word

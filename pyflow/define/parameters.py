"""`Parameter`, `IncludeFile` and `JSONType`: values that are given when a run starts."""

from __future__ import annotations

import copy
import functools
import getpass
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyflow import settings
from pyflow.define.config import UNPACKED, Scope, evaluate, evaluate_named
from pyflow.spec.errors import DefinitionError, Where
from pyflow.spec.graph import MISSING
from pyflow.spec.graph import Parameter as ParameterSpec


class JSONType:
    """The type of a parameter that is given as JSON text and is its parsed value in steps."""


_TYPES: Mapping[Any, str] = {str: "str", int: "int", float: "float", bool: "bool", JSONType: "json"}
_NAMES = {name: name for name in ("str", "int", "float", "bool", "json")}


@dataclass(frozen=True)
class ParameterContext:
    """What a function that computes a default is given."""

    flow_name: str
    user_name: str
    parameter_name: str
    configs: Mapping[str, Any] = field(default_factory=dict)
    logger: Callable[..., None] = print
    ds_type: str = "local"


def unpackable(init: Callable[..., None]) -> Callable[..., None]:
    """Let `**config.section` stand among the arguments: they are kept, and the parameter is made again by `configured`
    when the configurations are known."""

    @functools.wraps(init)
    def take(self: Any, *args: Any, **kwargs: Any) -> None:
        known = {key: value for key, value in kwargs.items() if not key.startswith(UNPACKED)}
        waits = len(known) < len(kwargs)
        if waits and not args:
            known.setdefault("name", "")
        init(self, *args, **known)
        self.waiting = (args, kwargs) if waits else None

    return take


def configured(parameter: Any, configs: Scope, where: Where) -> Any:
    """A Parameter or IncludeFile with its arguments evaluated. Raises DefinitionError."""
    if parameter.waiting is None:
        value = copy.copy(parameter)
        vars(value).update(evaluate(vars(value), configs, where))
        return value
    args, kwargs = parameter.waiting
    try:
        return type(parameter)(*evaluate(args, configs, where), **evaluate_named(kwargs, configs, where))
    except TypeError as error:
        kind = type(parameter).__name__
        raise DefinitionError(f"{kind}: {error}", code="parameter_invalid", where=where) from None


class Parameter:
    """A value given on the command line as `--name value`; read-only in steps as `self.name`.

    The type is `type`, else that of `default`, else text: `str`, `int`, `float`, `bool` or `JSONType`. With `separator`
    the text is split into a list. `default` may be a function of a ParameterContext, called when the run starts.
    Without default and value the parameter is None, or an error if it is `required`. `choices` (or a click.Choice as
    `type`) are the only values it may have, texts in any case with `ignore_case`; with `multiple` the option is
    repeated and gives a list; `is_flag` makes it a bool that is False unless `--name` is given. `**config.section`
    gives arguments from a configuration.

    Example: `alpha = Parameter("alpha", default=0.1, help="learning rate")`
    """

    @unpackable
    def __init__(
        self,
        name: str,
        default: Any = MISSING,
        type: Any = None,
        help: str | None = None,
        required: bool | None = None,
        show_default: bool | None = None,
        separator: str | None = None,
        choices: Sequence[Any] | None = None,
        ignore_case: bool = False,
        multiple: bool = False,
        is_flag: bool = False,
    ) -> None:
        of_type = getattr(type, "choices", None)
        self.name = name
        self.default = MISSING if default is None else default
        self.type = None if of_type is not None else type
        self.choices = tuple(choices or of_type or ())
        self.ignore_case = ignore_case or getattr(type, "case_sensitive", True) is False
        self.multiple = multiple
        self.is_flag = is_flag
        self.help = help or ""
        self.required = bool(required)
        self.show_default = show_default is not False
        self.separator = separator

    def to_spec(self, flow_name: str, line: int | None, configs: Mapping[str, Any]) -> ParameterSpec:
        """The parameter as graph data; a default function is called here. `configs`: their values by name."""
        default = resolve_default(self.default, self.name, context_maker(flow_name, configs))
        if self.is_flag and default is MISSING:
            default = False
        if self.multiple and isinstance(default, tuple):
            default = list(default)
        return ParameterSpec(
            name=self.name,
            kind="value",
            type=self._type_name(default),
            default=default,
            required=self.required,
            separator=self.separator,
            choices=self.choices,
            ignore_case=self.ignore_case,
            multiple=self.multiple,
            is_flag=self.is_flag,
            help=self.help,
            line=line,
        )

    def _type_name(self, default: Any) -> str:
        if self.type is not None:
            given = self.type() if isinstance(self.type, type) and issubclass(self.type, JSONType) else self.type
            found = "json" if isinstance(given, JSONType) else {**_NAMES, **_TYPES}.get(given)
            if found is None:
                raise DefinitionError(
                    f"parameter {self.name!r} has the type {self.type!r}",
                    code="parameter_type",
                    hint="The types are str, int, float, bool and JSONType.",
                )
            return found
        example = default
        if example is MISSING and self.choices:
            example = self.choices[0]
        if self.multiple and isinstance(example, list):
            example = example[0] if example else MISSING
        if example is MISSING or self.separator is not None:
            return "str"
        return _TYPES.get(type(example), "json")


class IncludeFile:
    """A file whose content is the value: `--name path`. It is read when the run starts and kept with the run.

    `is_text` gives a str in `encoding`, else bytes. A `default` path is looked for in the working directory, then
    beside the flow's file. `parser` makes the value of the content: a function at the top of a file, the name of one
    (`"package.module.function"`), or one of `yaml`, `requirements`, `pyproject` and `conda`.

    Example: `movies = IncludeFile("movies", default="movies.csv")`
    """

    @unpackable
    def __init__(
        self,
        name: str,
        default: str | Callable[[ParameterContext], str] | None = None,
        is_text: bool = True,
        encoding: str = "utf-8",
        help: str | None = None,
        required: bool | None = None,
        parser: str | Callable[[Any], Any] | None = None,
    ) -> None:
        self.name = name
        self.default = MISSING if default is None else default
        self.parser = parser
        self.is_text = is_text
        self.encoding = encoding
        self.help = help or ""
        self.required = bool(required)

    def to_spec(self, flow_name: str, line: int | None, configs: Mapping[str, Any]) -> ParameterSpec:
        return ParameterSpec(
            name=self.name,
            kind="file",
            type="text" if self.is_text else "bytes",
            default=resolve_default(self.default, self.name, context_maker(flow_name, configs)),
            required=self.required,
            encoding=self.encoding if self.is_text else None,
            help=self.help,
            line=line,
        )


def resolve_default(default: Any, name: str, context: Callable[[str], ParameterContext]) -> Any:
    """The default itself, or what its function returns. The function takes the context, and may take `deploy_time`:
    True where the value itself is asked for, as always here.

    Raises DefinitionError `parameter_default` when the function fails.
    """
    if not callable(default) or default is MISSING:
        return default
    try:
        more = (True,) if len(inspect.signature(default).parameters) > 1 else ()
        return default(context(name), *more)
    except Exception as error:
        raise DefinitionError(
            f"the default of parameter {name!r} is a function that failed: {type(error).__name__}: {error}",
            code="parameter_default",
        ) from error


def context_maker(flow_name: str, configs: Mapping[str, Any]) -> Callable[[str], ParameterContext]:
    """Gives the context of a parameter or configuration by its name."""
    return lambda name: ParameterContext(flow_name, user_name(), name, configs)


def user_name() -> str:
    """Who runs this: PYFLOW_USER, else the login name."""
    try:
        return settings.value("user") or getpass.getuser()
    except (KeyError, OSError):
        return "unknown"

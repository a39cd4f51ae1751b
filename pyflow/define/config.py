"""`Config` and `config_expr`: values that are read before the flow is defined, for decorators, parameters and steps.

A class body is evaluated before the command line is known. So `config.model.depth` in it is a ConfigExpr, which
compile evaluates once the values are there.
"""

from __future__ import annotations

import functools
import itertools
import json
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from pyflow.define import parsers
from pyflow.define.place import caller_line
from pyflow.spec.config import frozen
from pyflow.spec.errors import DefinitionError, UsageError, UserError, Where
from pyflow.spec.graph import MISSING
from pyflow.spec.graph import Config as ConfigSpec
from pyflow.spec.names import did_you_mean

# `**config.section` gives a decorator one argument of such a name, whose value is the section's expression.
UNPACKED = "_unpacked_config_"
_numbers = itertools.count()
Scope = Mapping[str, Any]


class ConfigExpr:
    """What is to be computed from the configurations when they are known; attributes and items give further ones."""

    def __init__(self, text: str, compute: Callable[[Scope], Any]) -> None:
        self._text = text
        self._compute = compute

    def __getattr__(self, name: str) -> ConfigExpr:
        if name.startswith("__"):
            raise AttributeError(name)
        return ConfigExpr(f"{self._text}.{name}", lambda scope: getattr(self._compute(scope), name))

    def __getitem__(self, key: Any) -> ConfigExpr:
        if isinstance(key, str) and key.startswith(UNPACKED):
            return self
        return ConfigExpr(f"{self._text}[{key!r}]", lambda scope: self._compute(scope)[key])

    def keys(self) -> list[str]:
        """For `**config.section`: its keys are not known yet, so one stands for all."""
        return [f"{UNPACKED}{next(_numbers)}"]

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(f"{self._text} has no value yet; write config_expr('[... for x in {self._text}]')")

    def __bool__(self) -> bool:
        raise TypeError(f"{self._text} has no value yet; write config_expr('... if {self._text} else ...')")

    def __repr__(self) -> str:
        return f"config_expr({self._text!r})"


def config_expr(text: str) -> ConfigExpr:
    """A Python expression over the flow's configurations, evaluated when they have been read.

    It sees the configurations by name and what is defined at the top of the file that it stands in.

    Example: `@environment(vars={"MODE": config_expr("config.mode.upper()")})`
    """
    names = sys._getframe(1).f_globals
    return ConfigExpr(text, lambda scope: eval(text, {**names, **scope}))


class Config:
    """A configuration of the flow: a file or a value that is read before anything else of the flow.

    In the class body `config.model.depth` may stand as a decorator's argument, as `**config.model`, and as default of
    a Parameter; in steps `self.config` is its value, a dict whose keys are attributes too. `default` is the path of a
    file, `default_value` a value; both may be functions of a ParameterContext. The text is JSON, or what `parser`
    makes of it: a function, the name of one (`"package.module.function"`), or one of `yaml`, `requirements`,
    `pyproject` and `conda`. With `plain` the value is given as the parser returned it, without attributes.

    Example: `config = Config("config", default="config.json")`; on the command line `--config config other.json`.
    """

    def __init__(
        self,
        name: str,
        default: str | Callable[..., str] | None = None,
        default_value: Any = None,
        help: str | None = None,
        required: bool | None = None,
        parser: str | Callable[[str], Any] | None = None,
        plain: bool | None = False,
    ) -> None:
        if default is not None and default_value is not None:
            raise DefinitionError(
                f"config {name!r} has a default and a default_value",
                code="config_default",
                hint="Give one of them: default is a path, default_value a value.",
            )
        # Private names: any other is a key of the configuration.
        self._name = name
        self._default = default
        self._default_value = default_value
        self._help = help or ""
        self._required = bool(required)
        self._parser = parser
        self._plain = bool(plain)

    def _expr(self) -> ConfigExpr:
        return ConfigExpr(self._name, lambda scope: scope[self._name])

    def __getattr__(self, name: str) -> ConfigExpr:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._expr(), name)

    def __getitem__(self, key: Any) -> ConfigExpr:
        return self._expr()[key]

    def keys(self) -> list[str]:
        return self._expr().keys()

    def __repr__(self) -> str:
        return f"Config({self._name!r})"


@dataclass(frozen=True)
class Given:
    """What is said about configurations outside of the flow's file, by name: paths, values (as text or as they are),
    and values of an earlier run, which win."""

    files: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    origin: Mapping[str, Any] = field(default_factory=dict)


def read_configs(
    configs: Iterable[tuple[Config, Where]], given: Given, *, context: Callable[[str], Any], folder: Path | None
) -> tuple[ConfigSpec, ...]:
    """The configurations with their values. `context`: makes a ParameterContext for a name; `folder`: that of the flow.

    Raises UsageError or DefinitionError: `config_unknown`, `config_required`, `config_missing` (no such file),
    `config_invalid`, `config_default`.
    """
    found = list(configs)
    known = [config._name for config, _ in found]
    for name in (*given.files, *given.values):
        if name not in known:
            hint = did_you_mean(name, known) or (f"It has: {', '.join(known)}." if known else "It has none.")
            raise UsageError(f"the flow has no config {name!r}", code="config_unknown", hint=hint)
    both = sorted(given.files.keys() & given.values.keys())
    if both:
        message = f"config {both[0]!r} is given as a file and as a value"
        raise UsageError(message, code="config_default", hint="Give one of --config and --config-value.")
    return tuple(_Reader(config, where, given, context, folder).read() for config, where in found)


@dataclass(frozen=True)
class _Reader:
    config: Config
    where: Where
    given: Given
    context: Callable[[str], Any]
    folder: Path | None

    def read(self) -> ConfigSpec:
        config, name = self.config, self.config._name
        default = self._called(config._default)
        default_value = self._called(config._default_value)
        parser = config._parser
        spec = ConfigSpec(
            name=name,
            kind="value" if default_value is not None else "file",
            default=next((item for item in (default, default_value) if item is not None), MISSING),
            parser=parser if parser is None or isinstance(parser, str) else getattr(parser, "__name__", repr(parser)),
            plain=config._plain,
            required=config._required,
            help=config._help,
            line=self.where.line,
        )
        if spec.kind == "value" and not isinstance(spec.default, str):
            spec = replace(spec, default=self._data(spec.default))
        return replace(spec, value=self._value(spec))

    def _called(self, default: Any) -> Any:
        return default(self.context(self.config._name)) if callable(default) else default

    def _value(self, spec: ConfigSpec) -> Any:
        given, name = self.given, spec.name
        if name in given.origin:
            return given.origin[name]
        if name in given.values:
            return self._parsed(given.values[name], f"--config-value {name}", UsageError)
        if name in given.files:
            return self._file(given.files[name], [Path.cwd()], UsageError)
        if spec.default is not MISSING:
            if spec.kind == "value":
                return self._parsed(spec.default, f"the default_value of config {name!r}", DefinitionError)
            return self._file(spec.default, [Path.cwd(), *([self.folder] if self.folder else [])], DefinitionError)
        if spec.required:
            raise UsageError(
                f"the config {name!r} is required",
                code="config_required",
                where=self.where,
                hint=f"Give it before the command: --config {name} PATH, or --config-value {name} JSON.",
            )
        return None

    def _file(self, path: Any, folders: list[Path], kind: type[UserError]) -> Any:
        candidates = [(folder / Path(path).expanduser()).resolve() for folder in folders]
        found = next((candidate for candidate in candidates if candidate.is_file()), None)
        if found is None:
            shown = " and ".join(str(candidate) for candidate in dict.fromkeys(candidates))
            raise kind(
                f"the file of config {self.config._name!r} does not exist: {path}",
                code="config_missing",
                where=self.where,
                hint=f"Looked for {shown}. Another one is given by --config {self.config._name} PATH.",
            )
        try:
            text = found.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            message = f"the file of config {self.config._name!r} cannot be read: {found} ({error})"
            raise kind(message, code="config_missing", where=self.where) from None
        return self._parsed(text, str(found), kind)

    def _parsed(self, content: Any, source: str, kind: type[UserError]) -> Any:
        """A text as what the parser, or else JSON, makes of it; anything else is the value."""
        if not isinstance(content, str):
            return self._data(content)
        parser = self.config._parser
        try:
            value = json.loads(content) if parser is None else find_parser(parser)(content)
        except UserError:
            raise
        except Exception as error:  # a parser may be the user's, and raise anything
            form = "valid JSON" if parser is None else f"what the parser {self._parser_name()} reads"
            raise kind(
                f"config {self.config._name!r} is not {form}: {source} ({error})",
                code="config_invalid",
                where=self.where,
                hint="Correct it, or give the Config another parser.",
            ) from error
        return self._data(value)

    def _parser_name(self) -> str:
        parser = self.config._parser
        return repr(parser) if isinstance(parser, str) else getattr(parser, "__name__", repr(parser))

    def _data(self, value: Any) -> Any:
        try:
            return plain_data(value)
        except TypeError as error:
            raise DefinitionError(
                f"config {self.config._name!r} holds {error}",
                code="config_invalid",
                where=self.where,
                hint="A configuration is made of dicts with text keys, lists, texts, numbers, true, false and null.",
            ) from None


def find_parser(parser: str | Callable[[str], Any]) -> Callable[[str], Any]:
    """Raises DefinitionError `config_parser` for a name that leads to no function."""
    if not isinstance(parser, str):
        return parser
    name = parser.rpartition(".")[2] if parser.startswith(".") else parser
    if name in parsers.PARSERS:
        return parsers.PARSERS[name]
    try:
        found = pkgutil.resolve_name(parser)
    except (ImportError, AttributeError, ValueError) as error:
        raise DefinitionError(
            f"there is no parser {parser!r} ({error})",
            code="config_parser",
            hint=did_you_mean(parser, parsers.PARSERS)
            or f"Built in are {', '.join(parsers.PARSERS)}; others are named as package.module.function.",
        ) from None
    return found  # type: ignore[no-any-return]


def parse_text(parser: str, content: str) -> Any:
    """What the parser of this name makes of a text. Raises DefinitionError `config_parser` or `config_invalid`."""
    function = find_parser(parser)
    try:
        return plain_data(function(content))
    except (ValueError, TypeError) as error:
        raise DefinitionError(str(error), code="config_invalid") from error


def plain_data(value: Any) -> Any:
    """The value as JSON has it: tuples are lists, dates texts. Raises TypeError for what JSON has no form for."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        wrong = next((key for key in value if not isinstance(key, str)), None)
        if wrong is not None:
            raise TypeError(f"the key {wrong!r}, which is no text")
        return {key: plain_data(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_data(item) for item in value]
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    raise TypeError(f"a value of type {type(value).__name__}: {value!r:.100}")


def scope_of(configs: Iterable[ConfigSpec]) -> dict[str, Any]:
    """The values by name, as expressions and steps see them."""
    return {item.name: item.value if item.plain else frozen(item.value) for item in configs}


# Evaluating


def has_expr(value: Any) -> bool:
    """Whether a value waits for configurations, itself or in a dict, list or tuple."""
    if isinstance(value, Mapping) and not isinstance(value, Config):
        return any(has_expr(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(has_expr(item) for item in value)
    return isinstance(value, ConfigExpr | Config)


def evaluate(value: Any, scope: Scope, where: Where) -> Any:
    """The value with every expression in it computed. Raises DefinitionError `config_expr`, saying which and why."""
    if not has_expr(value):
        return value
    if isinstance(value, Config):
        return evaluate(value._expr(), scope, where)
    if isinstance(value, ConfigExpr):
        try:
            return value._compute(scope)
        except Exception as error:  # the expression is the user's
            reason = error.args[0] if isinstance(error, KeyError) and error.args else error
            raise DefinitionError(
                f"{value._text} cannot be evaluated: {reason}",
                code="config_expr",
                where=where,
                hint=f"The flow's configs are {', '.join(scope)}." if scope else "The flow has no configs.",
            ) from error
    if isinstance(value, dict):
        return evaluate_named(value, scope, where)
    if isinstance(value, list | tuple):
        return type(value)(evaluate(item, scope, where) for item in value)
    return value


def evaluate_named(values: Mapping[str, Any], scope: Scope, where: Where) -> dict[str, Any]:
    """Arguments by name; those that stand for `**config.section` become the section's."""
    found: dict[str, Any] = {}
    for key, item in values.items():
        value = evaluate(item, scope, where)
        if not (isinstance(key, str) and key.startswith(UNPACKED)):
            found[key] = value
        elif isinstance(value, Mapping):
            found.update(value)
        else:
            text = getattr(item, "_text", repr(item))
            raise DefinitionError(
                f"**{text} needs a section of the configuration, not {value!r:.100}", code="config_expr", where=where
            )
    return found


# Decorators whose arguments wait for configurations


@dataclass(frozen=True)
class Delayed:
    """A decorator with its arguments before they are evaluated. Used as a decorator it takes a note of itself."""

    decorator: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    line: int | None
    attach: Callable[[Any, Delayed], Any]

    @property
    def name(self) -> str:
        return self.decorator.__name__

    def __call__(self, target: Any) -> Any:
        return self.attach(target, self)

    def made(self, scope: Scope, where: Where) -> Callable[[Any], Any]:
        """The decorator itself, with its arguments evaluated."""
        args = evaluate(self.args, scope, where)
        try:
            return self.decorator(*args, **evaluate_named(self.kwargs, scope, where))  # type: ignore[no-any-return]
        except TypeError as error:
            raise DefinitionError(f"@{self.name}: {error}", code="decorator_argument", where=where) from None


def delayable(attach: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """Let a decorator's arguments be ConfigExprs; `attach` notes a Delayed at its target."""

    def change(decorator: Any) -> Any:
        @functools.wraps(decorator)
        def take(*args: Any, **kwargs: Any) -> Any:
            if has_expr(args) or has_expr(kwargs):
                return Delayed(decorator, args, kwargs, caller_line(), attach)
            return decorator(*args, **kwargs)

        return take

    return change

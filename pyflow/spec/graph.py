"""The graph as data (shared_spec/graph.md): parse it, write it.

The rules are in spec.check, what follows from a valid graph in spec.structure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pyflow.spec.errors import DefinitionError, Where

FORMAT = "pyflow-graph"
VERSION = 1
LANGUAGES = ("python", "r")
# The number of targets that a transition of each kind has; of a branch and a switch it is a rule (spec.check) how many.
TARGETS = {"linear": 1, "branch": None, "foreach": 1, "switch": None, "parallel": 1, "end": 0}
MISSING: Any = type("Missing", (), {"__repr__": lambda self: "MISSING"})()


@dataclass(frozen=True)
class Function:
    """Where a step's code is; without a name it is what the flow in `file` gives to the step."""

    file: str | None
    name: str | None = None


@dataclass(frozen=True)
class Transition:
    """`cases` of a switch are pairs of key and target. `num_parallel` of a gang is its size, the name of an artifact
    that holds it, or None where the step says it when it runs."""

    kind: str
    targets: tuple[str, ...] = ()
    foreach: str | None = None
    condition: str | None = None
    cases: tuple[tuple[str, str], ...] = ()
    num_parallel: int | str | None = None

    @property
    def splits(self) -> bool:
        return self.kind in ("branch", "foreach", "parallel")


@dataclass(frozen=True)
class Decorator:
    """`custom`: the user's own, in `language`, found by its name: in `file`, in a Python module, or in the flow."""

    name: str
    args: Mapping[str, Any] = field(default_factory=dict)
    line: int | None = None
    custom: bool = False
    language: str | None = None
    file: str | None = None


@dataclass(frozen=True)
class Step:
    name: str
    language: str
    function: Function
    transition: Transition
    join: bool = False
    decorators: tuple[Decorator, ...] = ()
    doc: str = ""
    file: str | None = None
    line: int | None = None

    @property
    def where(self) -> Where:
        return Where(self.file, self.line, self.name)

    def decorator(self, name: str) -> Decorator | None:
        """The built-in decorator of this name; one of the user's own may be called the same."""
        return next((d for d in self.decorators if d.name == name and not d.custom), None)


@dataclass(frozen=True)
class Parameter:
    name: str
    kind: str = "value"
    type: str = "str"
    default: Any = MISSING
    required: bool = False
    separator: str | None = None
    encoding: str | None = None
    parser: str | None = None
    choices: tuple[Any, ...] = ()
    ignore_case: bool = False
    multiple: bool = False
    is_flag: bool = False
    help: str = ""
    line: int | None = None

    @property
    def has_default(self) -> bool:
        return self.default is not MISSING

    def choice(self, value: Any) -> Any:
        """The choice that a value stands for, MISSING if it is none; without choices the value itself."""
        if not self.choices or value in self.choices:
            return value
        if self.ignore_case and isinstance(value, str):
            alike = (item for item in self.choices if isinstance(item, str) and item.casefold() == value.casefold())
            return next(alike, MISSING)
        return MISSING


@dataclass(frozen=True)
class Config:
    """A configuration and the value it has in this run. `kind` says what the default is: a `file` or a `value`."""

    name: str
    kind: str = "file"
    value: Any = None
    default: Any = MISSING
    parser: str | None = None
    plain: bool = False
    required: bool = False
    help: str = ""
    line: int | None = None


@dataclass(frozen=True)
class Graph:
    name: str
    language: str
    file: str | None
    steps: tuple[Step, ...]
    parameters: tuple[Parameter, ...] = ()
    constants: tuple[str, ...] = ()
    doc: str = ""
    start: str = "start"
    end: str = "end"
    decorators: tuple[Decorator, ...] = ()
    configs: tuple[Config, ...] = ()

    def step(self, name: str) -> Step:
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)

    def decorator(self, name: str) -> Decorator | None:
        return next((d for d in self.decorators if d.name == name), None)

    @property
    def languages(self) -> frozenset[str]:
        return frozenset(step.language for step in self.steps)


def parse_graph(data: Mapping[str, Any]) -> Graph:
    """Make a Graph from its JSON object; raises DefinitionError (code `graph_format`) when the shape is wrong."""
    try:
        data = _typed(data, Mapping, "the graph")
        if data["format"] != FORMAT or data["version"] != VERSION:
            raise DefinitionError(
                f"this graph is {data['format']!r} version {data['version']!r}; "
                f"this pyflow reads {FORMAT!r} version {VERSION}",
                code="graph_format",
                hint="Update pyflow and rflow to the same version.",
            )
        return Graph(
            name=_typed(data["name"], str, "name"),
            language=_one_of(data["language"], LANGUAGES, "a language"),
            file=data.get("file"),
            doc=data.get("doc") or "",
            start=data.get("start", "start"),
            end=data.get("end", "end"),
            parameters=tuple(_parameter(item) for item in data.get("parameters", [])),
            constants=tuple(data.get("constants", [])),
            decorators=_decorators(data),
            configs=tuple(_config(item) for item in data.get("configs", [])),
            steps=tuple(_step(item) for item in data["steps"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise DefinitionError(f"not a graph: {_reason(error)}", code="graph_format") from error


def _reason(error: Exception) -> str:
    return f"the key {error} is missing" if isinstance(error, KeyError) else str(error)


def _step(data: Mapping[str, Any]) -> Step:
    return Step(
        name=_typed(data["name"], str, "name"),
        language=_one_of(data["language"], LANGUAGES, "a language"),
        function=Function(data["function"].get("file"), data["function"].get("name")),
        transition=parse_transition(data["transition"]),
        join=_typed(data.get("join", False), bool, "join"),
        decorators=_decorators(data),
        doc=data.get("doc") or "",
        file=data.get("file"),
        line=data.get("line"),
    )


def _decorators(data: Mapping[str, Any]) -> tuple[Decorator, ...]:
    return tuple(
        Decorator(
            _typed(item["name"], str, "name"),
            dict(_typed(item.get("args") or {}, Mapping, "args")),
            item.get("line"),
            _typed(item.get("custom", False), bool, "custom"),
            item.get("language"),
            item.get("file"),
        )
        for item in data.get("decorators", [])
    )


def parse_transition(data: Mapping[str, Any]) -> Transition:
    """Raises KeyError or TypeError for what has not the form of a transition."""
    kind = _one_of(data["kind"], TARGETS, "a kind of transition")
    targets = _typed(data.get("targets", []), list | tuple, "targets")
    if TARGETS[kind] not in (None, len(targets)):
        raise TypeError(f"a transition of kind {kind!r} has the targets {targets!r}")
    found = Transition(kind, tuple(_typed(target, str, "targets") for target in targets))
    if kind == "foreach":
        return replace(found, foreach=_typed(data["foreach"], str, "foreach"))
    if kind == "switch":
        cases = _cases(data["cases"])
        if found.targets != tuple(dict.fromkeys(target for _, target in cases)):
            raise TypeError(f"a switch with the cases {dict(cases)!r} has the targets {targets!r}")
        return replace(found, condition=_typed(data["condition"], str, "condition"), cases=cases)
    if kind == "parallel":
        size = _typed(data.get("num_parallel"), int | str | None, "num_parallel")
        if isinstance(size, bool):
            raise TypeError(f"{size!r} cannot be the value of 'num_parallel'")
        return replace(found, num_parallel=size)
    return found


def _cases(data: Any) -> tuple[tuple[str, str], ...]:
    cases = _typed(data, Mapping, "cases")
    return tuple((_typed(key, str, "cases"), _typed(target, str, "cases")) for key, target in cases.items())


def _typed(value: Any, kind: Any, key: str) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} cannot be the value of {key!r}")
    return value


def _one_of(value: Any, known: Collection[str], what: str) -> str:
    if value not in known:
        raise TypeError(f"{value!r} is not {what}: {', '.join(known)}")
    return str(value)


def _parameter(data: Mapping[str, Any]) -> Parameter:
    return Parameter(
        name=_typed(data["name"], str, "name"),
        kind=_one_of(data["kind"], ("value", "file"), "a kind of parameter"),
        type=data["type"],
        default=data.get("default", MISSING),
        required=data.get("required", False),
        separator=data.get("separator"),
        encoding=data.get("encoding"),
        parser=_typed(data.get("parser"), str | None, "parser"),
        choices=tuple(_typed(data.get("choices") or [], list | tuple, "choices")),
        ignore_case=_typed(data.get("ignore_case", False), bool, "ignore_case"),
        multiple=_typed(data.get("multiple", False), bool, "multiple"),
        is_flag=_typed(data.get("is_flag", False), bool, "is_flag"),
        help=data.get("help") or "",
        line=data.get("line"),
    )


def _config(data: Mapping[str, Any]) -> Config:
    return Config(
        name=_typed(data["name"], str, "name"),
        kind=_one_of(data["kind"], ("file", "value"), "a kind of configuration"),
        value=data["value"],
        default=data.get("default", MISSING),
        parser=data.get("parser"),
        plain=_typed(data.get("plain", False), bool, "plain"),
        required=_typed(data.get("required", False), bool, "required"),
        help=data.get("help") or "",
        line=data.get("line"),
    )


def graph_to_json(graph: Graph) -> dict[str, Any]:
    """The JSON object that parse_graph reads."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": graph.name,
        "language": graph.language,
        "file": graph.file,
        "doc": graph.doc,
        "start": graph.start,
        "end": graph.end,
        "parameters": [_parameter_to_json(parameter) for parameter in graph.parameters],
        "constants": list(graph.constants),
        "decorators": _decorators_to_json(graph.decorators),
        "configs": [_config_to_json(config) for config in graph.configs],
        "steps": [_step_to_json(step) for step in graph.steps],
    }


def transition_to_json(transition: Transition) -> dict[str, Any]:
    """The JSON object that parse_transition reads."""
    data: dict[str, Any] = {"kind": transition.kind, "targets": list(transition.targets)}
    if transition.kind == "foreach":
        return data | {"foreach": transition.foreach}
    if transition.kind == "switch":
        return data | {"condition": transition.condition, "cases": dict(transition.cases)}
    if transition.kind == "parallel":
        return data | {"num_parallel": transition.num_parallel}
    return data


def _step_to_json(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "language": step.language,
        "function": {"file": step.function.file, "name": step.function.name},
        "join": step.join,
        "transition": transition_to_json(step.transition),
        "decorators": _decorators_to_json(step.decorators),
        "doc": step.doc,
        "file": step.file,
        "line": step.line,
    }


def _decorators_to_json(decorators: tuple[Decorator, ...]) -> list[dict[str, Any]]:
    found = []
    for item in decorators:
        data = {"name": item.name, "args": dict(item.args), "line": item.line}
        if item.custom:
            data |= {"custom": True, "language": item.language, "file": item.file}
        found.append(data)
    return found


def _config_to_json(config: Config) -> dict[str, Any]:
    data = {name: getattr(config, name) for name in Config.__dataclass_fields__}
    if config.default is MISSING:
        del data["default"]
    return data


def _parameter_to_json(parameter: Parameter) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": parameter.name,
        "kind": parameter.kind,
        "type": parameter.type,
        "required": parameter.required,
        "help": parameter.help,
        "line": parameter.line,
    }
    if parameter.has_default:
        data["default"] = parameter.default
    if parameter.separator is not None:
        data["separator"] = parameter.separator
    if parameter.encoding is not None:
        data["encoding"] = parameter.encoding
    if parameter.parser is not None:
        data["parser"] = parameter.parser
    if parameter.choices:
        data["choices"] = list(parameter.choices)
    return data | {name: True for name in ("ignore_case", "multiple", "is_flag") if getattr(parameter, name)}

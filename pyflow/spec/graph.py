"""The graph as data (shared_spec/graph.md): parse it, write it.

The rules are in spec.check, what follows from a valid graph in spec.structure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pyflow.spec.errors import DefinitionError, Where

FORMAT = "pyflow-graph"
VERSION = 1
LANGUAGES = ("python", "r")
# The number of targets that a transition of each kind has; of a branch it is a rule (spec.check) how many.
TARGETS = {"linear": 1, "branch": None, "foreach": 1, "end": 0}
MISSING: Any = type("Missing", (), {"__repr__": lambda self: "MISSING"})()


@dataclass(frozen=True)
class Function:
    """Where a step's code is; without a name it is what the flow in `file` gives to the step."""

    file: str | None
    name: str | None = None


@dataclass(frozen=True)
class Transition:
    kind: str
    targets: tuple[str, ...] = ()
    foreach: str | None = None

    @property
    def splits(self) -> bool:
        return self.kind in ("branch", "foreach")


@dataclass(frozen=True)
class Decorator:
    name: str
    args: Mapping[str, Any] = field(default_factory=dict)
    line: int | None = None


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
        return next((d for d in self.decorators if d.name == name), None)


@dataclass(frozen=True)
class Parameter:
    name: str
    kind: str = "value"
    type: str = "str"
    default: Any = MISSING
    required: bool = False
    separator: str | None = None
    encoding: str | None = None
    help: str = ""
    line: int | None = None

    @property
    def has_default(self) -> bool:
        return self.default is not MISSING


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

    def step(self, name: str) -> Step:
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(name)

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
        transition=_transition(data["transition"]),
        join=_typed(data.get("join", False), bool, "join"),
        decorators=tuple(
            Decorator(item["name"], dict(_typed(item.get("args") or {}, Mapping, "args")), item.get("line"))
            for item in data.get("decorators", [])
        ),
        doc=data.get("doc") or "",
        file=data.get("file"),
        line=data.get("line"),
    )


def _transition(data: Mapping[str, Any]) -> Transition:
    kind = _one_of(data["kind"], TARGETS, "a kind of transition")
    targets = _typed(data.get("targets", []), list | tuple, "targets")
    if TARGETS[kind] not in (None, len(targets)):
        raise TypeError(f"a transition of kind {kind!r} has the targets {targets!r}")
    foreach = _typed(data["foreach"], str, "foreach") if kind == "foreach" else None
    return Transition(kind, tuple(_typed(target, str, "targets") for target in targets), foreach)


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
        "steps": [_step_to_json(step) for step in graph.steps],
    }


def _step_to_json(step: Step) -> dict[str, Any]:
    transition: dict[str, Any] = {
        "kind": step.transition.kind,
        "targets": list(step.transition.targets),
    }
    if step.transition.foreach is not None:
        transition["foreach"] = step.transition.foreach
    return {
        "name": step.name,
        "language": step.language,
        "function": {"file": step.function.file, "name": step.function.name},
        "join": step.join,
        "transition": transition,
        "decorators": [{"name": d.name, "args": dict(d.args), "line": d.line} for d in step.decorators],
        "doc": step.doc,
        "file": step.file,
        "line": step.line,
    }


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
    return data

"""A flow class -> a graph. Transitions are read from the source of the steps; no step runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pyflow.define import source
from pyflow.define.flow import FlowSpec, is_constant
from pyflow.define.parameters import IncludeFile, Parameter
from pyflow.define.source import ClassSource
from pyflow.define.steps import RStep, notes_of
from pyflow.spec.errors import DefinitionError, GraphError, Problem, Where
from pyflow.spec.graph import Function, Graph, Step, Transition
from pyflow.spec.graph import Parameter as ParameterSpec


@dataclass(frozen=True)
class Member:
    """A public attribute of the flow class, and the class that defines it."""

    name: str
    value: Any
    source: ClassSource

    @property
    def line(self) -> int | None:
        return self.source.line_of(self.name)


def compile_flow(flow_class: type[FlowSpec]) -> Graph:
    """The graph of a flow class.

    Raises GraphError with every place whose source is no valid transition or definition; the rules that concern the
    graph as a whole are checked by spec.check.
    """
    members = list(_members(flow_class))
    problems: list[Problem] = []
    file = _file(flow_class)
    steps = list(_collect(problems, lambda m: _step(m, file), (m for m in members if notes_of(m.value) is not None)))
    steps = _with_duplicates(steps, members)
    parameters = list(
        _collect(
            problems,
            lambda m: _parameter(m, flow_class.__name__),
            (m for m in members if isinstance(m.value, Parameter | IncludeFile)),
        )
    )
    if problems:
        raise GraphError(tuple(problems))
    return Graph(
        name=flow_class.__name__,
        language="python",
        file=file,
        steps=tuple(steps),
        parameters=tuple(parameters),
        constants=tuple(m.name for m in members if is_constant(m.name, m.value)),
        doc=inspect.getdoc(flow_class) if "__doc__" in vars(flow_class) and flow_class.__doc__ else "",
    )


def _members(flow_class: type[FlowSpec]) -> Iterator[Member]:
    """Attributes in the order in which they are written, those of base classes first; an override counts once."""
    owners = [klass for klass in reversed(flow_class.__mro__) if issubclass(klass, FlowSpec) and klass is not FlowSpec]
    sources = {klass: ClassSource.of(klass) for klass in owners}
    found: dict[str, Member] = {}
    for klass in owners:
        for name, value in vars(klass).items():
            if not name.startswith("__"):
                found[name] = Member(name, value, sources[klass])
    yield from found.values()


def _collect(problems: list[Problem], make: Callable[[Member], Any], members: Iterator[Member]) -> Iterator[Any]:
    for member in members:
        try:
            yield make(member)
        except DefinitionError as error:
            where = error.where if error.where.file else Where(member.source.file, member.line)
            problems.append(Problem(error.code, error.message, where, error.hint))


def _step(member: Member, flow_file: str | None) -> Step:
    notes = notes_of(member.value)
    assert notes is not None
    common = {"name": member.name, "decorators": tuple(reversed(notes.decorators)), "file": member.source.file}
    if isinstance(member.value, RStep):
        return _r_step(member, common)
    arguments = list(inspect.signature(member.value).parameters)
    node = member.source.function(member.name, member.value)
    if len(arguments) not in (1, 2):
        raise DefinitionError(
            f"step {member.name} takes {len(arguments)} arguments ({', '.join(arguments)})",
            code="step_invalid",
            where=Where(member.source.file, node.lineno, member.name),
            hint="A step takes self; a join takes self and inputs.",
        )
    return Step(
        **common,
        language="python",
        function=Function(flow_file),
        transition=source.transition(node, arguments[0], member.source.file, member.name),
        join=len(arguments) == 2,
        doc=inspect.getdoc(member.value) or "",
        line=node.lineno,
    )


def _r_step(member: Member, common: dict[str, Any]) -> Step:
    r_step: RStep = member.value
    path = Path(r_step.declared_in).resolve().parent / r_step.file
    if not path.is_file():
        raise DefinitionError(
            f"step {member.name} names the R file {r_step.file!r}, but there is no file {path}",
            code="file_missing",
            where=Where(r_step.declared_in, r_step.line, member.name),
            hint="The path of an R step is relative to the flow's file.",
        )
    kind = "foreach" if r_step.foreach else ("end", "linear")[len(r_step.next)] if len(r_step.next) < 2 else "branch"
    return Step(
        **common,
        language="r",
        function=Function(str(path), r_step.function),
        transition=Transition(kind, r_step.next, r_step.foreach),
        join=r_step.join,
        line=r_step.line,
    )


def _with_duplicates(steps: list[Step], members: list[Member]) -> list[Step]:
    """Steps that a later definition of the same name replaced in the class body, so that the checker reports them."""
    extra = [
        replace(step, line=line)
        for step in steps
        for member in members
        if member.name == step.name
        for line in member.source.other_lines_of(step.name)
    ]
    return sorted([*steps, *extra], key=lambda step: (step.file or "", step.line or 0)) if extra else steps


def _parameter(member: Member, flow_name: str) -> ParameterSpec:
    spec: ParameterSpec = member.value.to_spec(flow_name, member.line)
    if spec.name != member.name:
        raise DefinitionError(
            f"the parameter {spec.name!r} is assigned to {member.name!r}",
            code="parameter_name_mismatch",
            where=Where(member.source.file, member.line),
            hint=f'Give both one name: {spec.name} = {type(member.value).__name__}("{spec.name}", ...).',
        )
    return spec


def _file(flow_class: type) -> str | None:
    try:
        return str(Path(inspect.getfile(flow_class)).resolve())
    except (OSError, TypeError):
        return None

"""A flow class -> a graph. Transitions are read from the source of the steps; no step runs."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pyflow.define import config, transitions
from pyflow.define.config import Config, Given
from pyflow.define.ends import ends
from pyflow.define.flow import FlowSpec, attributes_of, is_constant
from pyflow.define.mutators import Draft, graph_name, make_draft
from pyflow.define.parameters import configured, context_maker
from pyflow.define.place import file_of
from pyflow.define.source import ClassSource
from pyflow.define.steps import RStep
from pyflow.spec.errors import DefinitionError, GraphError, Problem, Where
from pyflow.spec.graph import Config as ConfigSpec
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


def compile_flow(flow_class: type[FlowSpec], given: Given = Given()) -> Graph:  # noqa: B008 - it is frozen
    """The graph of a flow class. `given`: what is said about its configurations outside of its file.

    Raises GraphError with every place whose source is no valid transition or definition; the rules that concern the
    graph as a whole are checked by spec.check.
    """
    members = list(_members(flow_class))
    problems: list[Problem] = []
    file = file_of(flow_class)
    configs = _configs(flow_class, members, given)
    draft = make_draft(flow_class, {m.name: m.value for m in members}, config.scope_of(configs))
    declared = (m for m in members if m.name in draft.steps)
    steps = list(_collect(problems, lambda m: _step(m, file, draft), declared))
    steps = _with_duplicates(steps, members)
    parameters = list(
        _collect(
            problems,
            lambda m: _parameter(m, draft),
            _parameter_members(members, draft),
        )
    )
    if problems:
        raise GraphError(tuple(problems))
    start, end = ends(members, steps)
    return Graph(
        name=flow_class.__name__,
        start=start,
        end=end,
        language="python",
        file=file,
        steps=tuple(steps),
        parameters=tuple(parameters),
        constants=tuple(m.name for m in members if is_constant(m.name, m.value)),
        decorators=tuple(draft.decorators),
        configs=configs,
        doc=inspect.getdoc(flow_class) if "__doc__" in vars(flow_class) and flow_class.__doc__ else "",
    )


def _members(flow_class: type[FlowSpec]) -> Iterator[Member]:
    """Attributes in the order in which they are written, those of base classes first; an override counts once."""
    found = attributes_of(flow_class)
    sources = {owner: ClassSource.of(owner) for owner in dict.fromkeys(owner for owner, _ in found.values())}
    for name, (owner, value) in found.items():
        yield Member(name, value, sources[owner])


def _configs(flow_class: type[FlowSpec], members: list[Member], given: Given) -> tuple[ConfigSpec, ...]:
    """The flow's configurations with their values; raises UsageError or DefinitionError (define.config)."""
    found = []
    for member in members:
        if isinstance(member.value, Config):
            _check_name(member, member.value._name, "config")
            found.append((member.value, Where(member.source.file, member.line)))
    file = file_of(flow_class)
    context = context_maker(flow_class.__name__, {})
    return config.read_configs(found, given, context=context, folder=Path(file).parent if file else None)


def _parameter_members(members: list[Member], draft: Draft) -> Iterator[Member]:
    """The parameters of the draft; those that a mutator has put there have no line."""
    known = {member.name: member for member in members}
    nowhere = ClassSource(draft.file or "")
    for name, value in draft.parameters.items():
        yield replace(known[name], value=value) if name in known else Member(name, value, nowhere)


def _collect(problems: list[Problem], make: Callable[[Member], Any], members: Iterator[Member]) -> Iterator[Any]:
    for member in members:
        try:
            yield make(member)
        except DefinitionError as error:
            where = error.where if error.where.file else Where(member.source.file, member.line)
            problems.append(Problem(error.code, _sentence(error.message), where, error.hint))


def _sentence(message: str) -> str:
    """A message that stands alone. What begins with a name of the code, as self.next does, stays as it is."""
    first = message.partition(" ")[0]
    return f"{message[:1].upper() if first.isalpha() else message[:1]}{message[1:].rstrip('.')}."


def _step(member: Member, flow_file: str | None, draft: Draft) -> Step:
    common: dict[str, Any] = {
        "name": member.name,
        "decorators": draft.in_graph(member.name),
        "file": member.source.file,
    }
    if isinstance(member.value, RStep):
        return _r_step(member, common)
    arguments = list(inspect.signature(member.value).parameters)
    node = member.source.function(member.name, member.value)
    where = Where(member.source.file, node.lineno, member.name)
    if len(arguments) not in (1, 2):
        raise DefinitionError(
            f"step {member.name} takes {len(arguments)} arguments ({', '.join(arguments)})",
            code="step_invalid",
            where=where,
            hint="A step takes self; a join takes self and inputs.",
        )
    return Step(
        **common,
        language="python",
        function=Function(flow_file),
        transition=transitions.read(
            node,
            arguments[0],
            lambda path: config.evaluate(operator.attrgetter(path)(draft.flow_class), draft.configs, where),
            where,
        ),
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
    return Step(
        **common,
        language="r",
        function=Function(str(path), r_step.function),
        transition=_r_transition(r_step, Where(r_step.declared_in, r_step.line, member.name)),
        join=r_step.join,
        line=r_step.line,
    )


def _r_transition(r_step: RStep, where: Where) -> Transition:
    try:
        if isinstance(r_step.next, Mapping):
            cases = [(transitions.key_text(key), target) for key, target in r_step.next.items()]
            return transitions.make((), cases, r_step.options)
        return transitions.make(r_step.next, None, r_step.options)
    except ValueError as error:
        hint = "Write r_step(..., next='work'), or next={'a': 'work', 'b': 'rest'} with condition='kind'."
        raise DefinitionError(f"r_step: {error}", code="transition_invalid", where=where, hint=hint) from None


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


def _parameter(member: Member, draft: Draft) -> ParameterSpec:
    value = configured(member.value, draft.configs, Where(member.source.file or None, member.line))
    _check_name(member, value.name, "parameter")
    spec: ParameterSpec = value.to_spec(draft.flow_class.__name__, member.line, draft.configs)
    parser = getattr(value, "parser", None)
    return spec if parser is None else replace(spec, parser=_parser_name(draft, parser))


def _parser_name(draft: Draft, parser: Any) -> str:
    """How the run finds the function that makes the value of a file."""
    if isinstance(parser, str):
        return parser
    name = getattr(parser, "__qualname__", "")
    if not name.isidentifier():
        raise DefinitionError(
            f"the parser {parser!r} cannot be found by its name when the run starts",
            code="parameter_invalid",
            hint="Define a function at the top of the file and name it: parser=read_table.",
        )
    return graph_name(draft, parser)


def _check_name(member: Member, name: str, kind: str) -> None:
    if name != member.name:
        raise DefinitionError(
            f"the {kind} {name!r} is assigned to {member.name!r}",
            code="parameter_name_mismatch",
            where=Where(member.source.file or None, member.line),
            hint=f'Give both one name: {name} = {type(member.value).__name__}("{name}", ...).',
        )

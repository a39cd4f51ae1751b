"""What a flow class declares, as a draft that mutators change before it becomes a graph: MutableStep and MutableFlow.

A draft is made twice: where the graph is made, and in the process whose children run the steps, which need the
decorators themselves. Both have the same configurations, and so the same draft.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from pyflow.define import flow_decorators, needs, steps
from pyflow.define.config import Config, Delayed, Scope, scope_of
from pyflow.define.custom import Custom, FlowMutator, StepMutator, Use, UserStepDecorator
from pyflow.define.parameters import IncludeFile, Parameter
from pyflow.define.place import file_of
from pyflow.define.steps import StepNotes, notes_of
from pyflow.spec.errors import DefinitionError, Where
from pyflow.spec.graph import Decorator, Graph
from pyflow.spec.names import did_you_mean

STEP_DECORATORS: Mapping[str, Callable[..., Any]] = {
    "retry": steps.retry,
    "catch": steps.catch,
    "timeout": steps.timeout,
    "environment": steps.environment,
    "resources": needs.resources,
    "secrets": needs.secrets,
    "parallel": steps.parallel,
}
FLOW_DECORATORS: Mapping[str, Callable[..., Any]] = {
    "project": flow_decorators.project,
    "exit_hook": flow_decorators.exit_hook,
}


class DecoratorSpec(NamedTuple):
    """A decorator as mutators see it: its name, the full name of what makes it, and its arguments."""

    name: str
    qualified_name: str
    args: list[Any]
    kwargs: dict[str, Any]


@dataclass(frozen=True)
class Made:
    """A decorator of the user's own, initialised. `name` is as in the graph: with its module, unless that is the
    flow's."""

    name: str
    custom: Custom
    use: Use

    def in_graph(self) -> Decorator | None:
        """None for a mutator, which has done its work."""
        if not isinstance(self.custom, UserStepDecorator):
            return None
        given = {**{str(number): value for number, value in enumerate(self.custom._args)}, **self.custom._kwargs}
        return Decorator(self.name, shown(given), self.use.line, custom=True, language="python")


@dataclass
class Draft:
    """The declarations of a flow. Decorators stand in the order in which they are written, the topmost first."""

    flow_class: type
    configs: Scope
    parameters: dict[str, Any] = field(default_factory=dict)
    steps: dict[str, list[Decorator | Made]] = field(default_factory=dict)
    decorators: list[Decorator] = field(default_factory=list)
    mutators: list[FlowMutator] = field(default_factory=list)
    file: str | None = None

    def in_graph(self, step: str) -> tuple[Decorator, ...]:
        """The decorators of a step as the graph has them."""
        found = (item.in_graph() if isinstance(item, Made) else item for item in self.steps[step])
        return tuple(item for item in found if item is not None)

    def wrappers(self, step: str) -> list[Made]:
        """The decorators around a step that the user has written, the outermost first."""
        return [
            item for item in self.steps[step] if isinstance(item, Made) and isinstance(item.custom, UserStepDecorator)
        ]


def make_draft(flow_class: type, attributes: Mapping[str, Any], configs: Scope) -> Draft:
    """The draft of a flow with these class attributes, after its mutators.

    Raises DefinitionError for arguments that cannot be evaluated or are not taken, and what the mutators raise.
    """
    draft = Draft(flow_class, configs, file=file_of(flow_class))
    for name, value in attributes.items():
        notes = notes_of(value)
        if notes is not None:
            draft.steps[name] = [_made(draft, note, _where(value, note, name)) for note in reversed(notes.decorators)]
        elif isinstance(value, Parameter | IncludeFile):
            draft.parameters[name] = value
    for owner, note in flow_decorators.notes_of_flow(flow_class):
        made = _made_for_flow(draft, note, Where(file_of(owner), note.line))
        if isinstance(made, Decorator):
            draft.decorators.append(made)
        else:
            draft.mutators.append(made)
    _mutate(draft)
    return draft


def mutate_steps(graph: Graph, use: Use) -> Graph:
    """The graph as a StepMutator leaves it that stands over each of its steps."""
    draft = Draft(object, scope_of(graph.configs), {item.name: item for item in graph.parameters}, file=graph.file)
    for step in graph.steps:
        made = Made(use.name, use.make(draft.configs, Where(graph.file, step=step.name)), use)
        draft.steps[step.name] = [made, *step.decorators]
    _mutate(draft)
    return replace(graph, steps=tuple(replace(step, decorators=draft.in_graph(step.name)) for step in graph.steps))


def _mutate(draft: Draft) -> None:
    """First every `pre_mutate`, of the flow and then of its steps, then every `mutate`."""
    before = MutableFlow(draft, parameters_too=True)
    for mutator in draft.mutators:
        mutator.pre_mutate(before)
    for name, mutator in _step_mutators(draft):
        mutator.pre_mutate(MutableStep(draft, name))
    after = MutableFlow(draft, parameters_too=False)
    for mutator in draft.mutators:
        mutator.mutate(after)
    for name, mutator in _step_mutators(draft):
        mutator.mutate(MutableStep(draft, name))


def _step_mutators(draft: Draft) -> Iterator[tuple[str, StepMutator]]:
    """The mutators that stand nearest to the step's function first; one that another adds has its turn too."""
    done: set[int] = set()
    for name in draft.steps:
        while waiting := [
            item.custom
            for item in reversed(draft.steps[name])
            if isinstance(item, Made) and isinstance(item.custom, StepMutator) and id(item.custom) not in done
        ]:
            done.add(id(waiting[0]))
            yield name, waiting[0]


def _made(draft: Draft, note: Any, where: Where) -> Decorator | Made:
    if isinstance(note, Delayed):
        scratch = lambda self: None  # noqa: E731 - what the decorator may take its note on
        setattr(scratch, steps.NOTES, StepNotes())
        note.made(draft.configs, where)(scratch)
        notes = notes_of(scratch)
        assert notes is not None
        return replace(notes.decorators[0], line=note.line)
    if isinstance(note, Use):
        return Made(graph_name(draft, note.kind), note.make(draft.configs, where), note)
    return note  # type: ignore[no-any-return]


def _made_for_flow(draft: Draft, note: Any, where: Where) -> Decorator | FlowMutator:
    if isinstance(note, Delayed):
        scratch = type("Scratch", (), {})
        note.made(draft.configs, where)(scratch)
        return replace(vars(scratch)[flow_decorators.NOTES][0], line=note.line)
    if isinstance(note, Use):
        return note.make(draft.configs, where)  # type: ignore[return-value]
    return note  # type: ignore[no-any-return]


def graph_name(draft: Draft, kind: Any) -> str:
    """Without its module in the flow's own file, which has another name when it is run than when it is loaded."""
    return kind.__name__ if kind.__module__ == draft.flow_class.__module__ else f"{kind.__module__}.{kind.__name__}"


def _where(value: Any, note: Any, step: str) -> Where:
    code = getattr(value, "__code__", None)
    file = code.co_filename if code else getattr(value, "declared_in", None)
    return Where(str(Path(file).resolve()) if file else None, note.line, step)


def shown(value: Any) -> Any:
    """Arguments as JSON has them; what JSON has no form for as its text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): shown(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [shown(item) for item in value]
    return getattr(value, "__name__", None) or repr(value)


class _Mutable:
    """What may be done with the decorators of a step or a flow."""

    IGNORE: ClassVar[int] = 1
    ERROR: ClassVar[int] = 2
    OVERRIDE: ClassVar[int] = 3
    _table: ClassVar[Mapping[str, Callable[..., Any]]] = {}

    def __init__(self, draft: Draft) -> None:
        self._draft = draft

    def _decorators(self) -> list[Any]:
        raise NotImplementedError

    def _make(self, note: Any) -> Any:
        raise NotImplementedError

    def _owner(self) -> Where:
        raise NotImplementedError

    @property
    def decorator_specs(self) -> Iterator[DecoratorSpec]:
        """(name, full name, args, kwargs) of each decorator, the topmost first."""
        for item in list(self._decorators()):
            yield _spec(item, self._table)

    def has_decorator(self, name: str) -> bool:
        return any(_is_called(item, name) for item in self._decorators())

    def get_decorator_specs(self, name: str) -> list[DecoratorSpec]:
        """The specs of all decorators of this name; empty if there is none."""
        return [_spec(item, self._table) for item in self._decorators() if _is_called(item, name)]

    def add_decorator(
        self,
        deco_type: Any,
        deco_args: Sequence[Any] | None = None,
        deco_kwargs: Mapping[str, Any] | None = None,
        duplicates: int = IGNORE,
    ) -> None:
        """Add a decorator on top: `deco_type` is its name (`"retry"`), the decorator itself or a class of the user's
        own. Of one that is there already, `duplicates` says what becomes: IGNORE keeps the old one, OVERRIDE takes the
        new one, ERROR raises DefinitionError `decorator_duplicate`."""
        note = self._note(deco_type, tuple(deco_args or ()), dict(deco_kwargs or {}))
        if self.has_decorator(note.name):
            if duplicates == self.ERROR:
                raise DefinitionError(
                    f"the decorator {note.name!r} is there already",
                    code="decorator_duplicate",
                    where=self._owner(),
                    hint="Add it with duplicates=IGNORE or OVERRIDE.",
                )
            if duplicates == self.IGNORE:
                return
            self.remove_decorator(note.name)
        self._decorators().insert(0, self._make(note))

    def _note(self, kind: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Delayed | Use:
        if isinstance(kind, Use):
            return replace(kind, args=kind.args + args, kwargs={**kind.kwargs, **kwargs}, line=None)
        if isinstance(kind, type) and issubclass(kind, Custom):
            return Use(kind, args, kwargs)
        name = kind if isinstance(kind, str) else next((k for k, v in self._table.items() if v is kind), repr(kind))
        if name not in self._table:
            hint = did_you_mean(name, self._table) or f"Known are {', '.join(self._table)}, and classes of your own."
            raise DefinitionError(
                f"there is no decorator {name!r} to add", code="decorator_unknown", where=self._owner(), hint=hint
            )
        return Delayed(self._table[name], args, kwargs, None, lambda target, note: target)

    def remove_decorator(
        self, deco_name: str, deco_args: Sequence[Any] | None = None, deco_kwargs: Mapping[str, Any] | None = None
    ) -> bool:
        """Remove the decorators of this name (with arguments: those that have exactly these); whether there was any."""

        def matches(item: Any) -> bool:
            spec = _spec(item, self._table)
            same = deco_args is None or list(deco_args) == spec.args
            return _is_called(item, deco_name) and same and (deco_kwargs is None or dict(deco_kwargs) == spec.kwargs)

        decorators = self._decorators()
        kept = [item for item in decorators if not matches(item)]
        found = len(kept) < len(decorators)
        decorators[:] = kept
        return found


class MutableStep(_Mutable):
    """A step as its mutators see it."""

    _table = STEP_DECORATORS

    def __init__(self, draft: Draft, name: str) -> None:
        super().__init__(draft)
        self.name = name

    @property
    def flow(self) -> MutableFlow:
        return MutableFlow(self._draft, parameters_too=False)

    def _decorators(self) -> list[Any]:
        return self._draft.steps[self.name]

    def _make(self, note: Any) -> Any:
        return _made(self._draft, note, self._owner())

    def _owner(self) -> Where:
        return Where(self._draft.file, step=self.name)


class MutableFlow(_Mutable):
    """A flow as its mutators see it; its configs, parameters and steps are attributes too."""

    _table = FLOW_DECORATORS

    def __init__(self, draft: Draft, *, parameters_too: bool) -> None:
        super().__init__(draft)
        self._parameters_too = parameters_too

    def _decorators(self) -> list[Any]:
        return self._draft.decorators

    def _make(self, note: Any) -> Any:
        return _made_for_flow(self._draft, note, self._owner())

    def _owner(self) -> Where:
        return Where(self._draft.file)

    @property
    def configs(self) -> Iterator[tuple[str, Any]]:
        """(name, value) of each configuration."""
        yield from list(self._draft.configs.items())

    @property
    def parameters(self) -> Iterator[tuple[str, Parameter | IncludeFile]]:
        yield from list(self._draft.parameters.items())

    @property
    def steps(self) -> Iterator[tuple[str, MutableStep]]:
        yield from [(name, MutableStep(self._draft, name)) for name in self._draft.steps]

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            draft = self._draft
            if name in draft.steps:
                return MutableStep(draft, name)
            for known in (draft.configs, draft.parameters):
                if name in known:
                    return known[name]
        raise AttributeError(f"the flow has no step, config or parameter {name!r}")

    def add_parameter(self, name: str, value: Parameter | IncludeFile, overwrite: bool = False) -> None:
        """Raises DefinitionError `parameter_duplicate` for a name that is taken, unless `overwrite`."""
        self._check_parameters(f"parameter {name!r} cannot be added")
        if not isinstance(value, Parameter | IncludeFile) or isinstance(value, Config):
            raise DefinitionError(
                f"{value!r} is no Parameter and no IncludeFile", code="parameter_invalid", where=self._owner()
            )
        if name in self._draft.parameters and not overwrite:
            raise DefinitionError(
                f"the flow has a parameter {name!r} already",
                code="parameter_duplicate",
                where=self._owner(),
                hint="Add it with overwrite=True, or under another name.",
            )
        self._draft.parameters[name] = value

    def remove_parameter(self, parameter_name: str) -> bool:
        """Whether there was such a parameter."""
        self._check_parameters(f"parameter {parameter_name!r} cannot be removed")
        return self._draft.parameters.pop(parameter_name, None) is not None

    def _check_parameters(self, what: str) -> None:
        if not self._parameters_too:
            raise DefinitionError(
                f"{what} here",
                code="mutator_too_late",
                where=self._owner(),
                hint="Parameters are added and removed in pre_mutate of a FlowMutator.",
            )


def _spec(item: Decorator | Made, table: Mapping[str, Callable[..., Any]]) -> DecoratorSpec:
    if isinstance(item, Made):
        kind, custom = item.use.kind, item.custom
        qualified = f"{kind.__module__}.{kind.__qualname__}"
        return DecoratorSpec(kind.__name__, qualified, list(custom._args), dict(custom._kwargs))
    maker = table.get(item.name)
    qualified = f"{maker.__module__}.{item.name}" if maker else item.name
    return DecoratorSpec(item.name, qualified, [], dict(item.args))


def _is_called(item: Decorator | Made, name: str) -> bool:
    return item.name == name or (isinstance(item, Made) and item.use.name == name)

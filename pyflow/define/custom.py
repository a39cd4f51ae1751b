"""Decorators of the user's own: around a step (`@user_step_decorator`, UserStepDecorator), and mutators, which change
how a step or a flow is declared (StepMutator, FlowMutator).

Used as a decorator, such a class only takes a note (Use). An instance is made when the flow is compiled and the
configurations are known, and once more where the tasks run.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from pyflow.define import flow_decorators
from pyflow.define.config import Scope, evaluate, evaluate_named
from pyflow.define.place import caller_line
from pyflow.define.steps import attach, notes_of
from pyflow.spec.errors import DefinitionError, Where

# What a decorator's generator yields to leave the step out; self.next() then is as the step's last line says.
USER_SKIP_STEP: dict[str, Any] = {}


@dataclass(frozen=True)
class Use:
    """`@name(...)` over a step or a flow: which class, with which arguments, on which line."""

    kind: type[Custom]
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    line: int | None = None

    @property
    def name(self) -> str:
        return self.kind.__name__

    def __call__(self, target: Any) -> Any:
        return self.kind._attach(target, self)

    def make(self, scope: Scope, where: Where) -> Custom:
        """An instance, initialised with the evaluated arguments; raises DefinitionError `decorator_argument`."""
        instance: Custom = object.__new__(self.kind)
        args = evaluate(self.args, scope, where)
        kwargs = evaluate_named(self.kwargs, scope, where)
        try:
            inspect.signature(instance.init).bind(*args, **kwargs)
        except TypeError as error:
            raise DefinitionError(f"@{self.name}: {error}", code="decorator_argument", where=where) from None
        instance.init(*args, **kwargs)
        instance._args, instance._kwargs = args, kwargs
        return instance

    def __repr__(self) -> str:
        return f"the decorator @{self.name}"


class Custom:
    """What all decorators of the user's own have in common: they are used as `@name` or `@name(arguments)`."""

    # What init was given, evaluated.
    _args: tuple[Any, ...] = ()
    _kwargs: Mapping[str, Any] = {}

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        line = caller_line()
        if len(args) == 1 and not kwargs and cls._is_target(args[0]):
            return cls._attach(args[0], Use(cls, line=line))
        return Use(cls, args, kwargs, line)

    def init(self) -> None:
        """Called with the decorator's arguments; override it to take any."""

    def add_to_package(self) -> None:
        """Kept for flows that override it; the flow's whole folder belongs to its code."""

    @classmethod
    def _is_target(cls, value: Any) -> bool:
        raise NotImplementedError

    @classmethod
    def _attach(cls, target: Any, use: Use) -> Any:
        raise NotImplementedError


class _OfStep(Custom):
    @classmethod
    def _is_target(cls, value: Any) -> bool:
        return notes_of(value) is not None or (isinstance(value, FunctionType) and value.__name__ != "<lambda>")

    @classmethod
    def _attach(cls, target: Any, use: Use) -> Any:
        return attach(target, use)


class UserStepDecorator(_OfStep):
    """A decorator around a step: subclass it and write `pre_step` and `post_step`.

    Example::

        class timed(UserStepDecorator):
            def init(self, label="seconds"):
                self.label = label

            def pre_step(self, step_name, flow, inputs=None):
                self.began = time.time()

            def post_step(self, step_name, flow, exception=None):
                setattr(flow, self.label, time.time() - self.began)
                return exception
    """

    # True, or the arguments of self.next(): set in pre_step, it leaves the step out.
    skip_step: bool | Mapping[str, Any] = False

    def pre_step(self, step_name: str, flow: Any, inputs: Any = None) -> Callable[[Any, Any], Any] | None:
        """Called before the step; a function that it returns, of `(flow, inputs)`, runs in the step's place."""

    def post_step(self, step_name: str, flow: Any, exception: BaseException | None = None) -> Any:
        """Called after the step, with the exception that it raised. Returns None if all is well, also after an
        exception; an exception to raise; or (exception or None, arguments of self.next())."""
        return exception


class _Generated(UserStepDecorator):
    """A decorator that is written as a generator."""

    function: Callable[..., Generator[Any, Any, Any]]
    takes_attributes: bool

    def init(self, **attributes: Any) -> None:
        if attributes and not self.takes_attributes:
            raise DefinitionError(
                f"@{type(self).__name__} takes no arguments, but got {', '.join(attributes)}",
                code="decorator_argument",
                hint="To take some, give its function a fourth argument: (step_name, flow, inputs, attributes).",
            )
        self.attributes = attributes

    def pre_step(self, step_name: str, flow: Any, inputs: Any = None) -> Callable[[Any, Any], Any] | None:
        given = (self.attributes,) if self.takes_attributes else ()
        self.generator = type(self).function(step_name, flow, inputs, *given)
        try:
            said = next(self.generator)
        except StopIteration:
            raise DefinitionError(
                f"@{type(self).__name__} ended without a yield",
                code="decorator_invalid",
                hint="Yield once: what comes before runs before the step, what comes after runs after it.",
            ) from None
        if isinstance(said, dict):
            self.skip_step = said or True
            return None
        if said is not None and not callable(said):
            raise DefinitionError(
                f"@{type(self).__name__} yielded {said!r:.100}",
                code="decorator_invalid",
                hint="Yield nothing, a function (flow, inputs) that takes the step's place, or a dict.",
            )
        return said

    def post_step(self, step_name: str, flow: Any, exception: BaseException | None = None) -> Any:
        try:
            if exception is None:
                self.generator.send(None)
            else:
                self.generator.throw(exception)
        except StopIteration as end:
            return (None, end.value) if isinstance(end.value, dict) else end.value
        self.generator.close()
        raise DefinitionError(
            f"@{type(self).__name__} yielded twice", code="decorator_invalid", hint="A decorator yields once."
        )


def user_step_decorator(function: Callable[..., Generator[Any, Any, Any]]) -> Any:
    """Make a decorator of a generator `(step_name, flow, inputs)` or `(step_name, flow, inputs, attributes)`.

    What stands before its `yield` runs before the step, what comes after it runs after. The step's exception is raised
    at the `yield`; one that is caught there does not fail the step. `yield function` runs `function(flow, inputs)` in
    the step's place; `yield USER_SKIP_STEP` leaves the step out, `yield {...}` does with other arguments of
    `self.next()`. `attributes` is a dict of the decorator's arguments.

    Example::

        @user_step_decorator
        def announced(step_name, flow, inputs=None):
            print("before", step_name)
            yield
            print("after", step_name)
    """
    name = getattr(function, "__name__", repr(function))
    count = len(inspect.signature(function).parameters)
    if not inspect.isgeneratorfunction(function) or count not in (3, 4):
        code = getattr(function, "__code__", None)
        raise DefinitionError(
            f"@user_step_decorator stands on {name}, which is no generator of step_name, flow and inputs",
            code="decorator_invalid",
            where=Where(code.co_filename, code.co_firstlineno) if code else Where(),
            hint=f"Write def {name}(step_name, flow, inputs): and a yield in it.",
        )
    members = {
        "function": staticmethod(function),
        "takes_attributes": count == 4,
        "__doc__": function.__doc__,
        "__module__": function.__module__,
        "__qualname__": function.__qualname__,
    }
    return type(name, (_Generated,), members)


class StepMutator(_OfStep):
    """Changes how a step is declared: subclass it and write `pre_mutate` or `mutate`, which get a MutableStep.

    Example::

        class sturdy(StepMutator):
            def mutate(self, mutable_step):
                mutable_step.add_decorator("retry", deco_kwargs={"times": 2})
    """

    def pre_mutate(self, mutable_step: Any) -> None:
        """Called first, before any `mutate`."""

    def mutate(self, mutable_step: Any) -> None:
        """Called when every `pre_mutate` of the flow is done."""


class FlowMutator(Custom):
    """Changes how a flow is declared: subclass it, write `pre_mutate` or `mutate`, which get a MutableFlow, and let it
    stand over the flow class. Parameters are added and removed in `pre_mutate`.

    Example::

        class all_sturdy(FlowMutator):
            def mutate(self, mutable_flow):
                for name, step in mutable_flow.steps:
                    step.add_decorator("retry")
    """

    def pre_mutate(self, mutable_flow: Any) -> None:
        """Called first, before any `mutate`."""

    def mutate(self, mutable_flow: Any) -> None:
        """Called when every `pre_mutate` of the flow is done."""

    @classmethod
    def _is_target(cls, value: Any) -> bool:
        return isinstance(value, type)

    @classmethod
    def _attach(cls, target: Any, use: Use) -> Any:
        return flow_decorators.attach(target, use)

"""`FlowSpec`: the class that users' flows inherit from, and the `self` of their steps.

`self` holds no values itself. While a task runs, a TaskView stands behind it and answers every read and write.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from typing import Any, Protocol

from pyflow.define.config import Config
from pyflow.define.parameters import IncludeFile, Parameter
from pyflow.define.steps import notes_of
from pyflow.define.transitions import Options, said
from pyflow.spec.errors import DefinitionError
from pyflow.spec.graph import Transition

# The command line stands above this layer, so it is named here and not imported: a task loads no command line.
COMMAND_LINE = "pyflow.cli.main:run_flow_class"
_VIEW = "_FlowSpec__view"


class TaskView(Protocol):
    """What a running task offers to `self`. Names are artifact names; errors are PyflowErrors or AttributeErrors."""

    flow: str
    step: str
    index: int | None

    def get(self, name: str) -> Any: ...

    def set(self, name: str, value: Any) -> None: ...

    def delete(self, name: str) -> None: ...

    def names(self) -> Sequence[str]: ...

    def input(self) -> Any: ...

    def foreach_stack(self) -> list[tuple[int, int | None, Any]]: ...

    def merge(self, include: Sequence[str], exclude: Sequence[str]) -> None: ...

    def transition(self, transition: Transition) -> None: ...

    def handle(self, name: str) -> Any: ...

    def stored(self) -> list[str]: ...


class FlowSpec:
    """A flow: its steps are methods marked `@step`, its parameters and constants are class attributes.

    Whatever a step sets on `self` is an artifact that later steps and the client read. End the file with
    `if __name__ == "__main__": MyFlow()`, which is the command line of the flow.

    Example:

        class Hello(FlowSpec):
            @step
            def start(self):
                self.greeting = "hello"
                self.next(self.end)

            @step
            def end(self):
                print(self.greeting)
    """

    def __init__(self, use_cli: bool = True) -> None:
        if use_cli:
            pkgutil.resolve_name(COMMAND_LINE)(type(self))

    # Reads and writes of artifacts

    def __getattr__(self, name: str) -> Any:
        view = self.__dict__.get(_VIEW)
        if view is None or (name.startswith("__") and name.endswith("__")):
            raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
        return view.get(name)

    def __setattr__(self, name: str, value: Any) -> None:
        view = self.__dict__.get(_VIEW)
        if view is None or name.startswith("__"):
            object.__setattr__(self, name, value)
        else:
            view.set(name, value)

    def __delattr__(self, name: str) -> None:
        view = self.__dict__.get(_VIEW)
        if view is None or name.startswith("__"):
            object.__delattr__(self, name)
        else:
            view.delete(name)

    def __dir__(self) -> list[str]:
        view = self.__dict__.get(_VIEW)
        return [*super().__dir__(), *(view.names() if view else ())]

    def __reduce__(self) -> Any:
        raise TypeError("a flow cannot be stored or pickled; set the values that you need on self one by one")

    # What a step may ask

    @property
    def name(self) -> str:
        """The name of the flow. That of the running step is `current.step_name`."""
        return self._running().flow

    @property
    def index(self) -> int | None:
        """The number of this task in the innermost foreach, from 0; None outside."""
        return self._running().index

    @property
    def input(self) -> Any:
        """The item of the innermost foreach; None outside."""
        return self._running().input()

    def foreach_stack(self) -> list[tuple[int, int | None, Any]]:
        """(index, number of items, item) of every open foreach, the outermost first; (index, None, index) of a gang."""
        return self._running().foreach_stack()

    def merge_artifacts(
        self, inputs: Any, exclude: Sequence[str] | None = None, include: Sequence[str] | None = None
    ) -> None:
        """In a join, take over every artifact on which the inputs agree (by digest; nothing is loaded).

        What is already set on `self` wins. `exclude` leaves names out, `include` takes only these. Raises MergeError,
        and merges nothing, when values differ (`merge_conflict`) or an included name is missing (`merge_missing`).
        """
        self._running().merge(list(include or ()), list(exclude or ()))

    def next(
        self,
        *steps: Any,
        foreach: str | None = None,
        num_parallel: int | str | None = None,
        condition: str | None = None,
    ) -> None:
        """Say what follows::

        self.next(self.a)                    # one step
        self.next(self.a, self.b)            # both, side by side
        self.next(self.a, foreach="xs")      # once for each item of self.xs
        self.next(self.a, num_parallel=4)    # four tasks that run at the same time
        self.next({"small": self.a, "large": self.b}, condition="size")    # the one that self.size chooses
        """
        self._running().transition(said(steps, Options(foreach, num_parallel, condition)))

    def _running(self) -> TaskView:
        view = self.__dict__.get(_VIEW)
        if view is None:
            raise DefinitionError("this works only while a step runs", code="not_running")
        return view


class ReadOnly:
    """A parameter or constant on `self`: read through the task, never written."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, flow: FlowSpec | None, owner: type) -> Any:
        return self if flow is None else flow._running().get(self.name)

    def __set__(self, flow: FlowSpec, value: Any) -> None:
        flow._running().set(self.name, value)


def bind(flow_class: type[FlowSpec], view: TaskView, read_only: Sequence[str]) -> FlowSpec:
    """The `self` of one task. `read_only` are the names of parameters and constants."""
    members: dict[str, Any] = {name: ReadOnly(name) for name in read_only}
    members["__module__"] = flow_class.__module__
    members["__qualname__"] = flow_class.__qualname__
    flow = object.__new__(type(flow_class.__name__, (flow_class,), members))
    flow.__dict__[_VIEW] = view
    return flow


def attributes_of(flow_class: type[FlowSpec]) -> dict[str, tuple[type, Any]]:
    """(owner, value) of the class attributes by name, in the order in which they are written, those of base classes
    first; an override counts once."""
    owners = [klass for klass in reversed(flow_class.__mro__) if issubclass(klass, FlowSpec) and klass is not FlowSpec]
    return {
        name: (owner, value) for owner in owners for name, value in vars(owner).items() if not name.startswith("__")
    }


def is_constant(name: str, value: Any) -> bool:
    """Whether a class attribute is a constant of the flow: public data, not code and not a parameter."""
    return not (
        name.startswith("_")
        or callable(value)
        or isinstance(value, Parameter | IncludeFile | Config)
        or notes_of(value) is not None
        or hasattr(type(value), "__get__")  # property, classmethod, ...
    )

"""`lazy(self)`: the artifacts of a step without their values.

A name on `self` is the value, and a data frame has attributes of its own (`columns`, `size`), so what can be said of
an artifact without opening it is said by another object.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from pyflow.define.flow import FlowSpec
from pyflow.spec.errors import DefinitionError


class Handle(Protocol):
    """A stored artifact; only `value`, `data` and `columns` open it."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def type(self) -> str: ...

    @property
    def size(self) -> int: ...

    @property
    def digest(self) -> str: ...

    @property
    def preview(self) -> str: ...

    @property
    def path(self) -> Path: ...

    @property
    def value(self) -> Any: ...

    @property
    def data(self) -> Any: ...

    def columns(self, *names: Any) -> Any: ...


class LazyView(Protocol):
    """Where handles come from; a name that is not stored is an AttributeError."""

    def handle(self, name: str) -> Handle: ...

    def stored(self) -> list[str]: ...


class Lazy:
    """Handles by name: `lazy(self).big`, `lazy(self)["big"]`, `"big" in lazy(self)`, iteration over the names."""

    def __init__(self, view: LazyView) -> None:
        self.__view = view

    def __getattr__(self, name: str) -> Handle:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self.__view.handle(name)

    def __getitem__(self, name: str) -> Handle:
        try:
            return self.__view.handle(name)
        except AttributeError as error:
            raise KeyError(str(error)) from None

    def __contains__(self, name: object) -> bool:
        return name in self.__view.stored()

    def __iter__(self) -> Iterator[str]:
        return iter(self.__view.stored())

    def __dir__(self) -> list[str]:
        return self.__view.stored()

    def __repr__(self) -> str:
        return f"<lazy: {', '.join(self.__view.stored())}>"


def lazy(owner: Any) -> Lazy:
    """The stored artifacts of `self`, or of one of a join's `inputs`, as handles that read nothing yet::

    table = lazy(self).big.columns("a", "b")    # reads only these two columns
    lazy(self).big.path                         # the local file, for DuckDB or polars
    lazy(inputs[0]).model.size
    """
    if isinstance(owner, FlowSpec):
        return Lazy(owner._running())
    view = getattr(type(owner), "_lazy_view", None)
    if view is None:
        raise DefinitionError(
            f"lazy() takes a step's self or one of its inputs, not a {type(owner).__name__}", code="lazy_invalid"
        )
    return Lazy(view(owner))

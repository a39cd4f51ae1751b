"""What `lazy(self)` gives: a stored artifact whose value is not opened before it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyflow.runner.session import Session
from pyflow.spec.task import ArtifactRef


@dataclass(frozen=True)
class Stored:
    """An artifact of a step, as define.lazy.Handle describes it."""

    name: str
    _ref: ArtifactRef
    _session: Session
    _value: Callable[[], Any]

    @property
    def kind(self) -> str:
        return self._ref.kind

    @property
    def type(self) -> str:
        return self._ref.type

    @property
    def size(self) -> int:
        return self._ref.size

    @property
    def digest(self) -> str:
        return self._ref.digest

    @property
    def preview(self) -> str:
        return self._ref.preview

    @property
    def path(self) -> Path:
        """The value's file on this machine: Arrow IPC, read-only, its digest checked."""
        with self._session.reading(self.name):
            return self._session.path(self._ref)

    @property
    def value(self) -> Any:
        """The value: the same object that `self` gives."""
        return self._value()

    data = value

    def columns(self, *names: Any) -> Any:
        """Some columns of a table, without reading the others; each time a new table."""
        return self._session.load_columns(self._ref, names, self.name)

    def __repr__(self) -> str:
        return f"<stored {self.name}: {self.kind} {self.type}, {self.size} bytes>"


@dataclass(frozen=True)
class InputView:
    """The artifacts of one input of a join, for `lazy`."""

    _session: Session
    _refs: Mapping[str, ArtifactRef]
    _get: Callable[[str], Any]

    def stored(self) -> list[str]:
        return sorted(self._refs)

    def handle(self, name: str) -> Stored:
        if name not in self._refs:
            raise AttributeError(f"there is no artifact {name!r}; the input has {', '.join(self.stored()) or 'none'}")
        return Stored(name, self._refs[name], self._session, lambda: self._get(name))

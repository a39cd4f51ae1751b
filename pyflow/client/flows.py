"""Flows, and the list of them."""

from __future__ import annotations

from collections.abc import Iterator

from pyflow.client.catalog import Catalog, default_catalog
from pyflow.client.missing import MissingItem
from pyflow.client.runs import Run, missing_flow, missing_run
from pyflow.spec.records import SUCCESS


class Pyflow:
    """All flows that have been run."""

    def __init__(self, catalog: Catalog | None = None) -> None:
        self._catalog = catalog or default_catalog()

    def flows(self) -> list[Flow]:
        """By name."""
        return [Flow._of(name, self._catalog) for name in self._catalog.metadata.flows()]

    def __getitem__(self, name: str) -> Flow:
        if name not in self:
            raise missing_flow(self._catalog, name, MissingItem)
        return Flow._of(name, self._catalog)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self._catalog.metadata.runs(name, limit=1, spins=True))

    def __iter__(self) -> Iterator[Flow]:
        return iter(self.flows())

    def __repr__(self) -> str:
        return f"Pyflow({', '.join(self._catalog.metadata.flows())}). {self._catalog.place}"


class Flow:
    """The runs of a flow: `Flow("MyFlow")`. Iteration gives the newest first."""

    def __init__(self, name: str, catalog: Catalog | None = None) -> None:
        self._catalog = catalog or default_catalog()
        self._name = name
        if not self._catalog.metadata.runs(name, limit=1, spins=True):
            raise missing_flow(self._catalog, name)

    @classmethod
    def _of(cls, name: str, catalog: Catalog) -> Flow:
        self = cls.__new__(cls)
        self._name, self._catalog = name, catalog
        return self

    @property
    def id(self) -> str:
        return self._name

    pathspec = id

    @property
    def latest_run(self) -> Run | None:
        """The newest run, whatever became of it."""
        return self._newest(None)

    @property
    def latest_successful_run(self) -> Run | None:
        return self._newest(SUCCESS)

    def _newest(self, status: str | None) -> Run | None:
        found = self._catalog.metadata.runs(self._name, limit=1, status=status)
        return Run.from_row(found[0], self._catalog) if found else None

    def runs(self, *tags: str, limit: int | None = None, spins: bool = False) -> list[Run]:
        """Runs that have all the tags, newest first; at most `limit`. `spins`: also those that only repeat a task."""
        wanted = set(tags)
        found = self._catalog.metadata.runs(self._name, limit=None if wanted else limit, spins=spins)
        runs = [Run.from_row(row, self._catalog) for row in found]
        return [run for run in runs if wanted <= run.tags][:limit]

    def __getitem__(self, id: str | int) -> Run:
        found = self._catalog.metadata.runs(self._name, str(id))
        if not found:
            raise missing_run(self._catalog, self._name, str(id), MissingItem)
        return Run.from_row(found[0], self._catalog)

    def __contains__(self, id: object) -> bool:
        return bool(self._catalog.metadata.runs(self._name, str(id)))

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs())

    def __repr__(self) -> str:
        return f"Flow({self._name!r})"

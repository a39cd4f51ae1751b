"""Flows, and the list of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

from pyflow.client import look
from pyflow.client.catalog import Catalog, default_catalog
from pyflow.client.items import Item
from pyflow.client.missing import MissingItem
from pyflow.client.runs import Run, missing_flow, missing_run
from pyflow.define import namespaces
from pyflow.spec.records import SUCCESS
from pyflow.spec.search import Compare, Condition, Field, Order, Search, both

# A notebook shows so many of a flow's runs.
_MOST_SHOWN = 20


class Pyflow:
    """All flows that have been run."""

    def __init__(self, catalog: Catalog | None = None) -> None:
        self._catalog = catalog or default_catalog()

    def flows(self) -> list[Flow]:
        """Those with a run in the namespace, by name."""
        names = self._catalog.metadata.flows(namespaces.get_namespace())
        return [Flow._of(name, self._catalog) for name in names]

    def __getitem__(self, name: str) -> Flow:
        if name not in self:
            raise missing_flow(self._catalog, name, MissingItem)
        return Flow(name, self._catalog)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self._catalog.metadata.runs(name, limit=1, spins=True))

    def __iter__(self) -> Iterator[Flow]:
        return iter(self.flows())

    def __repr__(self) -> str:
        return f"Pyflow({', '.join(self._catalog.metadata.flows())}). {self._catalog.place}"


class Flow(Item, depth=1):
    """The runs of a flow that are in the namespace: `Flow("MyFlow")`. Iteration gives the newest first."""

    def __init__(self, name: str, catalog: Catalog | None = None, *, check_namespace: bool = True) -> None:
        self._catalog = catalog or default_catalog()
        self._name = name
        if check_namespace and self._found(limit=1, spins=True):
            return
        if not self._catalog.metadata.runs(name, limit=1, spins=True):
            raise missing_flow(self._catalog, name)
        if check_namespace:
            raise namespaces.mismatch(f"flow {name}", str(namespaces.get_namespace()))

    @classmethod
    def _of(cls, name: str, catalog: Catalog) -> Flow:
        self = cls.__new__(cls)
        self._name, self._catalog = name, catalog
        return self

    @property
    def id(self) -> str:
        return self._name

    @property
    def pathspec(self) -> str:
        return self._name

    @property
    def tags(self) -> frozenset[str]:
        """All tags of its runs."""
        return self.user_tags | self.system_tags

    @property
    def user_tags(self) -> frozenset[str]:
        return frozenset(tag for run in self.runs() for tag in run.row.tags)

    @property
    def system_tags(self) -> frozenset[str]:
        return frozenset(tag for run in self.runs() for tag in run.row.system_tags)

    @property
    def created_at(self) -> datetime | None:
        """When its first run began."""
        found = self._found(sort=(Order(Field("created")),), limit=1)
        return found[0].created_at if found else None

    @property
    def finished_at(self) -> None:
        """A flow never ends."""
        return None

    @property
    def latest_run(self) -> Run | None:
        """The newest run, whatever became of it."""
        return next(iter(self.runs(limit=1)), None)

    @property
    def latest_successful_run(self) -> Run | None:
        return next(iter(self.runs(status=SUCCESS, limit=1)), None)

    def runs(self, *tags: str, limit: int | None = None, status: str | None = None, spins: bool = False) -> list[Run]:
        """Runs that have all the tags and the status, newest first; at most `limit`. `spins`: also those that only
        repeat a task."""
        conditions = [Compare(Field("tag"), "=", tag) for tag in tags]
        if status is not None:
            conditions.append(Compare(Field("status"), "=", status))
        return self._found(*conditions, limit=limit, spins=spins)

    def _found(
        self, *conditions: Condition, sort: tuple[Order, ...] = (), limit: int | None = None, spins: bool = False
    ) -> list[Run]:
        """The runs in the namespace that meet the conditions."""
        name = namespaces.get_namespace()
        here = None if name is None else Compare(Field("tag"), "=", name)
        where = both(Compare(Field("flow"), "=", self._name), here, *conditions)
        found = self._catalog.metadata.find_runs(Search(where, sort, limit, spins))
        return [Run.from_row(item.row, self._catalog) for item in found]

    def __getitem__(self, id: str | int) -> Run:
        found = self._catalog.metadata.runs(self._name, str(id))
        if not found:
            raise missing_run(self._catalog, self._name, str(id), MissingItem)
        namespaces.check(f"run {self._name}/{id}", found[0].tags + found[0].system_tags)
        return Run.from_row(found[0], self._catalog)

    def __contains__(self, id: object) -> bool:
        return bool(self._catalog.metadata.runs(self._name, str(id)))

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs())

    def _repr_html_(self) -> str:
        runs = self._catalog.metadata.runs(self._name, limit=_MOST_SHOWN)
        return look.runs_html("Flow", self._name, runs, time.time())

    def __repr__(self) -> str:
        return f"Flow({self._name!r})"

"""What flows, runs, steps, tasks and artifacts have in common: a path, a parent, the tags of their run, a state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

from pyflow.client.catalog import Catalog, reopened
from pyflow.define.namespaces import get_namespace
from pyflow.spec.records import RUNNING, SUCCESS, RunRow, TaskRow


class Item:
    """Something with a pathspec. A class of `depth` n has n parts in it; its constructor takes the pathspec, a catalog
    and `check_namespace`."""

    _kinds: ClassVar[dict[int, Callable[..., Any]]] = {}
    _depth: ClassVar[int]
    _catalog: Catalog

    def __init_subclass__(cls, *, depth: int = 0) -> None:
        cls._depth = depth
        if depth:
            Item._kinds[depth] = cls

    @property
    def pathspec(self) -> str:
        raise NotImplementedError

    @property
    def path_components(self) -> list[str]:
        return self.pathspec.split("/")

    @property
    def parent(self) -> Any:
        """An artifact's task, a task's step, a step's run, a run's flow; a flow has none."""
        if self._depth == 1:
            return None
        path = self.pathspec.rpartition("/")[0]
        return Item._kinds[self._depth - 1](path, self._catalog, check_namespace=False)

    def _the_run(self) -> RunRow:
        flow, run = self.path_components[:2]
        return self._catalog.metadata.runs(flow, run)[0]

    @property
    def tags(self) -> frozenset[str]:
        """Those that people gave the run and those of the system."""
        row = self._the_run()
        return frozenset(row.tags + row.system_tags)

    @property
    def user_tags(self) -> frozenset[str]:
        return frozenset(self._the_run().tags)

    @property
    def system_tags(self) -> frozenset[str]:
        return frozenset(self._the_run().system_tags)

    def is_in_namespace(self) -> bool:
        """Whether namespace() includes it."""
        name = get_namespace()
        return name is None or name in self.tags

    @staticmethod
    def of_row(row: TaskRow, catalog: Catalog) -> Any:
        """The task of a row."""
        return Item._kinds[4].from_row(row, catalog)  # type: ignore[attr-defined]

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self._depth, self.pathspec, self._catalog.root)


def _again(depth: int, pathspec: str, root: str) -> Any:
    """What was pickled, in the store that it is of."""
    return Item._kinds[depth](pathspec, reopened(root), check_namespace=False)


class Stated(Item):
    """A run or task, by its row in the metadata."""

    _row: Any

    @property
    def row(self) -> RunRow | TaskRow:
        """The row in the metadata, as it is now."""
        raise NotImplementedError

    @property
    def status(self) -> str:
        """`running`, `success`, `failed` or `interrupted`; for a task also `caught` or `crashed`."""
        return self.row.status

    @property
    def successful(self) -> bool:
        """Whether it ended well; False for a task whose failure `catch` stored."""
        return self.status == SUCCESS

    @property
    def finished(self) -> bool:
        return self.status != RUNNING

    @property
    def created_at(self) -> datetime:
        return moment(self._row.created_at)

    @property
    def finished_at(self) -> datetime | None:
        """None also for a run whose engine was killed."""
        return moment_or_none(self.row.finished_at)


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def moment_or_none(seconds: float | None) -> datetime | None:
    return None if seconds is None else moment(seconds)

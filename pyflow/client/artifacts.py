"""Artifacts, and the two namespaces through which they are reached by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pyflow.client import look
from pyflow.client.catalog import Catalog, default_catalog
from pyflow.client.items import Item, moment_or_none
from pyflow.client.missing import MissingItem, MissingName, split_pathspec, suggestion
from pyflow.define import namespaces
from pyflow.spec.errors import NotFoundError, reading_artifact
from pyflow.spec.records import ArtifactRow, Use
from pyflow.spec.task import PARAMETERS, Scalar
from pyflow.views.text import size_text

# A larger table is not opened for its first rows.
_LARGEST_LOOK = 50_000_000


class Artifact(Item, depth=5):
    """A named value of a task. Only `data` opens it; the rest is told from the metadata."""

    def __init__(self, pathspec: str, catalog: Catalog | None = None, *, check_namespace: bool = True) -> None:
        catalog = catalog or default_catalog()
        flow, run, step, task, name = split_pathspec(pathspec, "flow/run/step/task/artifact")
        rows = task_artifacts(catalog, flow, run, step, task)
        found = next((row for row in rows if row.name == name), None)
        if found is None:
            known = suggestion(name, (row.name for row in rows), what="artifacts")
            raise NotFoundError(
                f"there is no artifact {name!r} in {flow}/{run}/{step}/{task}", hint=f"{known} {catalog.place}"
            )
        self._row = found
        self._catalog = catalog
        if check_namespace:
            namespaces.check(f"artifact {pathspec}", self.tags)

    @classmethod
    def from_row(cls, row: ArtifactRow, catalog: Catalog) -> Artifact:
        self = cls.__new__(cls)
        self._row, self._catalog = row, catalog
        return self

    @property
    def row(self) -> ArtifactRow:
        """The artifact's row in the metadata."""
        return self._row

    @property
    def name(self) -> str:
        return self._row.name

    id = name

    @property
    def pathspec(self) -> str:
        row = self._row
        return f"{row.flow}/{row.run}/{row.step}/{row.task}/{row.name}"

    @property
    def data(self) -> Any:
        """The value. Each time a new one: changing it changes nothing in the store."""
        path = self.path
        with reading_artifact(self.pathspec):
            return self._catalog.codec.decode(path, self.pathspec)

    value = data

    def columns(self, *names: Any) -> Any:
        """Some columns of a table (names, or labels that are no text), without reading the others: a table of the class
        that the artifact has, with its row index. Raises NotFoundError for a column that is not there."""
        with reading_artifact(self.pathspec):
            return self._catalog.codec.columns(self._catalog.store.get(self.digest, whole=False), names, self.name)

    @property
    def path(self) -> Path:
        """The value's file on this machine: Arrow IPC, read-only, its digest checked."""
        with reading_artifact(self.pathspec):
            return self._catalog.store.get(self.digest)

    @property
    def digest(self) -> str:
        """BLAKE3 of the file: equal for equal values."""
        return self._row.ref.digest

    sha = digest

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._row.ref.size

    @property
    def kind(self) -> str:
        """`table`, `vector`, `array`, `scalar`, `list`, `dict` or `native`."""
        return self._row.ref.kind

    @property
    def type(self) -> str:
        """The value's class, as the language that wrote it calls it."""
        return self._row.ref.type

    @property
    def preview(self) -> str:
        return self._row.ref.preview

    @property
    def scalar(self) -> Scalar:
        """The value itself where it is a bool, a finite number or a text of at most 256 characters; else None. It is
        told from the metadata, and what searches compare."""
        return self._row.ref.scalar

    @property
    def made_by(self) -> list[Any]:
        """The tasks of all runs that made a value of these bytes, the first one first."""
        return self._tasks(self._catalog.metadata.lineage(self.digest).made)

    @property
    def read_by(self) -> list[Any]:
        """The tasks of all runs that got a value of these bytes from a task before them."""
        return self._tasks(self._catalog.metadata.lineage(self.digest).read)

    def _tasks(self, uses: Iterable[Use]) -> list[Any]:
        rows = {(use.row.flow, use.row.run, use.row.task): use.row for use in uses}
        return [Item.of_row(row, self._catalog) for row in rows.values()]

    @property
    def created_at(self) -> datetime | None:
        """When it was there: at the end of its task's try."""
        return self.finished_at

    @property
    def finished_at(self) -> datetime | None:
        row = self._row
        found = self._catalog.metadata.attempts(row.flow, row.run, row.step, row.task)
        return moment_or_none(next(item.finished_at for item in found if item.attempt == row.attempt))

    @property
    def origin_pathspec(self) -> str | None:
        """The same artifact in the run that its run resumes, if its task was taken over."""
        task = self.parent.origin_pathspec
        return f"{task}/{self.name}" if task else None

    @property
    def inherited(self) -> bool:
        """Whether the task passed it on as it had got it."""
        return self._row.inherited

    def _repr_html_(self) -> str:
        return look.artifact_html(self._row, self._first_rows())

    def _first_rows(self) -> str:
        """The first rows of a table that is not too large to be opened for a look."""
        if self.kind != "table" or self.size > _LARGEST_LOOK:
            return ""
        table = self._catalog.codec.decode(self.path)
        shown = getattr(table, "to_html", None)
        return table._repr_html_() if shown is None else shown(max_rows=10, max_cols=20, border=0)

    def __repr__(self) -> str:
        return f"Artifact({self.pathspec!r}: {summary(self)})"


class Artifacts:
    """The artifacts of a task or run by name: `x.name`, `x["name"]`, `"name" in x`, iteration."""

    __slots__ = ("_items", "_owner", "_place")

    def __init__(self, owner: str, items: Iterable[Artifact], place: str) -> None:
        self._owner = owner
        self._items = {item.name: item for item in items}
        self._place = place

    def __getattr__(self, name: str) -> Any:
        return self._get(name, MissingName)

    def __reduce__(self) -> Any:
        raise TypeError(f"{type(self).__name__} cannot be copied or pickled: take the values out of it")

    def __getitem__(self, name: str) -> Any:
        return self._get(name, MissingItem)

    def _get(self, name: str, error: Callable[..., NotFoundError]) -> Artifact:
        found = self._items.get(name)
        if found is None:
            known = suggestion(name, self._items, what="artifacts")
            raise error(f"{self._owner} has no artifact {name!r}", hint=f"{known} {self._place}")
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def __dir__(self) -> list[str]:
        return sorted(self._items)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._items)

    def __repr__(self) -> str:
        width = max(map(len, self._items), default=0)
        lines = [f"  {name:<{width}}  {summary(item)}" for name, item in self._items.items()]
        return "\n".join([f"{self._owner}: {len(lines)} artifacts", *lines])


class Data(Artifacts):
    """The same, but a name gives the value, and iteration the names."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        # Only a known name is opened: notebooks ask any object for dozens of names.
        return self._get(name, MissingName).data

    def __getitem__(self, name: str) -> Any:
        return self._get(name, MissingItem).data

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)


def summary(artifact: Artifact) -> str:
    """One line: kind, class, size, preview."""
    preview = " ".join(artifact.preview.split())
    shown = preview if len(preview) <= 60 else preview[:59] + "…"
    parts = [artifact.kind + (f" <{artifact.type}>" if artifact.type else ""), size_text(artifact.size), shown]
    return ", ".join(part for part in parts if part)


def task_artifacts(
    catalog: Catalog, flow: str, run: str, step: str, task: str, attempt: int | None = None
) -> list[ArtifactRow]:
    """All that the next step can read on `self`: the task's artifacts, parameters and constants; by name."""
    own = catalog.metadata.artifacts(flow, run, step, task, attempt=attempt)
    if step == PARAMETERS:
        return own
    names = {row.name for row in own}
    given = [row for row in catalog.metadata.artifacts(flow, run, PARAMETERS) if row.name not in names]
    return sorted([*own, *given], key=lambda row: row.name)

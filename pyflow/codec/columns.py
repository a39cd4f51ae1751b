"""Some columns of a table, without reading the others (artifact.md, section 8).

Only what lies under the chosen columns and the row index is looked at. A digest covers the whole file, so it says
nothing about a part of it: the chosen values are checked to be well formed, and no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pyflow.codec import ipc, untree
from pyflow.codec.nodes import open_tree
from pyflow.codec.notes import Notes
from pyflow.codec.table import OpenTable, from_label, open_form_table
from pyflow.spec.errors import ArtifactError, NotFoundError
from pyflow.spec.names import nearest

_LISTED = 10


def read(file: ipc.ArtifactFile, wanted: Sequence[Any], notes: Notes) -> Any:
    """The chosen columns, in the order asked for, as a table of the class that the artifact has; with the row index.

    `file` is open without having been checked as a whole. Raises NotFoundError `column_missing` or ArtifactError
    `not_a_table`.
    """
    with untree.reading():
        if file.meta.get("form") == "table":
            table = pick(open_form_table(file), wanted)
            columns = tuple((logical, ipc.checked(array)) for logical, array in table.columns)
            table = replace(table, columns=columns)
            notes.columns(table.names, table.columns)
            return untree.decode_table(table)
        tree = open_tree(file)
        root = untree.table_root(tree)
        if root is None:
            raise not_a_table(file)
        children = [*tree.children(root)]
        names = tuple(tree.names[child] for child in children)
        # The columns stand for themselves until it is known which of them are read.
        chosen = pick(OpenTable(names, tuple(children), int(tree.attr(root)["rows"]), tree.attr(root), file), wanted)
        return untree.decode_children(tree, chosen, notes)


def pick(table: OpenTable, wanted: Sequence[Any]) -> OpenTable:
    """The table with the columns `wanted` (names, or labels that are no text), then its index levels."""
    count = len(table.columns) - table.levels
    labels = _labels(table, count)
    places = [place for want in wanted for place in _find(want, labels, table.names[:count])]
    kept = [*places, *range(count, len(table.columns))]
    meta = {**table.meta, **_label_meta(table, [labels[place] for place in places], places)}
    if meta.get("columns") is not None:
        meta["columns"] = [meta["columns"][place] for place in kept]
    names, columns = (tuple(items[place] for place in kept) for items in (table.names, table.columns))
    return replace(table, names=names, columns=columns, meta=meta)


def not_a_table(file: ipc.ArtifactFile) -> ArtifactError:
    return ArtifactError(
        f"this artifact is a {file.meta.get('kind')}, which has no columns",
        code="not_a_table",
        hint="Only of tables some columns can be read; read the value as a whole.",
    )


def _kind(table: OpenTable) -> Mapping[str, Any]:
    return (table.meta.get("python") or {}).get("columns") or {}


def _labels(table: OpenTable, count: int) -> list[Any]:
    """How users call the columns: their labels, where these are not the fields' names."""
    how, labels = _kind(table), table.meta.get("labels")
    if how.get("kind") == "range":
        return [how["start"] + number * how["step"] for number in range(count)]
    if labels is None or how.get("kind") not in (None, "multi"):
        return list(table.names[:count])
    return [from_label(item) for item in labels]


def _label_meta(table: OpenTable, labels: list[Any], places: list[int]) -> dict[str, Any]:
    how = _kind(table)
    if how.get("kind") == "range":
        plain = {key: value for key, value in how.items() if key == "names"} | {"dtype": "int64"}
        return {"labels": labels, "python": {**(table.meta.get("python") or {}), "columns": plain}}
    stored = table.meta.get("labels")
    if stored is None:
        return {}
    # One label after the other has no frequency any more.
    python = {**(table.meta.get("python") or {}), "columns": {k: v for k, v in how.items() if k != "freq"}}
    return {"labels": [stored[place] for place in places], **({"python": python} if how else {})}


def _find(want: Any, labels: Sequence[Any], names: Sequence[str | None]) -> list[int]:
    """Where a column is; more than one place where a name repeats."""
    known: Sequence[Any]
    for known in (labels, names):
        found = [place for place, label in enumerate(known) if type(label) is type(want) and label == want]
        if found:
            return found
    near = nearest(want, [name for name in names if name]) if isinstance(want, str) else None
    shown = ", ".join(repr(label) for label in labels[:_LISTED])
    more = f" and {len(labels) - _LISTED} more" if len(labels) > _LISTED else ""
    raise NotFoundError(
        f"this table has no column {want!r}",
        code="column_missing",
        hint=f"Did you mean {near!r}?" if near is not None else f"Its columns are: {shown}{more}.",
    )

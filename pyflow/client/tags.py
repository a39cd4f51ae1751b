"""Tags of runs: the only thing that the client changes."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from pyflow.client.catalog import Catalog
from pyflow.metadata import open_metadata
from pyflow.spec.errors import UserError
from pyflow.spec.records import TagsChanged

LONGEST = 500


def checked_tags(tags: str | Iterable[Any]) -> tuple[str, ...]:
    """Tags from a text, a list of texts, or lists in lists. Raises UserError `tag_invalid`."""
    found = [tags] if isinstance(tags, str) else [tag for item in tags for tag in _each(item)]
    for tag in found:
        if not isinstance(tag, str) or not tag.strip() or len(tag) > LONGEST or not tag.isprintable():
            raise UserError(
                f"{tag!r:.100} cannot be a tag",
                code="tag_invalid",
                hint=f"A tag is a text of 1 to {LONGEST} characters in one line.",
            )
    return tuple(dict.fromkeys(found))


def _each(item: Any) -> list[Any]:
    return list(item) if isinstance(item, list | tuple | set | frozenset) else [item]


def change_tags(catalog: Catalog, *changes: TagsChanged, system: Iterable[str] = ()) -> None:
    """Change the tags of runs, all at once. A tag in `system` cannot be changed."""
    fixed = set(system)
    for change in changes:
        for tag in fixed & {*change.add, *change.remove}:
            raise UserError(
                f"the tag {tag!r} is the system's",
                code="tag_invalid",
                hint="Only tags that people gave can be changed.",
            )
    with closing(open_metadata(Path(catalog.root))) as metadata:
        metadata.record(changes)

"""Tags of many runs at once."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from pyflow.client.catalog import Catalog, default_catalog
from pyflow.client.missing import split_pathspec
from pyflow.client.runs import missing_run
from pyflow.client.tags import change_tags, checked_tags
from pyflow.spec.errors import NotFoundError
from pyflow.spec.records import RunRow, TagsChanged
from pyflow.spec.search import Among, Compare, Either, Every, Field, Search


def rows_of(names: Iterable[str], catalog: Catalog) -> list[RunRow]:
    """The rows of runs (FLOW/RUN), whatever their namespace, in one query. Raises NotFoundError if one is not there."""
    places = [split_pathspec(name, "flow/run") for name in dict.fromkeys(names)]
    of_flow = [
        Every((Compare(Field("flow"), "=", flow), Among(Field("run"), tuple(run for _, run in group))))
        for flow, group in groupby(sorted(places), lambda place: place[0])
    ]
    found = catalog.metadata.find_runs(Search(Either(tuple(of_flow)), spins=True)) if of_flow else []
    rows = {(item.row.flow, item.row.run): item.row for item in found}
    for flow, run in places:
        if (flow, run) not in rows:
            raise missing_run(catalog, flow, run, NotFoundError)
    return list(rows.values())


def tag_runs(
    names: Iterable[str], *, add: Iterable[str] = (), remove: Iterable[str] = (), catalog: Catalog | None = None
) -> None:
    """Take tags away from runs (FLOW/RUN) and give them others, all of them or none."""
    catalog = catalog or default_catalog()
    rows = rows_of(names, catalog)
    changes = [TagsChanged(row.flow, row.run, checked_tags(add), checked_tags(remove)) for row in rows]
    change_tags(catalog, *changes, system={tag for row in rows for tag in row.system_tags})

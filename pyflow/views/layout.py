"""Places for the nodes of a graph, in layers from left to right (after Sugiyama, Tagawa and Toda, 1981).

1. A node's layer is the length of the longest way to it. 2. Edges over several layers get a bend in each between.
3. In each layer nodes are ordered by the mean place of their neighbours, to and fro, so that few edges cross.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_SWEEPS = 6
Edge = tuple[str, str]
# A bend has no name: its edge and layer.
_Item = str | tuple[Edge, int]


@dataclass(frozen=True)
class Placed:
    """`layers`: nodes and bends of each layer in order. `ways`: for each edge what it goes through, with its ends."""

    layers: tuple[tuple[_Item, ...], ...]
    ways: Mapping[Edge, tuple[_Item, ...]]


def place(order: Sequence[str], edges: Sequence[Edge]) -> Placed:
    """`order`: the nodes so that each comes after all that lead to it; `edges` lead forward in it."""
    layer = _layers(order, edges)
    rows: list[list[_Item]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for name in order:
        rows[layer[name]].append(name)
    ways: dict[Edge, tuple[_Item, ...]] = {}
    for edge in edges:
        bends = [(edge, number) for number in range(layer[edge[0]] + 1, layer[edge[1]])]
        for bend in bends:
            rows[bend[1]].append(bend)
        ways[edge] = (edge[0], *bends, edge[1])
    _untangle(rows, _neighbours(ways))
    return Placed(tuple(tuple(row) for row in rows), ways)


def _layers(order: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    layer = dict.fromkeys(order, 0)
    for name in order:
        for source, target in edges:
            if source == name:
                layer[target] = max(layer[target], layer[name] + 1)
    return layer


def _neighbours(ways: Mapping[Edge, tuple[_Item, ...]]) -> dict[_Item, list[_Item]]:
    found: dict[_Item, list[_Item]] = {}
    for way in ways.values():
        for one, other in itertools.pairwise(way):
            found.setdefault(one, []).append(other)
            found.setdefault(other, []).append(one)
    return found


def _untangle(rows: list[list[_Item]], neighbours: Mapping[_Item, list[_Item]]) -> None:
    """Sort each row by where its neighbours in the row before (then after) lie."""
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        numbers = range(1, len(rows)) if forward else range(len(rows) - 2, -1, -1)
        for number in numbers:
            beside = {item: place for place, item in enumerate(rows[number - 1 if forward else number + 1])}
            own = {item: place for place, item in enumerate(rows[number])}
            means = {}
            for item in rows[number]:
                places = [beside[other] for other in neighbours.get(item, ()) if other in beside]
                means[item] = sum(places) / len(places) if places else own[item]
            rows[number].sort(key=lambda item: (means[item], own[item]))

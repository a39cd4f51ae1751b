"""What follows from a valid graph (shared_spec/graph.md, section 3)."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

from pyflow.spec.graph import Graph
from pyflow.spec.loops import Edge, loop_edges, open_loops

NO_EDGES: frozenset[Edge] = frozenset()


@dataclass(frozen=True)
class Structure:
    """`order`: the steps so that each comes after all that lead to it, `back` left out. `open_splits`: for each step,
    the splits open when it runs, from the outside in. `closes`: for each join, the split it closes. `back`: the
    transitions that go back to an earlier step. `loops`: for each step, the steps at which the loops around it begin,
    from the outside in."""

    order: tuple[str, ...]
    open_splits: Mapping[str, tuple[str, ...]]
    closes: Mapping[str, str]
    back: frozenset[Edge]
    loops: Mapping[str, tuple[str, ...]]

    @property
    def closed_by(self) -> dict[str, str]:
        """For each split, the join that closes it."""
        return {split: join for join, split in self.closes.items()}


def structure(graph: Graph) -> Structure:
    """The structure of a graph in which spec.check found no problem."""
    back = loop_edges(graph)
    order = topological_order(graph, without=back)
    steps = {step.name: step for step in graph.steps}
    open_splits: dict[str, tuple[str, ...]] = {graph.start: ()}
    closes: dict[str, str] = {}
    for name in order:
        step = steps[name]
        inside = (*open_splits[name], name) if step.transition.splits else open_splits[name]
        for target in step.transition.targets:
            if steps[target].join:
                closes[target] = inside[-1]
                open_splits[target] = inside[:-1]
            else:
                open_splits[target] = inside
    open_splits = {step.name: open_splits[step.name] for step in graph.steps}
    return Structure(order, open_splits, closes, back, open_loops(graph, back))


def topological_order(graph: Graph, *, without: frozenset[Edge] = NO_EDGES) -> tuple[str, ...]:
    """The steps, each after all that lead to it; of those that could come next, the one declared first. Transitions in
    `without` do not count. Steps on or behind a cycle are left out."""
    place = {step.name: index for index, step in enumerate(graph.steps)}
    targets = {s.name: [t for t in s.transition.targets if (s.name, t) not in without] for s in graph.steps}
    waiting = dict.fromkeys(place, 0)
    for name in targets:
        for target in targets[name]:
            waiting[target] += 1
    ready = [place[name] for name, count in waiting.items() if count == 0]
    heapq.heapify(ready)
    order = []
    while ready:
        name = graph.steps[heapq.heappop(ready)].name
        order.append(name)
        for target in targets[name]:
            waiting[target] -= 1
            if waiting[target] == 0:
                heapq.heappush(ready, place[target])
    return tuple(order)

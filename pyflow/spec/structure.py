"""What follows from a valid graph (shared_spec/graph.md, section 3)."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

from pyflow.spec.graph import Graph


@dataclass(frozen=True)
class Structure:
    """`order`: the steps so that each comes after all that lead to it. `open_splits`: for each step, the splits open
    when it runs, from the outside in. `closes`: for each join, the split it closes."""

    order: tuple[str, ...]
    open_splits: Mapping[str, tuple[str, ...]]
    closes: Mapping[str, str]

    @property
    def closed_by(self) -> dict[str, str]:
        """For each split, the join that closes it."""
        return {split: join for join, split in self.closes.items()}


def structure(graph: Graph) -> Structure:
    """The structure of a graph in which spec.check found no problem."""
    order = topological_order(graph)
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
    return Structure(order, {step.name: open_splits[step.name] for step in graph.steps}, closes)


def topological_order(graph: Graph) -> tuple[str, ...]:
    """The steps of a graph without cycle, each after all that lead to it; of those that could come next, the one
    declared first. Steps on or behind a cycle are left out."""
    place = {step.name: index for index, step in enumerate(graph.steps)}
    waiting = dict.fromkeys(place, 0)
    for step in graph.steps:
        for target in step.transition.targets:
            waiting[target] += 1
    ready = [place[name] for name, count in waiting.items() if count == 0]
    heapq.heapify(ready)
    order = []
    while ready:
        step = graph.steps[heapq.heappop(ready)]
        order.append(step.name)
        for target in step.transition.targets:
            waiting[target] -= 1
            if waiting[target] == 0:
                heapq.heappush(ready, place[target])
    return tuple(order)

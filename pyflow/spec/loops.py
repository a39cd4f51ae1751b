"""Recursion: which transitions of a graph go back to an earlier step, and which loops are open at each step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pyflow.spec.graph import Graph

# (step, target)
Edge = tuple[str, str]


def switch_edges(graph: Graph) -> frozenset[Edge]:
    """The transitions that are taken or not: those of switches."""
    switches = [step for step in graph.steps if step.transition.kind == "switch"]
    return frozenset((step.name, target) for step in switches for target in step.transition.targets)


def loop_edges(graph: Graph) -> frozenset[Edge]:
    """The transitions to a step on the way by which the walker came. The walk begins at the start (then at the other
    steps in order) and follows the targets in order; without these transitions the graph has no cycle."""
    targets = {step.name: step.transition.targets for step in graph.steps}
    found: set[Edge] = set()
    seen: set[str] = set()
    for first in (graph.start, *targets):
        if first in seen:
            continue
        seen.add(first)
        # The way to where the walk is, each step with the targets it has not followed yet.
        way: dict[str, Iterator[str]] = {first: iter(targets[first])}
        while way:
            name = next(reversed(way))
            target = next(way[name], None)
            if target is None:
                del way[name]
            elif target in way:
                found.add((name, target))
            elif target not in seen:
                seen.add(target)
                way[target] = iter(targets[target])
    return frozenset(found)


def open_loops(graph: Graph, back: frozenset[Edge]) -> dict[str, tuple[str, ...]]:
    """For each step the first steps of the loops that it is part of, from the outside in."""
    names = [step.name for step in graph.steps]
    bodies = _loop_bodies(graph, back)
    # A loop lies in another one if its body does; the larger body is the outer one.
    heads = sorted(bodies, key=lambda head: (-len(bodies[head]), names.index(head)))
    return {name: tuple(head for head in heads if name in bodies[head]) for name in names}


def _loop_bodies(graph: Graph, back: frozenset[Edge]) -> dict[str, set[str]]:
    """For each step that a transition goes back to: it, and the steps from which that can happen without passing it."""
    sources = _sources(graph)
    bodies: dict[str, set[str]] = {}
    for name, head in back:
        body = bodies.setdefault(head, {head})
        queue = [name]
        while queue:
            step = queue.pop()
            if step not in body:
                body.add(step)
                queue.extend(sources[step])
    return bodies


def _sources(graph: Graph) -> Mapping[str, list[str]]:
    sources: dict[str, list[str]] = {step.name: [] for step in graph.steps}
    for step in graph.steps:
        for target in step.transition.targets:
            sources[target].append(step.name)
    return sources

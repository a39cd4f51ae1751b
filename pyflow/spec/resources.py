"""What a step asks of the machine (`resources`), and what a machine can never give. Numbers in, numbers out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pyflow.spec.errors import Problem
from pyflow.spec.graph import Graph, Step

# What a step with `resources` asks for where it does not say; memory, disk and shared memory in MB.
DEFAULTS: Mapping[str, float] = {"cpu": 1, "memory": 4096}
NAMES = ("cpu", "gpu", "disk", "memory", "shared_memory")
_COUNTED = ("cpu", "gpu")


def needs(step: Step, capacity: Mapping[str, float]) -> dict[str, float]:
    """What a task of the step takes of each resource that `capacity` limits; nothing without `resources`.

    A default is at most what the machine has: only what somebody asked for can be too much.
    """
    decorator = step.decorator("resources")
    if decorator is None:
        return {}
    found = {}
    for name, limit in capacity.items():
        asked = decorator.args.get(name)
        amount = min(DEFAULTS.get(name, 0), limit) if asked is None else asked
        if amount > 0:
            found[name] = float(amount)
    return found


def too_large(graph: Graph, capacity: Mapping[str, float]) -> list[Problem]:
    """A problem for each step whose task could never start on a machine that has `capacity`."""
    return [problem for step in graph.steps for problem in _too_large(step, capacity)]


def _too_large(step: Step, capacity: Mapping[str, float]) -> Iterator[Problem]:
    for name, amount in needs(step, capacity).items():
        if amount > capacity[name]:
            asked, there = shown(name, amount), shown(name, capacity[name])
            yield Problem(
                "resources_too_large",
                f"Step *{step.name}* asks for {asked}, but this machine has {there}.",
                step.where,
                f"Ask for less or, if that is wrong, say what it has: --max-resources {name}={_number(amount)}.",
            )


def shown(name: str, amount: float) -> str:
    """An amount of a resource as people write it."""
    return f"{name}={_number(amount)}{'' if name in _COUNTED else ' MB'}"


def _number(amount: float) -> str:
    return f"{amount:.0f}" if amount.is_integer() else f"{amount:g}"

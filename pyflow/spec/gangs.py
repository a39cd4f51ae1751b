"""Gangs that can never run: more tasks at the same time than the run has workers or the machine has room for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyflow.spec.errors import Problem
from pyflow.spec.graph import Graph, Step
from pyflow.spec.resources import needs, shown


@dataclass(frozen=True)
class Limits:
    """What a run has: `max_workers` tasks at the same time, and `capacity` of each resource that is limited."""

    graph: Graph
    max_workers: int
    capacity: Mapping[str, float]

    def too_large(self, split: Step, count: int) -> tuple[str, str] | None:
        """Why step `split` cannot start `count` tasks at the same time, and what to do; None if it can."""
        target = self.graph.step(split.transition.targets[0])
        what = f"Step *{split.name}* starts {count} tasks of step *{target.name}* that must run at the same time"
        if count > self.max_workers:
            hint = f"Run it with --max-workers {count}, or start fewer tasks."
            return f"{what}, but the run has only {self.max_workers} workers.", hint
        for name, amount in needs(target, self.capacity).items():
            if amount * count > self.capacity[name]:
                asked, there = shown(name, amount * count), shown(name, self.capacity[name])
                return f"{what} and take {asked}, but there is {there}.", "Ask for less, or start fewer tasks."
        return None


def problems(limits: Limits) -> list[Problem]:
    """A problem for each gang whose size is known before the run and too large."""
    found = []
    for step in limits.graph.steps:
        size = step.transition.num_parallel
        why = limits.too_large(step, size) if isinstance(size, int) else None
        if why is not None:
            found.append(Problem("gang_too_large", why[0], step.where, why[1]))
    return found

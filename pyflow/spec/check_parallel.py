"""Group C of the graph's rules, the part about gangs: a split with num_parallel, a step with `parallel`, a join."""

from __future__ import annotations

from collections.abc import Iterator

from pyflow.spec.errors import Problem
from pyflow.spec.graph import Graph, Step


def check(graph: Graph) -> Iterator[Problem]:
    """All problems of gangs; where the gang's own step is wrong, it is not looked at further."""
    gangs = {step.transition.targets[0]: step for step in graph.steps if step.transition.kind == "parallel"}
    for target, split in gangs.items():
        yield from _target(graph, split, graph.step(target))
    for step in graph.steps:
        if step.decorator("parallel") is None or step.join:
            continue
        others = [s for s in graph.steps if step.name in s.transition.targets and s.transition.kind != "parallel"]
        if others or step.name not in gangs:
            yield _without_split(graph, step, others)
        else:
            yield from _join(graph, step)


def _target(graph: Graph, split: Step, target: Step) -> Iterator[Problem]:
    if target.join:
        message = f"Step *{split.name}* starts a gang of the join step *{target.name}*."
        hint = f"Add a step with {_decorator(graph)} between *{split.name}* and *{target.name}*."
        yield Problem("parallel_target", message, split.where, hint)
    elif target.decorator("parallel") is None:
        message = (
            f"Step *{target.name}* is started as a gang by *{split.name}*, but does not have the decorator parallel."
        )
        yield Problem("parallel_target", message, target.where, f"Add {_decorator(graph)} to *{target.name}*.")


def _without_split(graph: Graph, step: Step, others: list[Step]) -> Problem:
    who = f"step *{others[0].name}* does not start it" if others else "no step starts it"
    message = f"Step *{step.name}* has the decorator parallel, but {who} with num_parallel."
    if graph.language == "r":
        said = f'next_step = "{step.name}", num_parallel = 4'
    else:
        said = f"self.next(self.{step.name}, num_parallel=4)"
    return Problem("parallel_without_split", message, step.where, f"Start it with {said}, or remove the decorator.")


def _join(graph: Graph, step: Step) -> Iterator[Problem]:
    transition = step.transition
    if transition.kind == "linear" and graph.step(transition.targets[0]).join:
        return
    message = f"Step *{step.name}* has the decorator parallel and must be followed by a join step."
    yield Problem("parallel_join", message, step.where, "Go on to a step that takes inputs.")


def _decorator(graph: Graph) -> str:
    return "parallel()" if graph.language == "r" else "@parallel"

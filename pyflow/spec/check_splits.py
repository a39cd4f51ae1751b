"""Group C of the graph's rules: the flow as a whole, and how its splits and joins fit.

Every step is visited after all that lead to it, with the splits open on each way in. The targets of a switch are
reached in turn and not side by side, so their ways have the same splits open where they meet again. Where a rule is
broken the walk goes on with the splits that all ways have in common, so that one mistake is reported once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from pyflow.spec import check_parallel
from pyflow.spec.errors import Problem
from pyflow.spec.graph import Graph, Step
from pyflow.spec.loops import Edge, loop_edges, switch_edges
from pyflow.spec.structure import topological_order

# The open splits on a way into a step, from the outside in: (split, number of the branch; 0 for a fan-out).
Way = tuple[tuple[str, int], ...]

_SPLIT_RULES = (
    "join_missing",
    "switch_unbalanced",
    "join_without_split",
    "join_unbalanced",
    "foreach_into_join",
    "switch_into_join",
    "parallel_target",
    "parallel_join",
    "parallel_without_split",
    "split_unjoined",
)


def check(graph: Graph) -> list[Problem]:
    """All problems of group C; the rules about splits are checked when every cycle can be left."""
    forced = topological_order(graph, without=switch_edges(graph))
    problems = [*_cycle(graph, forced), *_step_orphan(graph), *_no_path_to_end(graph)]
    if len(forced) < len(graph.steps):
        return problems
    found = [*_walk(graph), *_foreach_into_join(graph), *_switch_into_join(graph), *check_parallel.check(graph)]
    place = {step.name: index for index, step in enumerate(graph.steps)}
    # Of a step that breaks a rule in two ways, one is told.
    once = {(problem.code, problem.where.step): problem for problem in reversed(found)}.values()
    return problems + sorted(once, key=lambda p: (_SPLIT_RULES.index(p.code), place[p.where.step or ""]))


def _cycle(graph: Graph, order: tuple[str, ...]) -> Iterator[Problem]:
    """One problem for each cycle without a switch, at the first of its steps that is declared."""
    reported = set(order)
    for step in graph.steps:
        cycle = [] if step.name in reported else _way_back(graph, step)
        if cycle:
            reported.update(cycle)
            shown = " -> ".join([step.name, *cycle])
            hint = "It would never end: let one of these steps go on to another one, or choose in a switch."
            yield Problem("cycle", f"There is a loop in the flow: {shown}.", step.where, hint)


def _way_back(graph: Graph, step: Step) -> list[str]:
    """The steps of the shortest way from `step` to itself, itself last; empty if there is none."""
    targets = {s.name: () if s.transition.kind == "switch" else s.transition.targets for s in graph.steps}
    came_from: dict[str, str] = {}
    queue = deque([step.name])
    while queue and step.name not in came_from:
        name = queue.popleft()
        for target in targets[name]:
            if target not in came_from:
                came_from[target] = name
                queue.append(target)
    if step.name not in came_from:
        return []
    way = [step.name]
    while came_from[way[0]] != step.name:
        way.insert(0, came_from[way[0]])
    return way


def _step_orphan(graph: Graph) -> Iterator[Problem]:
    reached = _reached_from(graph.start, {step.name: step.transition.targets for step in graph.steps})
    for step in graph.steps:
        if step.name not in reached:
            message = f"Step *{step.name}* is not reachable from the *{graph.start}* step."
            hint = f"Let another step go on to it{'' if step.name == graph.end else f', or remove *{step.name}*'}."
            yield Problem("step_orphan", message, step.where, hint)


def _no_path_to_end(graph: Graph) -> Iterator[Problem]:
    backwards: dict[str, tuple[str, ...]] = {}
    for step in graph.steps:
        for target in step.transition.targets:
            backwards[target] = (*backwards.get(target, ()), step.name)
    reaching = _reached_from(graph.end, backwards)
    for step in graph.steps:
        if step.name not in reaching:
            message = f"There is no path from step *{step.name}* to the *{graph.end}* step."
            yield Problem(
                "no_path_to_end", message, step.where, f"Let a step that comes after it lead to *{graph.end}*."
            )


def _reached_from(name: str, edges: dict[str, tuple[str, ...]]) -> set[str]:
    reached, queue = {name}, [name]
    while queue:
        for target in edges.get(queue.pop(), ()):
            if target not in reached:
                reached.add(target)
                queue.append(target)
    return reached


def _foreach_into_join(graph: Graph) -> Iterator[Problem]:
    for step in graph.steps:
        if step.transition.kind == "foreach" and graph.step(step.transition.targets[0]).join:
            target = step.transition.targets[0]
            message = f"Foreach step *{step.name}* is followed directly by the join step *{target}*."
            hint = f"Add a step between *{step.name}* and *{target}* that works on one item."
            yield Problem("foreach_into_join", message, step.where, hint)


def _switch_into_join(graph: Graph) -> Iterator[Problem]:
    for step in graph.steps:
        joins = [target for target in step.transition.targets if graph.step(target).join]
        if step.transition.kind == "switch" and joins:
            message = f"The switch at step *{step.name}* leads directly to the join step *{joins[0]}*."
            hint = f"Add a step between *{step.name}* and *{joins[0]}*."
            yield Problem("switch_into_join", message, step.where, hint)


def _walk(graph: Graph) -> Iterator[Problem]:
    back = loop_edges(graph)
    ways: dict[str, list[Way]] = {graph.start: [()]}
    inside: dict[str, Way] = {}
    joined: dict[str, str] = {}
    steps = {step.name: step for step in graph.steps}
    for name in topological_order(graph, without=back):
        if name not in ways:  # an orphan
            continue
        step = steps[name]
        if name == graph.end:
            yield from _split_unjoined(graph, ways[name])
            continue
        if step.join:
            problems = list(_join_problem(graph, step, ways[name]))
            yield from problems or _joined_twice(joined, step, ways[name][0][-1][0])
        elif len(set(ways[name])) > 1:
            yield _unequal(graph, step, ways[name])
        inside[name] = _common([way[:-1] for way in ways[name]] if step.join else ways[name])
        for target, way in _ways_on(step, inside[name]):
            if (name, target) not in back:
                ways.setdefault(target, []).append(way)
    yield from _goes_back(graph, back, inside)


def _ways_on(step: Step, inside: Way) -> Iterator[tuple[str, Way]]:
    for index, target in enumerate(step.transition.targets):
        yield target, (*inside, (step.name, index)) if step.transition.splits else inside


def _joined_twice(joined: dict[str, str], step: Step, split: str) -> Iterator[Problem]:
    """A switch inside of a split may not decide which join closes it: the others would wait at another one."""
    other = joined.setdefault(split, step.name)
    if other != step.name:
        message = f"The split at *{split}* is joined in *{other}* or in *{step.name}*, as a switch decides."
        yield Problem("join_unbalanced", message, step.where, f"All ways from *{split}* must lead to one join step.")


def _goes_back(graph: Graph, back: frozenset[Edge], inside: dict[str, Way]) -> Iterator[Problem]:
    """A step that is gone back to must find the splits open that were open before."""
    for step in graph.steps:
        for target, way in _ways_on(step, inside.get(step.name, ())):
            if (step.name, target) not in back or step.name not in inside:
                continue
            if graph.step(target).join:
                # Who comes after a join cannot be inside of the split that it closes.
                message = f"Step *{step.name}* goes back to join step *{target}*, whose split is closed there."
                hint = "Go back to the split, or to a step after the join."
                yield Problem("switch_unbalanced", message, step.where, hint)
            elif way != inside.get(target):
                message = f"Step *{step.name}* goes back to step *{target}*, but other splits are open there "
                message += f"({_open(inside.get(target, ()))}) than here ({_open(way)})."
                hint = "Go back to a step of the same branch, or join the split first."
                yield Problem("switch_unbalanced", message, step.where, hint)


def _common(ways: list[Way]) -> Way:
    """What all ways begin with."""
    length = 0
    for level in zip(*ways, strict=False):
        if len(set(level)) > 1:
            break
        length += 1
    return ways[0][:length]


def _split_unjoined(graph: Graph, ways: list[Way]) -> Iterator[Problem]:
    for split in dict.fromkeys(split for way in ways for split, _ in way):
        message = f"Step *{graph.end}* is reached before the split started at step *{split}* is joined."
        hint = f"Add a join step before *{graph.end}*."
        yield Problem("split_unjoined", message, graph.step(split).where, hint)


def _unequal(graph: Graph, step: Step, ways: list[Way]) -> Problem:
    """Why a step that is no join is reached with different splits open."""
    first = len(_common(ways))
    differing = {way[first] for way in ways if len(way) > first}
    if len({split for split, _ in differing}) < len(differing):
        return _join_missing(graph, step)
    shown = " and ".join(dict.fromkeys(_open(way) for way in ways))
    message = f"Step *{step.name}* is reached by ways of a switch on which different splits are open: {shown}."
    hint = "Join a split on the way of the switch on which it was opened."
    return Problem("switch_unbalanced", message, step.where, hint)


def _open(way: Way) -> str:
    return ", ".join(f"*{split}*" for split, _ in way) or "none"


def _join_missing(graph: Graph, step: Step) -> Problem:
    sources = [item.name for item in graph.steps if step.name in item.transition.targets]
    if len(sources) > 1:
        how = f"is reached from {_listed(sources)}, which run side by side, but it is not a join step"
    else:
        how = f"is reached several times from *{sources[0]}*, but it is not a join step"
    if graph.language == "r":
        hint = "Make it a join: join = TRUE, and a function of (self, inputs)."
    elif step.language == "r":
        hint = "Make it a join: join=True in its r_step(), and an R function of (self, inputs)."
    else:
        hint = f"Add an extra argument, inputs, to the function: def {step.name}(self, inputs)."
    return Problem("join_missing", f"Step *{step.name}* {how}.", step.where, hint)


def _join_problem(graph: Graph, step: Step, ways: list[Way]) -> Iterator[Problem]:
    """The problem of a join that does not close exactly one whole split, if it is one."""
    if not any(ways):
        message = f"Step *{step.name}* is a join step (it takes inputs), but no split comes before it."
        marks = "join = TRUE" if graph.language == "r" else "its extra argument, inputs"
        hint = f"Remove {marks}, or add a split before it."
        yield Problem("join_without_split", message, step.where, hint)
        return
    closed = dict.fromkeys((way[:-1], way[-1][0]) if way else ((), None) for way in ways)
    if len(closed) > 1:
        names = _listed([split for _, split in closed if split])
        message = f"Join step *{step.name}* is reached from different splits ({names}); a join closes one split."
        hint = "Join the inner split in a step of its own first."
        yield Problem("join_unbalanced", message, step.where, hint)
        return
    split = graph.step(ways[0][-1][0])
    arrived = {way[-1][1] for way in ways}
    missing = [target for index, target in enumerate(split.transition.targets) if index not in arrived]
    if missing:
        message = f"Join step *{step.name}* lacks branches of the split at *{split.name}*: {_listed(missing)}."
        hint = f"All branches of *{split.name}* must lead to one join step."
        yield Problem("join_unbalanced", message, step.where, hint)


def _listed(names: list[str]) -> str:
    return " and ".join(f"*{name}*" for name in names)

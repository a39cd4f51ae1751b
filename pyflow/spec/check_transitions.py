"""Group B of the graph's rules: each step's own transition."""

from __future__ import annotations

from collections.abc import Iterator

from pyflow.spec.errors import Problem
from pyflow.spec.graph import Graph, Step
from pyflow.spec.names import did_you_mean, is_artifact_name

_SPLITS = {"foreach": "fans out with foreach", "branch": "branches", "parallel": "starts a gang"}


def _transition_missing(graph: Graph) -> Iterator[Problem]:
    for step in graph.steps:
        if step.name != graph.end and step.transition.kind == "end":
            message = f"Step *{step.name}* is missing a {_word(graph, step)} transition to the next step."
            yield Problem("transition_missing", message, step.where, _how_to_go_on(graph, step))


def _transition_after_end(graph: Graph) -> Iterator[Problem]:
    step = graph.step(graph.end)
    if step.transition.kind != "end":
        word = _word(graph, step)
        message = f"Step *{step.name}* is the last step and must not have a {word} transition."
        yield Problem("transition_after_end", message, step.where, f"Remove {word}.")


def _step_unknown(graph: Graph) -> Iterator[Problem]:
    known = [step.name for step in graph.steps]
    for step in graph.steps:
        for target in dict.fromkeys(step.transition.targets):
            if target not in known:
                message = (
                    f"Step *{step.name}* specifies a {_word(graph, step)} transition to an unknown step, *{target}*."
                )
                others = [name for name in known if name != step.name]
                hint = (
                    did_you_mean(target, others) or f"Add a step named {target!r}, or name one of {', '.join(others)}."
                )
                yield Problem("step_unknown", message, step.where, hint)


def _branch_too_small(graph: Graph) -> Iterator[Problem]:
    for step in graph.steps:
        targets = step.transition.targets
        if step.transition.kind == "branch" and (len(targets) < 2 or len(set(targets)) < len(targets)):
            message = f"Step *{step.name}* branches to {_listed(targets)}; a branch needs two or more different steps."
            yield Problem("branch_too_small", message, step.where, "Name two or more steps, each once.")


def _foreach_artifact_invalid(graph: Graph) -> Iterator[Problem]:
    for step in graph.steps:
        foreach = step.transition.foreach
        if step.transition.kind == "foreach" and not is_artifact_name(foreach or ""):
            message = f"Step *{step.name}* has foreach={foreach!r}, which is not the name of an artifact."
            hint = "Give the name of the artifact to fan out over, in quotes: foreach='items' for self.items."
            if graph.language == "r":
                hint = 'Give the name of the artifact to fan out over, in quotes: foreach = "items" for self$items.'
            yield Problem("foreach_artifact_invalid", message, step.where, hint)


def _switch_too_small(graph: Graph) -> Iterator[Problem]:
    for step in graph.steps:
        cases = step.transition.cases
        if step.transition.kind == "switch" and len(cases) < 2:
            shown = f"only one case, {cases[0][0]!r}" if cases else "no case"
            message = f"The switch at step *{step.name}* has {shown}; a switch needs two or more cases."
            hint = "Add a case for each value that the condition may have, or go on to the step directly."
            yield Problem("switch_too_small", message, step.where, hint)


def _switch_condition_invalid(graph: Graph) -> Iterator[Problem]:
    for step in graph.steps:
        condition = step.transition.condition
        if step.transition.kind == "switch" and not is_artifact_name(condition or ""):
            message = f"Step *{step.name}* has condition={condition!r}, which is not the name of an artifact."
            hint = "Give the name of the artifact that chooses the case, in quotes: condition='size' for self.size."
            if graph.language == "r":
                hint = 'Give the name of the artifact that chooses the case: condition = "size" for self$size.'
            yield Problem("switch_condition_invalid", message, step.where, hint)


def _num_parallel_invalid(graph: Graph) -> Iterator[Problem]:
    for step in graph.steps:
        size = step.transition.num_parallel
        if (isinstance(size, int) and size < 1) or (isinstance(size, str) and not is_artifact_name(size)):
            message = f"Step *{step.name}* has num_parallel={size!r}."
            hint = "Give a whole number of tasks, one or more, or the name of the artifact that holds it."
            yield Problem("num_parallel_invalid", message, step.where, hint)


def _join_splits(graph: Graph) -> Iterator[Problem]:
    for step in graph.steps:
        if step.join and step.transition.splits:
            how = _SPLITS[step.transition.kind]
            message = f"Join step *{step.name}* {how}; a join step cannot split."
            yield Problem("join_splits", message, step.where, "Add a step after the join, and split there.")


def _end_is_join(graph: Graph) -> Iterator[Problem]:
    step = graph.step(graph.end)
    if step.join:
        message = f"The last step, *{step.name}*, is a join step: it takes inputs."
        yield Problem("end_is_join", message, step.where, f"Add a join step before *{step.name}*.")


def _start_is_join(graph: Graph) -> Iterator[Problem]:
    step = graph.step(graph.start)
    if step.join:
        message = f"The first step, *{step.name}*, is a join step: it takes inputs, but nothing comes before it."
        yield Problem("start_is_join", message, step.where, _no_inputs(graph))


def _word(graph: Graph, step: Step) -> str:
    """What the user writes for a transition: it depends on where the step is declared."""
    if graph.language == "r":
        return "next_step"
    return "self.next()" if step.language == "python" else "next="


def _how_to_go_on(graph: Graph, step: Step) -> str:
    if graph.language == "r":
        return 'Give its step() the name of the step that follows: next_step = "...".'
    if step.language != "python":
        return "Give its r_step() the name of the step that follows: next='...'."
    return "Add a self.next() as the last line in the function."


def _no_inputs(graph: Graph) -> str:
    return "Leave out join = TRUE and the inputs." if graph.language == "r" else "Leave out the inputs."


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"*{name}*" for name in names) or "nothing"


RULES = (
    _transition_missing,
    _transition_after_end,
    _step_unknown,
    _branch_too_small,
    _foreach_artifact_invalid,
    _switch_too_small,
    _switch_condition_invalid,
    _num_parallel_invalid,
    _join_splits,
    _end_is_join,
    _start_is_join,
)

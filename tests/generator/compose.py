"""Shape x behaviours -> a flow that forms.py writes in every form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.e2e.forms import FlowText, Step
from tests.generator.behaviours import Behaviour
from tests.generator.shapes import Node

# A mixed form puts every second step into the other language; which language is the flow's own takes turns.
FORMS = ("python", "r", "mixed")
_MIXED = ("python_with_r", "r_with_python")


@dataclass(frozen=True)
class Flow:
    """A composed flow: the text, and what the model needs to know about it."""

    text: FlowText
    nodes: Mapping[str, Node]
    values: Mapping[str, Any]
    private: frozenset[str]
    files: Mapping[str, bytes]
    options: tuple[str, ...]
    args: tuple[str, ...]

    def step(self, name: str) -> Step:
        return next(step for step in self.text.steps if step.name == name)


def form_of(form: str, number: int) -> str:
    """The form as forms.py calls it, for the shape with this number."""
    return _MIXED[number % 2] if form == "mixed" else form


def compose(name: str, shape: Sequence[Node], behaviours: Sequence[Behaviour]) -> Flow:
    nodes = _expand(shape) if any("caught" in item.decorators for item in behaviours) else tuple(shape)
    roles = {node.name: _roles(node, nodes) for node in nodes}
    varying = _varying(nodes, behaviours)
    steps = tuple(_step(node, roles[node.name], nodes, behaviours) for node in nodes)
    text = FlowText(
        name,
        steps,
        py="\n".join(item.py for item in behaviours if item.py),
        r="\n".join(item.r for item in behaviours if item.r),
        top_py="\n".join(["from pyflow import current", f"VARYING = {varying!r}", *(b.top_py for b in behaviours)]),
        top_r="\n".join([f"VARYING <- c({', '.join(map(repr, varying))})", *(b.top_r for b in behaviours)]),
    )
    return Flow(
        text,
        {node.name: node for node in nodes},
        _merged(item.values for item in behaviours),
        frozenset(name for item in behaviours for name in item.private),
        _merged(item.files for item in behaviours),
        tuple(word for item in behaviours for word in item.options),
        tuple(word for item in behaviours for word in item.args),
    )


def _merged(mappings: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {key: value for mapping in mappings for key, value in mapping.items()}


def _expand(shape: Sequence[Node]) -> tuple[Node, ...]:
    """Three steps in the place of each step of work; members of a gang go to their join and stay alone."""
    members = {target for node in shape if node.kind == "parallel" for target in node.next}
    nodes: list[Node] = []
    for node in shape:
        if not node.work or node.name in members:
            nodes.append(node)
            continue
        caught, late = f"{node.name}_caught", f"{node.name}_late"
        nodes += [replace(node, next=(caught,)), Node(caught, "linear", (late,)), Node(late, "linear", node.next)]
    return tuple(nodes)


def _roles(node: Node, nodes: Sequence[Node]) -> set[str]:
    roles = {"all"}
    roles |= {"start"} if node is nodes[0] else {"join"} if node.join else {"plain"}
    roles |= {"end"} if node.kind == "end" else set()
    roles |= {"work"} if node.work else set()
    roles |= {role for role in ("caught", "late") if node.name.endswith(f"_{role}")}
    into = {other.kind for other in nodes if node.name in other.next}
    roles |= {"item"} if "foreach" in into else {"member"} if "parallel" in into else set()
    return roles


def _varying(nodes: Sequence[Node], behaviours: Sequence[Behaviour]) -> list[str]:
    names = {name for item in behaviours for name in item.varying}
    for node in nodes:
        names |= {f"items_{node.name}"} if node.kind == "foreach" else set()
        names |= {f"way_{node.name}", "turns"} if node.kind == "switch" else set()
    return sorted(names)


def _step(node: Node, roles: set[str], nodes: Sequence[Node], behaviours: Sequence[Behaviour]) -> Step:
    py, r = _transition_code(node)
    acts = [act for item in behaviours for act in item.acts if act.role in roles]
    decorators: dict[str, dict[str, Any]] = {"parallel": {}} if "member" in roles else {}
    for item in behaviours:
        for role in roles & item.decorators.keys():
            decorators |= {name: dict(args) for name, args in item.decorators[role].items()}
    return Step(
        node.name,
        # What prepares the transition comes first: a behaviour may end the step with an error that is caught.
        py="\n".join([*py, *(act.py for act in acts)]) or "pass",
        r="\n".join([*r, *(act.r for act in acts)]) or "NULL",
        next=() if node.cases else node.next,
        foreach=f"items_{node.name}" if node.kind == "foreach" else None,
        cases=dict(node.cases or {}),
        condition=f"way_{node.name}" if node.cases else None,
        num_parallel=node.size if node.kind == "parallel" else None,
        join=node.join,
        with_=decorators,
    )


def _transition_code(node: Node) -> tuple[list[str], list[str]]:
    """What a step sets so that it can go on, in Python and in R."""
    if node.kind == "foreach":
        items = f'self.items_{node.name} = [f"{node.name} {{k}}" for k in range({node.size})]'
        return [items], [f'self$items_{node.name} <- as.list(paste("{node.name}", 0:{node.size - 1}))']
    if not node.cases:
        return [], []
    keys = list(node.cases)
    if node.pick == "turns":
        more, done = keys
        return [
            'self.turns = getattr(self, "turns", 0) + 1',
            f'self.way_{node.name} = "{more}" if self.turns < 2 + (self.index or 0) else "{done}"',
        ], [
            'self$turns <- if ("turns" %in% names(self)) self$turns + 1L else 1L',
            f'self$way_{node.name} <- if (self$turns < 2 + max(self$index, 0L)) "{more}" else "{done}"',
        ]
    number = {"first": "0", "last": str(len(keys) - 1), "index": f"self.index % {len(keys)}"}[node.pick]
    r_number = number.replace("self.index %", "self$index %%")
    names = ", ".join(f'"{key}"' for key in keys)
    return [f"self.way_{node.name} = [{names}][{number}]"], [f"self$way_{node.name} <- c({names})[[{r_number} + 1]]"]

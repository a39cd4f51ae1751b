"""Reads the source of a flow class: where things are written, and the `self.next(...)` at the end of a step."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyflow.spec.errors import DefinitionError, Where
from pyflow.spec.graph import Transition


@dataclass(frozen=True)
class ClassSource:
    """The parsed body of one class. `definitions` has every def and assignment of a name, in order."""

    file: str
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)

    @classmethod
    def of(cls, klass: type) -> ClassSource:
        """Raises DefinitionError `source_missing` for a class without source (typed where Python keeps none)."""
        try:
            lines, first = inspect.getsourcelines(klass)
            file = inspect.getfile(klass)
        except (OSError, TypeError) as error:
            raise DefinitionError(
                f"the source of {klass.__name__} cannot be read: {error}",
                code="source_missing",
                hint="Steps are read from the source, so the class must stand in a file.",
            ) from error
        return cls(str(Path(file).resolve()), _definitions(_parse(lines, first).body[0]))

    def line_of(self, name: str) -> int | None:
        nodes = self.definitions.get(name)
        return nodes[-1].lineno if nodes else None

    def other_lines_of(self, name: str) -> list[int]:
        """Lines of step definitions that a later one of the same name replaced."""
        nodes = self.definitions.get(name, [])
        return [node.lineno for node in nodes[:-1] if isinstance(node, ast.FunctionDef) and _is_step(node)]

    def function(self, name: str, value: Callable[..., Any]) -> ast.FunctionDef:
        """The definition of a step; one that was made outside of the class body is read from its own source."""
        nodes = self.definitions.get(name, [])
        if nodes and isinstance(nodes[-1], ast.FunctionDef):
            return nodes[-1]
        try:
            node = _parse(*inspect.getsourcelines(value)).body[0]
        except (OSError, TypeError, SyntaxError):
            node = None
        if not isinstance(node, ast.FunctionDef):
            raise DefinitionError(
                f"the source of step {name} cannot be read", code="source_missing", where=Where(self.file, step=name)
            )
        return node


def _parse(lines: Sequence[str], first: int) -> ast.Module:
    tree = ast.parse(textwrap.dedent("".join(lines)))
    return ast.increment_lineno(tree, max(first, 1) - 1)


def _definitions(node: ast.stmt) -> dict[str, list[ast.stmt]]:
    found: dict[str, list[ast.stmt]] = {}
    for item in getattr(node, "body", []):
        for name in _names(item):
            found.setdefault(name, []).append(item)
    return found


def _names(item: ast.stmt) -> list[str]:
    if isinstance(item, ast.FunctionDef):
        return [item.name]
    if isinstance(item, ast.Assign):
        return [target.id for target in item.targets if isinstance(target, ast.Name)]
    if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
        return [item.target.id]
    return []


def _is_step(node: ast.FunctionDef) -> bool:
    names = [item.func if isinstance(item, ast.Call) else item for item in node.decorator_list]
    return any(
        (isinstance(n, ast.Name) and n.id == "step") or (isinstance(n, ast.Attribute) and n.attr == "step")
        for n in names
    )


def transition(node: ast.FunctionDef, receiver: str, file: str, step: str) -> Transition:
    """The transition that the last statement of a step declares; `end` if there is none.

    Raises DefinitionError `transition_invalid` for a `self.next` that is not of a known form.
    """
    call = _next_call(node.body[-1], receiver)
    if call is None:
        hidden = next((item for item in ast.walk(node) if _next_call(item, receiver)), None)
        if hidden is not None:
            line = getattr(hidden, "lineno", node.lineno)
            raise _invalid(
                f"step {step} has its {receiver}.next(...) on line {line}, which is not the last statement of the step",
                Where(file, line, step),
                f"Make {receiver}.next(...) the last line of the step, outside of if, for, with and try.",
            )
        return Transition("end")
    where = Where(file, call.lineno, step)
    targets = tuple(_target(argument, receiver, where) for argument in call.args)
    foreach = _foreach(call, where)
    if not targets:
        raise _invalid(f"{receiver}.next() names no step", where, f"Name one: {receiver}.next({receiver}.end).")
    if foreach is not None and len(targets) > 1:
        raise _invalid(
            "a foreach goes to one step", where, f"Write {receiver}.next({receiver}.work, foreach={foreach!r})."
        )
    kind = "foreach" if foreach is not None else "linear" if len(targets) == 1 else "branch"
    return Transition(kind, targets, foreach)


def _next_call(node: ast.AST, receiver: str) -> ast.Call | None:
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return None
    function = node.value.func
    named = isinstance(function, ast.Attribute) and function.attr == "next"
    return node.value if named and isinstance(function.value, ast.Name) and function.value.id == receiver else None


def _target(argument: ast.expr, receiver: str, where: Where) -> str:
    if isinstance(argument, ast.Attribute) and isinstance(argument.value, ast.Name) and argument.value.id == receiver:
        return argument.attr
    raise _invalid(
        f"{receiver}.next takes steps, not {ast.unparse(argument)!r}",
        where,
        f"Write {receiver}.next({receiver}.stepname).",
    )


def _foreach(call: ast.Call, where: Where) -> str | None:
    foreach = None
    for keyword in call.keywords:
        if keyword.arg != "foreach":
            raise _invalid(f"next does not know {keyword.arg!r}", where, "It takes steps and foreach='name'.")
        if not (isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str)):
            raise _invalid("foreach takes the name of an artifact as text", where, "Write foreach='name'.")
        foreach = keyword.value.value
    return foreach


def _invalid(message: str, where: Where, hint: str) -> DefinitionError:
    return DefinitionError(message, code="transition_invalid", where=where, hint=hint)

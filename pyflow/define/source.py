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

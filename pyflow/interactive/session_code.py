"""What stands in the code of a notebook or another session: its imports, functions and classes, by name."""

from __future__ import annotations

import ast
import dis
import inspect
import linecache
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

_READS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Definition:
    """A function or class as it is written, decorators included, in the lines `first` to `last` of a cell; `place`
    orders them as the session made them."""

    cell: str
    first: int
    last: int
    place: int

    @property
    def text(self) -> str:
        return "\n".join(self.cell.splitlines()[self.first - 1 : self.last])

    def made(self, value: Any) -> bool:
        """Whether the function or class `value` comes from here, as far as its code tells."""
        return any(
            self.first <= code.co_firstlineno <= self.last
            and "".join(linecache.getlines(code.co_filename)).rstrip() == self.cell.rstrip()
            for code in _codes(value)
        )


@dataclass
class SessionCode:
    """The definitions and imports of every name at the top level of the code; a name that was assigned otherwise since
    is in neither. `future`: annotations are not evaluated."""

    definitions: dict[str, list[Definition]] = field(default_factory=dict)
    imports: dict[str, list[str]] = field(default_factory=dict)
    future: bool = False

    @classmethod
    def of(cls, module: str) -> SessionCode:
        """The code that made a module: that of the session itself if it is `__main__`, or else of its file."""
        return cls.read(_cells(module))

    @classmethod
    def read(cls, cells: Iterable[str]) -> SessionCode:
        """From the texts of cells in the order in which they ran; one that is not Python is passed over."""
        self = cls()
        for cell in cells:
            try:
                statements = ast.parse(cell).body
            except (SyntaxError, ValueError):
                continue
            for statement in statements:
                self._read(statement, cell)
        return self

    def definition(self, name: str, value: Any) -> Definition:
        """The definition of `name` (there is one) that made the value, else the last one."""
        found = self.definitions[name]
        return next((item for item in reversed(found) if item.made(value)), found[-1])

    def _read(self, statement: ast.stmt, cell: str) -> None:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            self.future |= any(alias.name == "annotations" for alias in statement.names)
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                self._import(alias.asname or alias.name.partition(".")[0], ast.Import([alias]), plain=not alias.asname)
        elif isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                self._import(alias.asname or alias.name, ast.ImportFrom(statement.module, [alias], statement.level))
        elif isinstance(statement, _DEFINITIONS):
            first = min([statement.lineno, *(item.lineno for item in statement.decorator_list)])
            found = Definition(cell, first, statement.end_lineno or first, self._next_place())
            self.definitions.setdefault(statement.name, []).append(found)
            self.imports.pop(statement.name, None)
        else:
            for name in _bound(statement):
                self._forget(name)

    def _import(self, name: str, statement: ast.stmt, *, plain: bool = False) -> None:
        """`import a.b` and `import a.c` both bind `a`, and both are needed."""
        before = self.imports.get(name, []) if plain else []
        self._forget(name)
        self.imports[name] = [*before, ast.unparse(statement)]

    def _forget(self, name: str) -> None:
        self.definitions.pop(name, None)
        self.imports.pop(name, None)

    def _next_place(self) -> int:
        return sum(map(len, self.definitions.values()))


def _codes(value: Any) -> Iterator[CodeType]:
    """The code of a function, or of the methods of a class."""
    members = vars(value).values() if isinstance(value, type) else [value]
    for member in members:
        code = getattr(getattr(member, "__func__", member), "__code__", None)
        if isinstance(code, CodeType):
            yield code


def names_read(text: str) -> set[str]:
    """The names that code takes from its module."""
    return set(_reads(compile(text, "<session>", "exec", dont_inherit=True)))


def _reads(code: CodeType) -> Iterator[str]:
    """A class body may read a name of the module and then set its own of the same name."""
    own: set[str] = set()
    for item in dis.get_instructions(code):
        if item.opname == "STORE_NAME":
            own.add(item.argval)
        elif item.opname in _READS and item.argval not in own:
            yield item.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _reads(constant)


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Names that a statement other than a plain import or definition may set."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, _DEFINITIONS):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]


def _cells(module: str) -> list[str]:
    shell = _shell() if module == "__main__" else None
    if shell is not None:
        return [shell.transform_cell(text) for text in shell.user_ns.get("In", [])]
    made = sys.modules.get(module)
    try:
        return [inspect.getsource(made)] if made is not None else []
    except (OSError, TypeError):
        return []


def _shell() -> Any:
    """The shell of IPython, if this is a session of it."""
    get: Callable[[], Any] = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    return get()

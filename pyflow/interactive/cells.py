"""The file of a flow class that was defined in a notebook or another session.

It has the class, and the imports, functions, classes and values of the session that the class uses, found by the names
that their code reads. Functions and classes are copied as they were written, other values are kept as they are now.
"""

from __future__ import annotations

import base64
import sys
from ast import literal_eval
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import cloudpickle

from pyflow.interactive.session_code import Definition, SessionCode, names_read
from pyflow.spec.errors import DefinitionError

# As much as a file of code may hold of a value that a flow uses; and what is short enough to be written as a literal.
LIMIT = 10_000_000
_SHORT = 1_000
_WIDTH = 100


@dataclass
class _Parts:
    imported: set[str] = field(default_factory=set)
    modules: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    definitions: list[Definition] = field(default_factory=list)


def flow_source(flow_class: type, doc: str) -> str:
    """The text of a file that defines the flow and has its command line; `doc` is its first line.

    Raises DefinitionError `source_missing` where the session keeps no source, `value_unsupported` and `value_too_large`
    for a value that must be given otherwise.
    """
    name, module = flow_class.__name__, flow_class.__module__
    code = SessionCode.of(module)
    if name not in code.definitions:
        raise DefinitionError(
            f"the source of {name} is not to be had",
            code="source_missing",
            hint="Define the class at the top level of a cell without %%magic, or in a file, and use Runner.",
        )
    parts = _gather(flow_class, vars(sys.modules[module]), code)
    imports = [text for name, texts in code.imports.items() if name in parts.imported for text in texts]
    blocks = [
        f'"""{doc}"""',
        "from __future__ import annotations" if code.future else "",
        "\n".join(dict.fromkeys([*imports, *parts.modules])),
        "\n".join(parts.values),
        *(item.text for item in sorted(parts.definitions, key=lambda item: item.place)),
        f'if __name__ == "__main__":\n    {name}()',
    ]
    return "\n\n".join(filter(None, blocks)) + "\n"


def _gather(flow_class: type, session: Mapping[str, Any], code: SessionCode) -> _Parts:
    """What stands for the class and all that it uses. A name that is nowhere is left out: it may never be read."""
    name = flow_class.__name__
    values = {**session, name: flow_class}
    parts, queue, seen = _Parts(), [name], {name}
    while queue:
        current = queue.pop()
        if current in code.definitions:
            definition = code.definition(current, values.get(current))
            parts.definitions.append(definition)
            found = names_read(definition.text) - seen
            queue += sorted(found)
            seen |= found
        elif current in code.imports:
            parts.imported.add(current)
        elif current in values and not current.startswith("__"):
            _add_value(current, values[current], parts)
    return parts


def _add_value(name: str, value: Any, parts: _Parts) -> None:
    if isinstance(value, ModuleType):
        parts.modules.append(f"import {value.__name__} as {name}")
    else:
        parts.values.append(f"{name} = {_literal(value) or _pickled(name, value)}")


def _literal(value: Any) -> str | None:
    """The value as Python writes it, if that is short and gives just this value back."""
    if not isinstance(value, bool | int | float | str | bytes | tuple | list | dict | None):
        return None
    text = repr(value)
    try:
        found = literal_eval(text) if len(text) <= _SHORT else None
    except (ValueError, SyntaxError):
        return None
    return text if type(found) is type(value) and found == value else None


def _pickled(name: str, value: Any) -> str:
    try:
        data = base64.b85encode(cloudpickle.dumps(value)).decode("ascii")
    except Exception as error:
        raise DefinitionError(
            f"the flow uses {name}, an object of class {type(value).__name__}, which cannot be kept: {error}",
            code="value_unsupported",
            hint="Make it in the step that needs it.",
        ) from error
    if len(data) > LIMIT:
        raise DefinitionError(
            f"the flow uses {name}, whose {len(data) / 1e6:.0f} MB are too much for a file of code",
            code="value_too_large",
            hint="Read it in the step that needs it, or give it as an IncludeFile.",
        )
    lines = [f'    b"{data[place : place + _WIDTH]}"' for place in range(0, len(data), _WIDTH)]
    return "\n".join(['__import__("cloudpickle").loads(__import__("base64").b85decode(', *lines, "))"])

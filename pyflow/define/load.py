"""Loads the user's files in definition mode: they are imported, and what a `__main__` guard keeps does not run."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from pyflow.define import copies
from pyflow.define.flow import FlowSpec
from pyflow.spec.errors import DefinitionError, Where

_loaded: dict[Path, ModuleType] = {}


def load_file(path: Path) -> ModuleType:
    """Import the Python file at `path`, once for each process; its folder is on `sys.path`, as when it is run.

    Raises DefinitionError `file_missing`, and what the file itself raises.
    """
    path = path.resolve()
    if path in _loaded:
        return _loaded[path]
    if not path.is_file() and copies.loader_of(path.stem, path) is None:
        raise DefinitionError(
            f"there is no file {path}", code="file_missing", hint="Check the name; it is relative to the flow's file."
        )
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    name = path.stem if path.stem.isidentifier() and path.stem not in sys.modules else f"pyflow_user_{len(_loaded)}"
    spec = importlib.util.spec_from_file_location(name, path, loader=copies.loader_of(name, path))
    if spec is None or spec.loader is None:
        raise DefinitionError(f"{path} is not a Python file", code="file_missing")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    _loaded[path] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name], _loaded[path]
        raise
    return module


def find_flow(module: ModuleType, name: str) -> type[FlowSpec]:
    """The flow class `name` of a loaded file; raises DefinitionError `flow_missing`."""
    found = getattr(module, name, None)
    if not (isinstance(found, type) and issubclass(found, FlowSpec)):
        raise DefinitionError(
            f"{module.__file__} has no flow class {name!r} at its top level",
            code="flow_missing",
            where=Where(module.__file__),
            hint="Define the class at the top of the file, not inside a function or under the __main__ guard.",
        )
    return found


def find_function(module: ModuleType, name: str) -> Any:
    """The function `name` of a loaded file; raises DefinitionError `function_missing`."""
    found = getattr(module, name, None)
    if not callable(found):
        known = sorted(k for k, v in vars(module).items() if callable(v) and not k.startswith("_"))
        raise DefinitionError(
            f"{module.__file__} has no function {name!r}",
            code="function_missing",
            where=Where(module.__file__),
            hint=f"It has: {', '.join(known)}." if known else "It has no functions.",
        )
    return found

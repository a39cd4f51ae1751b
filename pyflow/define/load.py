"""Loads the user's files in definition mode: they are imported, and what a `__main__` guard keeps does not run."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from pyflow.define import config, copies
from pyflow.define.custom import StepMutator, Use, UserStepDecorator
from pyflow.define.flow import FlowSpec, attributes_of
from pyflow.define.mutators import Draft, Made, make_draft
from pyflow.spec.config import frozen
from pyflow.spec.errors import DefinitionError, Where
from pyflow.spec.graph import Decorator
from pyflow.spec.names import did_you_mean

_loaded: dict[Path, ModuleType] = {}
# What the flows of this process are defined with: their configurations, and by name their drafts.
_configs: dict[str, Any] = {}
_drafts: dict[str, Draft] = {}


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
    look_in(path.parent)
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


def look_in(folder: Path) -> None:
    """Let modules be found in a folder, as Python does with that of the file it runs."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def use_configs(configs: Iterable[Mapping[str, Any]]) -> None:
    """Define flows with these configurations (name, value, plain)."""
    _configs.update({item["name"]: item["value"] if item["plain"] else frozen(item["value"]) for item in configs})


def evaluated(value: Any, where: Where) -> Any:
    """A value of a flow's class, with the configurations in it."""
    return config.evaluate(value, _configs, where)


def draft_flow(path: Path, name: str) -> None:
    """Make the decorators that the flow `name` of a file gives to its steps, as its mutators leave them."""
    flow_class = find_flow(load_file(path), name)
    attributes = {key: value for key, (_, value) in attributes_of(flow_class).items()}
    _drafts[name] = make_draft(flow_class, attributes, _configs)


def wrappers_of(flow: str, step: str) -> list[Made]:
    """The user's own decorators that a drafted flow gives to a step, the outermost first."""
    return _drafts[flow].wrappers(step) if flow in _drafts else []


def find_decorator(name: str) -> type[UserStepDecorator | StepMutator]:
    """The decorator or mutator of steps `module.name`.

    Raises DefinitionError `decorator_missing`, and what its module raises.
    """
    module_name, _, short = name.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise DefinitionError(
            f"there is no module {module_name!r} for the decorator {name!r}",
            code="decorator_missing",
            hint="It is named module.name; the module is looked for beside the flow's file and where Python does.",
        ) from None
    found = getattr(module, short, None)
    kind = UserStepDecorator, StepMutator
    if isinstance(found, type) and issubclass(found, kind):
        return found
    classes = {key: value for key, value in vars(module).items() if isinstance(value, type)}
    kinds = {key for key, value in classes.items() if issubclass(value, kind) and value not in kind}
    raise DefinitionError(
        f"{module_name} has no step decorator {short!r}",
        code="decorator_missing",
        where=Where(module.__file__),
        hint=did_you_mean(short, kinds) or f"It has: {', '.join(sorted(kinds)) or 'none'}.",
    )


def located(decorator: Decorator, folder: Path) -> Decorator | Use:
    """A decorator `module.name` of the user's own with its language: of R if there is a file module.R in `folder` or
    below, else of Python. A mutator of steps as its use. Raises DefinitionError `decorator_missing`."""
    file = folder.joinpath(*decorator.name.split(".")[:-1]).with_suffix(".R")
    if file.is_file() and not file.with_suffix(".py").is_file():
        return replace(decorator, language="r", file=str(file))
    look_in(folder)
    kind = find_decorator(decorator.name)
    return Use(kind, (), decorator.args) if issubclass(kind, StepMutator) else replace(decorator, language="python")


def find_wrapper(name: str, args: Mapping[str, Any]) -> UserStepDecorator:
    """The step decorator `module.name`, initialised."""
    # Arguments without a name have their number as name (Made.in_graph).
    numbers = sorted(key for key in args if key.isdigit())
    named = {key: value for key, value in args.items() if not key.isdigit()}
    made = Use(find_decorator(name), tuple(args[key] for key in numbers), named).make(_configs, Where())
    assert isinstance(made, UserStepDecorator)
    return made


def forget(files: Collection[str]) -> None:
    """Load these files anew when they are asked for again."""
    for path in [path for path in _loaded if str(path) in files]:
        del _loaded[path]


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

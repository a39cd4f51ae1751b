"""`@project` and `@exit_hook`: what is said of a flow as a whole. They only take notes on the class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pyflow.define.config import delayable
from pyflow.define.place import caller_line
from pyflow.spec.errors import DefinitionError
from pyflow.spec.graph import Decorator

NOTES = "__pyflow_flow__"
FlowClass = TypeVar("FlowClass", bound=type)
Hook = Callable[..., Any] | str


def attach(flow_class: FlowClass, note: Any) -> FlowClass:
    """Note a decorator at a flow's class, the one nearest to the class first; `note` has its name and line."""
    if not isinstance(flow_class, type):
        raise DefinitionError(
            f"@{note.name} stands on {getattr(flow_class, '__name__', flow_class)!r}, which is no flow",
            code="decorator_misplaced",
            hint=f"Put @{note.name} above the class of the flow.",
        )
    if NOTES not in vars(flow_class):
        setattr(flow_class, NOTES, [])
    vars(flow_class)[NOTES].append(note)
    return flow_class


def notes_of_flow(flow_class: type) -> list[tuple[type, Any]]:
    """(class, note) of all decorators of a flow: those of base classes first, in each class from the top down."""
    return [(owner, note) for owner in reversed(flow_class.__mro__) for note in reversed(vars(owner).get(NOTES, []))]


@delayable(attach)
def project(*, name: str, branch: str | None = None, production: bool = False) -> Callable[[FlowClass], FlowClass]:
    """Make the flow part of a project, so that users, branches and production do not get into each other's way.

    A run belongs to the branch `user.NAME`, with `branch` (or `--branch B`) to `test.B`, with `production` (or
    `--production`) to `prod` or `prod.B`. It has the system tags `project:NAME` and `project_branch:BRANCH`.
    """
    return _note("project", {"name": name, "branch": branch, "production": production})


@delayable(attach)
def exit_hook(
    *,
    on_success: Sequence[Hook] = (),
    on_error: Sequence[Hook] = (),
    options: Mapping[str, Any] | None = None,
) -> Callable[[FlowClass], FlowClass]:
    """Call functions after the run: those of `on_success` if it succeeded, those of `on_error` if it failed.

    They are functions of the flow's file, or their names. Each runs in a process of its own, and is given the Run if it
    takes an argument. What it prints is shown; a hook that fails is told, but does not change how the run ended.
    """
    names = {"on_success": _names(on_success, "on_success"), "on_error": _names(on_error, "on_error")}
    return _note("exit_hook", names | {"options": dict(options or {})})


def _note(name: str, args: Mapping[str, Any]) -> Callable[[FlowClass], FlowClass]:
    note = Decorator(name, dict(args), caller_line())
    return lambda flow_class: attach(flow_class, note)


def _names(hooks: Sequence[Hook], argument: str) -> list[str]:
    """The hooks as names that the flow's file knows."""
    items = [hooks] if isinstance(hooks, str) or callable(hooks) else list(hooks)
    return [item if isinstance(item, str) else _name(item, argument) for item in items]


def _name(hook: Any, argument: str) -> str:
    name = getattr(hook, "__qualname__", None)
    if not isinstance(name, str) or not name.isidentifier():
        raise DefinitionError(
            f"exit_hook has {argument} with {hook!r}, which is no function defined at the top of the file",
            code="exit_hook_function",
            hint="A hook runs in a process of its own, where it is found by name: define it with def.",
        )
    return name

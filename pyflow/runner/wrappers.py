"""The user's own Python decorators around a step: what runs before it, after it and in its place.

They stand around a step of any language: around an R step they run in this process, while R has its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from pyflow.define import load
from pyflow.define.custom import UserStepDecorator
from pyflow.runner.session import Session
from pyflow.spec.errors import DefinitionError, Where


class View(Protocol):
    """What stands behind `self` (runner.python_step)."""

    session: Session

    def get(self, name: str) -> Any: ...

    def set(self, name: str, value: Any) -> None: ...

    def follow(self) -> None:
        """The step goes on as its last line says, though it may not have come to it."""


# The keyword arguments of self.next() that a decorator may change.
_CHANGEABLE = ("foreach", "condition")


def find_wrappers(session: Session) -> list[UserStepDecorator]:
    """The step's Python decorators, the outermost first: those that the flow's file gives it, and those from elsewhere.

    Raises DefinitionError `decorator_missing`.
    """
    request = session.request
    named = [item for item in request.wrappers if item["language"] == "python"]
    if not named:
        return []
    own = load.wrappers_of(request.flow, request.step)
    found = []
    for item in named:
        mine = next((made for made in own if made.name == item["name"]), None)
        if mine is None:
            found.append(load.find_wrapper(item["name"], item["args"]))
        else:
            own.remove(mine)
            found.append(mine.custom)
    return found


def run_wrapped(
    wrappers: Sequence[UserStepDecorator], step: str, flow: Any, inputs: Any, *, body: Callable[[], None], view: View
) -> None:
    """Run `body` within the decorators; raises what is left of its exception when they have seen it."""
    entered: list[UserStepDecorator] = []
    chosen: Any = None
    failure: BaseException | None = None
    try:
        chosen = _enter(wrappers, entered, step, flow, inputs, body)
    except Exception as error:  # noqa: BLE001 - the decorators decide what becomes of it
        failure = error
    failed = failure is not None
    for wrapper in reversed(entered):
        failure, other = _leave(wrapper, step, flow, failure)
        chosen = other if other is not None else chosen
    if failure is not None:
        raise failure
    if failed or chosen is not None:
        _follow(view, step, chosen)


def _enter(
    wrappers: Sequence[UserStepDecorator],
    entered: list[UserStepDecorator],
    step: str,
    flow: Any,
    inputs: Any,
    body: Callable[[], None],
) -> Any:
    """What is to be said to self.next(): None if the step itself has said it."""
    for wrapper in wrappers:
        replacement = wrapper.pre_step(step, flow, inputs)
        entered.append(wrapper)
        if wrapper.skip_step or isinstance(wrapper.skip_step, dict):
            return wrapper.skip_step
        if replacement is not None:
            said = replacement(flow, inputs)
            return True if said is None else said
    body()
    return None


def _leave(
    wrapper: UserStepDecorator, step: str, flow: Any, failure: BaseException | None
) -> tuple[BaseException | None, Any]:
    """What is left of the failure, and what the decorator has to say to self.next()."""
    trace = failure.__traceback__ if failure is not None else None
    try:
        said = wrapper.post_step(step, flow, failure)
    except Exception as error:  # noqa: BLE001 - an outer decorator may catch it
        said = error
    if said is failure and failure is not None:
        # It has passed the decorator: its traceback is to be as if there were none.
        return failure.with_traceback(trace), None
    if said is None or isinstance(said, BaseException):
        return said, None
    if isinstance(said, tuple) and len(said) == 2:
        return said
    raise DefinitionError(
        f"{type(wrapper).__name__} returned {said!r:.100} after step {step}",
        code="decorator_invalid",
        hint="Return None, an exception, or a tuple of an exception (or None) and arguments of self.next().",
    )


def _follow(view: View, step: str, chosen: Any) -> None:
    """Go where the step's last line goes, with the arguments that a decorator has chosen for it."""
    view.follow()
    if not isinstance(chosen, Mapping):
        return
    declared = view.session.request.transition
    for key, name in chosen.items():
        if key not in _CHANGEABLE or declared.get(key) is None:
            raise DefinitionError(
                f"a decorator of step {step} gives self.next() {key}={name!r}, which its transition does not have",
                code="next_mismatch",
                where=Where(step=step),
                hint="A decorator may name another artifact for foreach= or condition=, where the step has it.",
            )
        if name != declared[key]:
            view.set(declared[key], view.get(name))

"""A Python step: the view behind `self` and `inputs`, and saving what the step left."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pyflow.define import load
from pyflow.define.current import current
from pyflow.define.flow import FlowSpec, bind
from pyflow.hosts import python as python_host
from pyflow.runner.identity import current_values
from pyflow.runner.names import check_name
from pyflow.runner.session import Session
from pyflow.spec.errors import DefinitionError, NotFoundError, Where
from pyflow.spec.task import TaskError

# Values of these types cannot change in place, so reading them is no reason to save them again.
_IMMUTABLE = (type(None), bool, int, float, complex, str, bytes)


def run_python_step(session: Session) -> TaskError | None:
    """Run the step's function and save its artifacts, those before an error too; None if it ended well."""
    request = session.request
    current._set(current_values(request))
    view = View(session)

    def run() -> None:
        function = _function(session, view)
        function(*([Inputs(session)] if request.join else []))
        view.check_transition()

    error = python_host.call(run, step=request.step, timeout=request.timeout)
    saving = python_host.call(view.save, step=request.step)
    return error or saving


def _function(session: Session, view: View) -> Callable[..., Any]:
    """The step's function with its `self` bound."""
    request = session.request
    module = load.load_file(Path(request.function["file"]))
    name = request.function["name"]
    if name is None:
        flow = bind(load.find_flow(module, request.flow), view, sorted(session.parameters))
        return getattr(type(flow), request.step).__get__(flow)
    function = load.find_function(module, name)
    view.declares_transition = False
    return function.__get__(bind(FlowSpec, view, sorted(session.parameters)))


class View:
    """Answers `self` of a Python step: values are loaded when first read and saved when the step has ended."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.step = session.request.step
        self.values: dict[str, Any] = {}
        self.changed: set[str] = set()
        self.declares_transition = True
        self.next: tuple[tuple[str, ...], str | None] | None = None
        self._input: list[Any] = []

    @property
    def index(self) -> int | None:
        frame = self.session.frame()
        return frame.index if frame else None

    def get(self, name: str) -> Any:
        if name not in self.values:
            try:
                ref = self.session.ref(name)
            except NotFoundError as error:
                raise AttributeError(f"{error.message}{self._suggestion(name)}") from None
            self.values[name] = self.session.load(ref)
        return self.values[name]

    def _suggestion(self, name: str) -> str:
        near = difflib.get_close_matches(name, self.names(), 1)
        if near:
            return f"; did you mean {near[0]!r}?"
        hint = "; after a join only parameters, constants and what is set or merged are there"
        return hint if self.session.request.join else ""

    def set(self, name: str, value: Any) -> None:
        check_name(name, self.session)
        self.values[name] = value
        self.changed.add(name)

    def delete(self, name: str) -> None:
        if name not in self.names():
            raise AttributeError(f"there is no artifact {name!r}")
        check_name(name, self.session)
        self.values.pop(name, None)
        self.changed.discard(name)
        self.session.remove(name)

    def names(self) -> list[str]:
        return sorted(self.session.names() | self.changed)

    def input(self) -> Any:
        frame = None if self.session.request.join else self.session.frame()
        if frame is not None and not self._input:
            self._input.append(self.session.load_item(frame))
        return self._input[0] if self._input else None

    def foreach_stack(self) -> list[tuple[int, int, Any]]:
        return [(f.index, f.count, self.session.load_item(f)) for f in self.session.request.foreach]

    def merge(self, include: Sequence[str], exclude: Sequence[str]) -> None:
        self.session.merge(include, exclude, self.changed)

    # The transition

    def transition(self, targets: Sequence[str], foreach: str | None) -> None:
        self.next = (tuple(targets), foreach)

    def check_transition(self) -> None:
        """The step must have said what its graph says."""
        declared = self.session.request.transition
        expected = (tuple(declared["targets"]), declared["foreach"])
        if not self.declares_transition or declared["kind"] == "end" or self.next == expected:
            return
        where = Where(step=self.step)
        if self.next is None:
            raise DefinitionError(
                f"step {self.step} returned before its self.next(...)",
                code="next_missing",
                where=where,
                hint="Let every path through the step reach the self.next(...) on its last line.",
            )
        raise DefinitionError(
            f"step {self.step} went to {', '.join(self.next[0])}, but its last line says {', '.join(expected[0])}",
            code="next_mismatch",
            where=where,
        )

    # The end

    def save(self) -> None:
        """Store what was set, and what was read and has been changed in place since."""
        for name, value in self.values.items():
            if name in self.changed:
                self.session.save(name, self.session.codec.encode(value, name))
            elif name not in self.session.parameters and not isinstance(value, _IMMUTABLE):
                self.session.save_if_changed(name, value)


class Inputs:
    """`inputs` of a join: by name (`inputs.fit`), by number (`inputs[0]`), in a loop; in the order of the split."""

    def __init__(self, session: Session) -> None:
        self._inputs = [Input(session, number) for number in range(len(session.request.inputs))]

    def __getattr__(self, name: str) -> Input:
        found = [item for item in self.__dict__["_inputs"] if item._step == name]
        if len(found) == 1:
            return found[0]
        steps = ", ".join(sorted({item._step for item in self._inputs}))
        if found:
            raise AttributeError(
                f"{len(found)} inputs come from step {name}; use inputs[0] to inputs[{len(found) - 1}]"
            )
        raise AttributeError(f"no input comes from a step {name!r}; the inputs come from {steps}")

    def __getitem__(self, index: int) -> Input:
        return self._inputs[index]

    def __iter__(self) -> Iterator[Input]:
        return iter(self._inputs)

    def __len__(self) -> int:
        return len(self._inputs)

    def __repr__(self) -> str:
        return f"<inputs of {', '.join(item._step for item in self._inputs)}>"


class Input:
    """One branch's artifacts, loaded when read."""

    def __init__(self, session: Session, number: int) -> None:
        self._session = session
        self._number = number
        self._step = session.request.inputs[number].step
        self._values: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in self._values:
            try:
                ref = self._session.ref(name, self._number)
            except NotFoundError as error:
                known = ", ".join(sorted(self._session.input_refs(self._number)))
                raise AttributeError(f"{error.message}; it has {known or 'no artifacts'}") from None
            self._values[name] = self._session.load(ref)
        return self._values[name]

    def __dir__(self) -> list[str]:
        return sorted(self._session.input_refs(self._number))

    def __repr__(self) -> str:
        return f"<input {self._number} from step {self._step}: {', '.join(dir(self))}>"

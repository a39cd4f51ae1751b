"""A Python step: the view behind `self` and `inputs`, and saving what the step left."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyflow.define import load
from pyflow.define.current import current
from pyflow.define.flow import FlowSpec, bind
from pyflow.hosts import python as python_host
from pyflow.runner.handles import InputView, Stored
from pyflow.runner.identity import current_values
from pyflow.runner.names import check_name
from pyflow.runner.r_step import run_r_step
from pyflow.runner.session import Session
from pyflow.runner.wrappers import find_wrappers, run_wrapped
from pyflow.spec.config import frozen
from pyflow.spec.errors import DefinitionError, NotFoundError, Where
from pyflow.spec.graph import Transition, parse_transition
from pyflow.spec.task import TaskError

# Values of these types cannot change in place, so reading them is no reason to save them again.
_IMMUTABLE = (type(None), bool, int, float, complex, str, bytes)


def run_python_step(session: Session) -> TaskError | None:
    """Run the step's function and save its artifacts, those before an error too; None if it ended well."""
    request = session.request
    current._set(current_values(request))
    view = View(session)

    def run() -> None:
        flow, function = _function(session, view)
        if not _is_run(session, flow):
            return
        arguments = [Inputs(session)] if request.join else []
        wrappers = find_wrappers(session)
        if wrappers:
            body = lambda: function(*arguments)  # noqa: E731
            run_wrapped(wrappers, request.step, flow, *(arguments or [None]), body=body, view=view)
        else:
            function(*arguments)
        view.check_transition()

    call = session.foreground.call if session.foreground else python_host.call
    error = call(run, step=request.step, timeout=request.timeout)
    saving = python_host.call(view.save, step=request.step)
    return error or saving


def _is_run(session: Session, flow: FlowSpec) -> bool:
    """Whether the step's code runs; a person may want its `self` alone, to run it line by line."""
    if session.foreground is None:
        return True
    session.foreground.flow = _with_inputs(flow, session)
    return session.foreground.run


def _with_inputs(flow: FlowSpec, session: Session) -> FlowSpec:
    if session.request.join:
        object.__setattr__(flow, "inputs", Inputs(session))
    return flow


def self_of(session: Session) -> FlowSpec:
    """The `self` of a task in another language, to be looked at from Python."""
    return _with_inputs(bind(FlowSpec, View(session), sorted(session.parameters)), session)


def run_wrapped_r_step(session: Session) -> TaskError | None:
    """Run an R step within its Python decorators, which see its artifacts; None if it ended well."""
    request = session.request
    current._set(current_values(request))
    view = View(session)
    view.follow()
    failures: list[TaskError] = []

    def body() -> None:
        view.save()
        error = run_r_step(session)
        view.forget()
        if error is not None:
            failures.append(error)
            raise RStepError(error)

    def run() -> None:
        flow = bind(_flow_class(session), view, sorted(session.parameters))
        inputs = Inputs(session) if request.join else None
        run_wrapped(find_wrappers(session), request.step, flow, inputs, body=body, view=view)

    error = python_host.call(run, step=request.step)
    saving = python_host.call(view.save, step=request.step)
    if error is not None and failures and error.type == RStepError.__name__:
        return failures[-1]
    return error or saving


class RStepError(Exception):
    """An R step failed; `error` says how, with R's traceback."""

    def __init__(self, error: TaskError) -> None:
        super().__init__(f"{error.type}: {error.message}")
        self.error = error


def _flow_class(session: Session) -> type[FlowSpec]:
    """The user's class, or that of all flows when the flow is written in R."""
    request = session.request
    if request.flow_file is None or not request.flow_file.endswith(".py"):
        return FlowSpec
    return load.find_flow(load.load_file(Path(request.flow_file)), request.flow)


def _function(session: Session, view: View) -> tuple[FlowSpec, Callable[..., Any]]:
    """The step's `self`, and its function bound to it."""
    request = session.request
    module = load.load_file(Path(request.function["file"]))
    name = request.function["name"]
    if name is None:
        flow = bind(load.find_flow(module, request.flow), view, sorted(session.parameters))
        return flow, getattr(type(flow), request.step).__get__(flow)
    function = load.find_function(module, name)
    view.declares_transition = False
    flow = bind(FlowSpec, view, sorted(session.parameters))
    return flow, function.__get__(flow)


class View:
    """Answers `self` of a Python step: values are loaded when first read and saved when the step has ended."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.flow = session.request.flow
        self.step = session.request.step
        self.values: dict[str, Any] = {}
        self.changed: set[str] = set()
        self.declares_transition = True
        self.next: Transition | None = None
        self._input: list[Any] = []

    @property
    def index(self) -> int | None:
        return self.session.index()

    def get(self, name: str) -> Any:
        if name not in self.values:
            try:
                ref = self.session.ref(name)
            except NotFoundError as error:
                raise AttributeError(f"{error.message}{self._suggestion(name)}") from None
            value = self.session.load(ref, name)
            self.values[name] = frozen(value) if name in self.session.request.configs else value
        return self.values[name]

    def handle(self, name: str) -> Stored:
        """A stored artifact for `lazy(self)`."""
        if name in self.changed:
            raise AttributeError(f"{name!r} was set in this step and is stored when it ends: use self.{name}")
        try:
            ref = self.session.ref(name)
        except NotFoundError as error:
            raise AttributeError(f"{error.message}{self._suggestion(name)}") from None
        return Stored(name, ref, self.session, lambda: self.get(name))

    def stored(self) -> list[str]:
        return sorted(self.session.names() - self.changed)

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
        if self.session.request.parallel is not None:
            return self.index
        frame = None if self.session.request.join else self.session.frame()
        if frame is not None and not self._input:
            self._input.append(self.session.load_item(frame))
        return self._input[0] if self._input else None

    def foreach_stack(self) -> list[tuple[int, int | None, Any]]:
        stack: list[tuple[int, int | None, Any]] = [
            (frame.index, frame.count, self.session.load_item(frame)) for frame in self.session.request.foreach
        ]
        if self.session.request.parallel is not None and self.index is not None:
            stack.append((self.index, None, self.index))
        return stack

    def merge(self, include: Sequence[str], exclude: Sequence[str]) -> None:
        self.session.merge(include, exclude, self.changed)

    def forget(self) -> None:
        """Load values anew: another process has changed them."""
        self.values.clear()
        self.changed.clear()

    # The transition

    def follow(self) -> None:
        """The step goes on as its last line says, though it may not have come to it."""
        self.declares_transition = False

    def transition(self, transition: Transition) -> None:
        self.next = transition

    def check_transition(self) -> None:
        """The step must have said what its graph says."""
        declared, said = parse_transition(self.session.request.transition), self.next
        if not self.declares_transition or declared.kind == "end":
            return
        if said is not None and declared.kind == "parallel" and declared.num_parallel is None:
            self.session.said_size = said.num_parallel
            said = replace(said, num_parallel=None)
        if said == declared:
            return
        where = Where(step=self.step)
        if said is None:
            raise DefinitionError(
                f"step {self.step} returned before its self.next(...)",
                code="next_missing",
                where=where,
                hint="Let every path through the step reach the self.next(...) on its last line.",
            )
        raise DefinitionError(
            f"step {self.step} went {_words(said)}, but its last line says {_words(declared)}",
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


def _words(transition: Transition) -> str:
    """Where a transition leads, for a message."""
    if transition.cases:
        cases = ", ".join(f"{key!r}: {target}" for key, target in transition.cases)
        return f"by {transition.condition} to {{{cases}}}"
    over = f" for each of {transition.foreach}" if transition.foreach else ""
    size = f" {transition.num_parallel} times" if transition.num_parallel else ""
    return f"to {', '.join(transition.targets)}{over}{size}"


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
            self._values[name] = self._session.load(ref, name)
        return self._values[name]

    def _lazy_view(self) -> InputView:
        refs = self._session.input_refs(self._number)
        return InputView(self._session, refs, lambda name: getattr(self, name))

    def __dir__(self) -> list[str]:
        return sorted(self._session.input_refs(self._number))

    def __repr__(self) -> str:
        return f"<input {self._number} from step {self._step}: {', '.join(dir(self))}>"

"""What follows a step: read from the `self.next(...)` in its source, and made from the same call while it runs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyflow.spec.errors import DefinitionError, Where
from pyflow.spec.graph import Transition
from pyflow.spec.switch import case_key

_OPTIONS = ("foreach", "num_parallel", "condition")
Attribute = Callable[[str], Any]


@dataclass(frozen=True)
class Options:
    """The keywords of `self.next`, or of `r_step`. A `num_parallel` of 0 stands for a number that only the running step
    knows."""

    foreach: str | None = None
    num_parallel: int | str | None = None
    condition: str | None = None


def make(targets: Sequence[str], cases: Sequence[tuple[str, str]] | None, options: Options) -> Transition:
    """The transition to `targets`, or by `cases`. Raises ValueError with the message for what does not go together."""
    given = [name for name in _OPTIONS if getattr(options, name) is not None]
    if cases is not None:
        if given != ["condition"]:
            extra = [name for name in given if name != "condition"]
            raise ValueError(f"a switch does not take {extra[0]}" if extra else "a switch needs a condition")
        return Transition("switch", _distinct(cases), condition=options.condition, cases=tuple(cases))
    if "condition" in given:
        raise ValueError("a condition needs cases: a dict of values and steps")
    if len(given) > 1:
        raise ValueError(f"{given[0]} and {given[1]} cannot be combined")
    if given and len(targets) != 1:
        raise ValueError(f"{given[0]} goes to one step, not to {len(targets)}")
    if options.num_parallel is not None:
        return Transition("parallel", tuple(targets), num_parallel=options.num_parallel or None)
    if options.foreach is not None:
        return Transition("foreach", tuple(targets), options.foreach)
    return Transition(("end", "linear")[len(targets)] if len(targets) < 2 else "branch", tuple(targets))


def _distinct(cases: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    keys = [key for key, _ in cases]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise ValueError(f"a switch has the case {twice!r} twice")
    return tuple(dict.fromkeys(target for _, target in cases))


def key_text(key: Any) -> str:
    """The text that stands for a case in the graph. Raises ValueError for what cannot be one."""
    text = case_key(key)
    if text is None:
        raise ValueError(f"a case is a text, a number or a logical, not {key!r}")
    return text


# While the step runs


def said(steps: Sequence[Any], options: Options) -> Transition:
    """The transition that `self.next(*steps, ...)` says. Raises DefinitionError `next_mismatch` for what is none."""
    try:
        if len(steps) == 1 and isinstance(steps[0], Mapping):
            return make((), [(key_text(key), step_name(item)) for key, item in steps[0].items()], options)
        return make([step_name(item) for item in steps], None, options)
    except ValueError as error:
        raise DefinitionError(f"self.next: {error}", code="next_mismatch") from None


def step_name(item: Any) -> str:
    name = getattr(item, "name", None) or getattr(item, "__name__", None)
    if not isinstance(name, str):
        raise DefinitionError(f"self.next takes steps such as self.end, not {item!r}", code="next_mismatch")
    return name


# In the source


def read(node: ast.FunctionDef, receiver: str, attribute: Attribute, where: Where) -> Transition:
    """The transition that the last statement of a step declares; `end` if there is none.

    `receiver` is the name of its first argument; `attribute` gives the value of a dotted name on the flow's class.
    Raises DefinitionError `transition_invalid` for a `self.next` that is not of a known form.
    """
    call = _next_call(node.body[-1], receiver)
    if call is None:
        hidden = next((item for item in ast.walk(node) if _next_call(item, receiver)), None)
        if hidden is not None:
            line = getattr(hidden, "lineno", node.lineno)
            raise _invalid(
                f"Step *{where.step}* has its {receiver}.next(...) on line {line}, which is not the last statement of"
                " the step",
                Where(where.file, line, where.step),
                f"Make {receiver}.next(...) the last line of the step, outside of if, for, with and try.",
            )
        return Transition("end")
    return _Reader(receiver, attribute, Where(where.file, call.lineno, where.step)).transition(call)


def _next_call(node: ast.AST, receiver: str) -> ast.Call | None:
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return None
    function = node.value.func
    if not (isinstance(function, ast.Attribute) and function.attr == "next" and isinstance(function.value, ast.Name)):
        return None
    return node.value if function.value.id == receiver else None


@dataclass(frozen=True)
class _Reader:
    """Reads one `self.next(...)`."""

    receiver: str
    attribute: Attribute
    where: Where

    def transition(self, call: ast.Call) -> Transition:
        me = self.receiver
        options = Options(**{str(word.arg): self._option(word) for word in call.keywords})
        cases, targets = None, []
        if len(call.args) == 1 and isinstance(call.args[0], ast.Dict):
            cases_of = call.args[0]
            pairs = zip(cases_of.keys, cases_of.values, strict=True)
            cases = [(self._key(key), self._target(target)) for key, target in pairs]
        else:
            targets = [self._target(argument) for argument in call.args]
            if not targets:
                raise _invalid(f"{me}.next() names no step", self.where, f"Name one: {me}.next({me}.end).")
        try:
            return make(targets, cases, options)
        except ValueError as error:
            examples = [f"{me}.work", f"{me}.work, foreach='items'", f"{me}.work, num_parallel=4"]
            examples.append(f"{{'a': {me}.work, 'b': {me}.rest}}, condition='kind'")
            hint = f"Write one of {', '.join(f'{me}.next({example})' for example in examples)}."
            raise _invalid(str(error), self.where, hint) from None

    def _target(self, argument: ast.expr) -> str:
        if isinstance(argument, ast.Attribute) and self._is_receiver(argument.value):
            return argument.attr
        shown = ast.unparse(argument)
        hint = f"Write {self.receiver}.next({self.receiver}.stepname)."
        raise _invalid(f"{self.receiver}.next takes steps, not {shown}", self.where, hint)

    def _is_receiver(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id == self.receiver

    def _key(self, node: ast.expr | None) -> str:
        """The key of a case: a literal, or what the flow knows before it runs (`self.config.key`)."""
        try:
            return key_text(self._value(node))
        except (ValueError, AttributeError):
            shown = "**" if node is None else ast.unparse(node)
            hint = "Write the value itself: a text, a number, True or False."
            raise _invalid(f"a case of the switch is {shown}, which is no value", self.where, hint) from None

    def _value(self, node: ast.expr | None) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        path: list[str] = []
        while isinstance(node, ast.Attribute):
            path.insert(0, node.attr)
            node = node.value
        if path and node is not None and self._is_receiver(node):
            return self.attribute(".".join(path))
        return ast.literal_eval(node) if node is not None else None

    def _option(self, word: ast.keyword) -> Any:
        """The value of a keyword; for a size that is not written as a number, 0."""
        if word.arg not in _OPTIONS:
            raise _invalid(f"next does not know {word.arg!r}", self.where, f"It takes steps and {', '.join(_OPTIONS)}.")
        constant = word.value.value if isinstance(word.value, ast.Constant) else None
        if word.arg == "num_parallel" and not isinstance(constant, str):
            is_number = isinstance(constant, int) and not isinstance(constant, bool)
            if isinstance(word.value, ast.Constant) and (not is_number or constant == 0):
                hint = f"Write {self.receiver}.next({self.receiver}.work, num_parallel=4)."
                raise _invalid(f"num_parallel is a whole number above zero, not {constant!r}", self.where, hint)
            return constant if is_number else 0
        if not isinstance(constant, str):
            hint = f"Write {word.arg}='name'."
            raise _invalid(f"{word.arg} takes the name of an artifact as text", self.where, hint)
        return constant


def _invalid(message: str, where: Where, hint: str) -> DefinitionError:
    return DefinitionError(message, code="transition_invalid", where=where, hint=hint)

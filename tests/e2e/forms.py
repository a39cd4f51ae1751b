"""One flow in four forms: all in Python, all in R, a Python flow with R steps, an R flow with Python functions."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from textwrap import dedent, indent
from typing import Any

FORMS = ("python", "r", "python_with_r", "r_with_python")
IMPORTS = "from pyflow import Config, FlowSpec, IncludeFile, JSONType, Parameter, catch, current, environment, parallel, r_step, retry, step, timeout\n"
IMPORTS += "from pyflow import exit_hook, get_secret, project, resources, secrets\n"


@dataclass(frozen=True)
class Step:
    """A step's body in both languages, and where it leads. `with_` has decorators: name -> arguments. A switch has `cases`
    (key -> step) in place of `next`, and the artifact `condition`."""

    name: str
    py: str = "pass"
    r: str = "NULL"
    next: str | tuple[str, ...] = ()
    foreach: str | None = None
    cases: dict[str, str] = field(default_factory=dict)
    condition: str | None = None
    num_parallel: int | str | None = None
    join: bool = False
    start: bool = False
    end: bool = False
    with_: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.next,) if isinstance(self.next, str) else self.next

    @property
    def leads(self) -> bool:
        return bool(self.next or self.cases)

    @property
    def options(self) -> dict[str, Any]:
        """What is said of the transition beside its targets."""
        return {k: v for k in ("foreach", "condition", "num_parallel") if (v := getattr(self, k)) is not None}

    @property
    def marks(self) -> list[str]:
        return [name for name in ("join", "start", "end") if getattr(self, name)]

    @property
    def arguments(self) -> str:
        return "self, inputs" if self.join else "self"

    def py_function(self) -> str:
        return f"def {self.name}({self.arguments}):\n{indent(dedent(self.py).strip(), '    ')}\n"

    def r_function(self) -> str:
        return f"{self.name} <- function({self.arguments}) {{\n{indent(dedent(self.r).strip(), '  ')}\n}}\n"


@dataclass(frozen=True)
class FlowText:
    """A flow whose files `files(form)` writes. `py` and `r` are parameters and constants: class attributes, and calls for R's pipe.

    In the mixed forms every second step, or those named `other`, is in the language that is not the flow's. `top_py` and
    `top_r` stand at the top of every file. `with_` has decorators of the flow.
    """

    name: str
    steps: tuple[Step, ...]
    py: str = ""
    r: str = ""
    other: frozenset[str] | None = None
    top_py: str = ""
    top_r: str = ""
    with_: dict[str, dict[str, Any]] = field(default_factory=dict)

    def language(self, step: str, form: str) -> str:
        """In which language a step is written in a form."""
        main = form.partition("_")[0]
        return {"python": "r", "r": "python"}[main] if step in self._others(form) else main

    def _others(self, form: str) -> frozenset[str]:
        if "_with_" not in form:
            return frozenset()
        return frozenset(step.name for step in self.steps[1::2]) if self.other is None else self.other

    def files(self, form: str) -> dict[str, str]:
        others = self._others(form)
        if form.startswith("python"):
            files = {"flow_py": self._python_flow(others)}
            steps = "\n".join(step.r_function() for step in self.steps if step.name in others)
            return files | ({"steps_R": f"library(rflow)\n{dedent(self.top_r)}\n{steps}"} if others else {})
        files = {"flow_R": self._r_flow(others)}
        steps = "\n\n".join(step.py_function() for step in self.steps if step.name in others)
        return files | ({"steps_py": f"from pyflow import current\n{dedent(self.top_py)}\n{steps}"} if others else {})

    def _python_flow(self, others: frozenset[str]) -> str:
        parts = [_py_r_step(step) if step.name in others else _py_step(step) for step in self.steps]
        body = indent("\n\n".join([dedent(self.py).strip(), *parts]).strip(), "    ")
        main = f'if __name__ == "__main__":\n    {self.name}()\n'
        head = "\n".join([*_py_decorators(self), f"class {self.name}(FlowSpec):"])
        return f"{IMPORTS}\n{dedent(self.top_py)}\n\n{head}\n{body}\n\n\n{main}"

    def _r_flow(self, others: frozenset[str]) -> str:
        functions = "\n".join(step.r_function() for step in self.steps if step.name not in others)
        calls = [line for line in dedent(self.r).strip().splitlines() if line]
        calls += [_r_step_call(step, step.name in others) for step in self.steps]
        head = ", ".join([f'"{self.name}"', *(_r_decorator(*item) for item in self.with_.items())])
        pipe = " |>\n  ".join([f"flow({head})", *calls, "run()"])
        return f"library(rflow)\n{dedent(self.top_r)}\n{functions}\n{pipe}\n"


def _py_step(step: Step) -> str:
    marks = ", ".join(f"{name}=True" for name in step.marks if name != "join")
    lines = [*_py_decorators(step), f"@step({marks})" if marks else "@step", step.py_function().rstrip()]
    if step.leads:
        targets = ", ".join(f"self.{name}" for name in step.targets)
        if step.cases:
            targets = f"{{{', '.join(f'{key!r}: self.{name}' for key, name in step.cases.items())}}}"
        lines.append(f"    self.next({', '.join([targets, *_py_options(step)])})")
    return "\n".join(lines)


def _py_options(step: Step) -> list[str]:
    return [f"{name}={value!r}" for name, value in step.options.items()]


def _py_decorators(step: Step | FlowText) -> list[str]:
    return [
        f"@{name}({', '.join(f'{key}={value!r}' for key, value in args.items())})" for name, args in step.with_.items()
    ]


def _py_r_step(step: Step) -> str:
    args = [f'"steps.R", "{step.name}"']
    args += [f"next={step.cases or list(step.targets)!r}"] if step.leads else []
    args += _py_options(step)
    args += [f"{name}=True" for name in step.marks]
    text = f"r_step({', '.join(args)})"
    for decorator in reversed(_py_decorators(step)):
        text = f"{decorator[1:]}({text})"
    return f"{step.name} = {text}"


def _r_step_call(step: Step, other: bool) -> str:
    args = [f'"{step.name}"', f'py_function("steps.py", "{step.name}")' if other else step.name]
    args += [_r_decorator(name, arguments) for name, arguments in step.with_.items()]
    args += [f"{name} = TRUE" for name in step.marks]
    args += [f"next_step = {_r(step.cases or list(step.targets))}"] if step.leads else []
    args += [f"{name} = {_r(value)}" for name, value in step.options.items()]
    return f"step({', '.join(args)})"


def _r_decorator(name: str, args: dict[str, Any]) -> str:
    if name == "environment":
        name, args = "environment_variables", args["vars"]
    return f"{name}({', '.join(f'{key} = {_r(value)}' for key, value in args.items())})"


def _r(value: Any) -> str:
    """R code of a text, number, logical, or texts with or without names."""
    if isinstance(value, dict):
        several = "list" if any(isinstance(item, dict | list) for item in value.values()) else "c"
        return f"{several}({', '.join(f'{json.dumps(key, ensure_ascii=False)} = {_r(item)}' for key, item in value.items())})"
    if isinstance(value, list):
        return f"{'list' if any(isinstance(item, dict) for item in value) else 'c'}({', '.join(map(_r, value))})"
    return "NULL" if value is None else str(value).upper() if isinstance(value, bool) else json.dumps(value)

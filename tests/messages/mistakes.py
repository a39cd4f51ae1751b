"""Mistakes that people make, in both languages, and the command that shows them."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent, indent

from tests.e2e.forms import IMPORTS


@dataclass(frozen=True)
class Mistake:
    """`python` is the body of the flow's class, `r` are the calls of the pipe; None where a language cannot make it.

    `commands` are called one after the other; the text shows the last one's.
    """

    python: str | None
    r: str | None
    commands: tuple[str, ...] = ("check",)
    top_python: str = ""
    top_r: str = ""

    def files(self, language: str) -> dict[str, str]:
        if language == "python":
            body = indent(dedent(self.python or "").strip(), "    ")
            main = 'if __name__ == "__main__":\n    DemoFlow()\n'
            return {"flow_py": f"{IMPORTS}\n{dedent(self.top_python)}\nclass DemoFlow(FlowSpec):\n{body}\n\n\n{main}"}
        calls = " |>\n  ".join(dedent(self.r or "").strip().split("\n\n"))
        return {"flow_R": f"library(rflow)\n{dedent(self.top_r).strip()}\n\n{calls} |>\n  run()\n"}


def _mistake(python: str | None, r: str | None, *commands: str, **more: str) -> Mistake:
    """`r` without its flow(): calls are apart by an empty line."""
    head = 'flow("DemoFlow")\n\n'
    return Mistake(python, None if r is None else head + dedent(r).strip(), commands or ("check",), **more)


def _steps(start: str, rest: str = "") -> str:
    """A flow of start and end; `start` is the body of its first step, `rest` stands between them."""
    first = f"@step\ndef start(self):\n{indent(dedent(start).strip(), '    ')}\n    self.next(self.end)\n"
    return f"{first}\n{dedent(rest)}\n@step\ndef end(self):\n    pass\n"


def _r_steps(start: str, *rest: str) -> str:
    body = indent(dedent(start).strip(), "  ")
    return "\n\n".join([f'step("start", function(self) {{\n{body}\n}}, next_step = "end")', *rest, 'step("end")'])


def _body(python: str | None, r: str | None, *commands: str, **more: str) -> Mistake:
    """A mistake inside the first step."""
    return _mistake(
        None if python is None else _steps(python), None if r is None else _r_steps(r), *(commands or ("run",)), **more
    )


def _head(python: str, r: str, *commands: str, **more: str) -> Mistake:
    """A mistake in the head of the flow: its parameters, or how they are given."""
    return _mistake(f"{dedent(python).strip()}\n\n{_steps('pass')}", f"{dedent(r).strip()}\n\n{_r_steps('NULL')}", *commands, **more)  # fmt: skip


def _decorated(python: str, r: str, *commands: str) -> Mistake:
    """A mistake in a decorator of the first step."""
    return _mistake(f"{python}\n{_steps('pass')}", f'step("start", {r}, next_step = "end")\n\nstep("end")', *commands)


def _graph(python: str, r: str) -> Mistake:
    """A mistake in the graph; in `python` a line is a step: `name -> targets` or `name(inputs) -> targets`."""
    steps = []
    for line in dedent(python).strip().splitlines():
        name, _, targets = line.partition(" -> ")
        name, _, join = name.partition("(")
        arguments = "self, inputs" if join else "self"
        steps.append(f"@step\ndef {name.strip()}({arguments}):\n    {f'self.next({targets})' if targets else 'pass'}\n")
    return _mistake("\n".join(steps), r)


STRUCTURE = {
    "start_missing": _graph("begin -> self.end\nend", 'step("begin", next_step = "end")\n\nstep("end")'),
    "end_missing": _graph("start -> self.stop\nstop", 'step("start", next_step = "stop")\n\nstep("stop")'),
    "next_missing": _graph("start\nend", 'step("start")\n\nstep("end")'),
    "next_after_end": _graph(
        "start -> self.end\nend -> self.start", 'step("start", next_step = "end")\n\nstep("end", next_step = "start")'
    ),
    "next_in_if": _mistake(
        "@step\ndef start(self):\n    if True:\n        self.next(self.end)\n\n@step\ndef end(self):\n    pass\n", None
    ),
    "next_unknown": _graph("start -> self.ende\nend", 'step("start", next_step = "ende")\n\nstep("end")'),
    "next_of_text": _graph('start -> "end"\nend', 'step("start", next_step = 1)\n\nstep("end")'),
    "step_orphan": _graph(
        "start -> self.end\nlost -> self.end\nend",
        'step("start", next_step = "end")\n\nstep("lost", next_step = "end")\n\nstep("end")',
    ),
    "cycle": _graph(
        "start -> self.a\na -> self.b\nb -> self.a\nend",
        'step("start", next_step = "a")\n\nstep("a", next_step = "b")\n\nstep("b", next_step = "a")\n\nstep("end")',
    ),
    "split_unjoined": _graph(
        "start -> self.a, self.b\na -> self.end\nb -> self.end\nend",
        'step("start", next_step = c("a", "b"))\n\nstep("a", next_step = "end")\n\nstep("b", next_step = "end")\n\nstep("end")',
    ),
    "join_unbalanced": _graph(
        "start -> self.a, self.b, self.c\na -> self.j\nb -> self.j\nc -> self.k\nj(inputs) -> self.k\nk(inputs) -> self.end\nend",
        'step("start", next_step = c("a", "b", "c"))\n\nstep("a", next_step = "j")\n\nstep("b", next_step = "j")\n\n'
        'step("c", next_step = "k")\n\nstep("j", join = TRUE, next_step = "k")\n\nstep("k", join = TRUE, next_step = "end")\n\nstep("end")',
    ),
    "join_without_split": _graph(
        "start -> self.j\nj(inputs) -> self.end\nend",
        'step("start", next_step = "j")\n\nstep("j", join = TRUE, next_step = "end")\n\nstep("end")',
    ),
    "join_missing": _graph(
        "start -> self.a, self.b\na -> self.j\nb -> self.j\nj -> self.end\nend",
        'step("start", next_step = c("a", "b"))\n\nstep("a", next_step = "j")\n\nstep("b", next_step = "j")\n\n'
        'step("j", next_step = "end")\n\nstep("end")',
    ),
    "foreach_into_join": _graph(
        "start -> self.j, foreach='xs'\nj(inputs) -> self.end\nend",
        'step("start", next_step = "j", foreach = "xs")\n\nstep("j", join = TRUE, next_step = "end")\n\nstep("end")',
    ),
    "end_is_join": _graph(
        "start -> self.a, self.b\na -> self.end\nb -> self.end\nend(inputs)",
        'step("start", next_step = c("a", "b"))\n\nstep("a", next_step = "end")\n\nstep("b", next_step = "end")\n\nstep("end", join = TRUE)',
    ),
    "step_name_capital": _graph(
        "start -> self.Fit\nFit -> self.end\nend",
        'step("start", next_step = "Fit")\n\nstep("Fit", next_step = "end")\n\nstep("end")',
    ),
    "step_name_reserved": _graph(
        "start -> self.input\ninput -> self.end\nend",
        'step("start", next_step = "input")\n\nstep("input", next_step = "end")\n\nstep("end")',
    ),
    "step_twice": _graph(
        "start -> self.end\nstart -> self.end\nend",
        'step("start", next_step = "end")\n\nstep("start", next_step = "end")\n\nstep("end")',
    ),
    "switch_without_condition": _graph(
        "start -> {'a': self.a, 'b': self.end}\na -> self.end\nend",
        'step("start", next_step = list(a = "a", b = "end"))\n\nstep("a", next_step = "end")\n\nstep("end")',
    ),
    "switch_of_one_case": _graph(
        "start -> {'a': self.end}, condition='x'\nend",
        'step("start", next_step = list(a = "end"), condition = "x")\n\nstep("end")',
    ),
    "gang_without_parallel": _graph(
        "start -> self.work, num_parallel=2\nwork -> self.j\nj(inputs) -> self.end\nend",
        'step("start", next_step = "work", num_parallel = 2)\n\nstep("work", next_step = "j")\n\n'
        'step("j", join = TRUE, next_step = "end")\n\nstep("end")',
    ),
}

DECORATORS = {
    "decorator_below_step": _mistake(
        "@step\n@retry(times=1)\ndef start(self):\n    self.next(self.end)\n\n@step\ndef end(self):\n    pass\n", None
    ),
    "decorator_not_called": _mistake(None, 'step("start", retry, next_step = "end")\n\nstep("end")'),
    "retry_too_often": _decorated("@retry(times=9)", "retry(times = 9)"),
    "timeout_of_zero": _decorated("@timeout(seconds=0)", "timeout(seconds = 0)"),
    "catch_on_foreach": _mistake(
        "@catch(var='failed')\n@step\ndef start(self):\n    self.next(self.work, foreach='xs')\n\n@step\ndef work(self):\n"
        "    self.next(self.j)\n\n@step\ndef j(self, inputs):\n    self.next(self.end)\n\n@step\ndef end(self):\n    pass\n",
        'step("start", catch("failed"), next_step = "work", foreach = "xs")\n\nstep("work", next_step = "j")\n\n'
        'step("j", join = TRUE, next_step = "end")\n\nstep("end")',
    ),
    "with_unknown": _decorated("@retry(times=0)", "retry(times = 0)", "run --with retrry"),
    "with_argument": _decorated("@retry(times=0)", "retry(times = 0)", "run --with timeout:second=1"),
}

PARAMETERS = {
    "parameter_reserved": _head('tag = Parameter("tag")', 'parameter("tag")'),
    "parameter_other_name": _mistake(f'alpha = Parameter("beta")\n\n{_steps("pass")}', None),
    "parameter_twice": _head('a = Parameter("a")\nA = Parameter("A")', 'parameter("a")\n\nparameter("A")'),
    "parameter_default_of_other_type": _head('n = Parameter("n", type=int, default="x")', 'parameter("n", type = "int", default = "x")'),
    "parameter_required": _head('n = Parameter("n", required=True)', 'parameter("n", required = TRUE)', "run"),
    "parameter_not_a_number": _head('n = Parameter("n", default=1)', 'parameter("n", default = 1L)', "run --n x"),
    "parameter_without_value": _head('ok = Parameter("ok", default=True)', 'parameter("ok", default = TRUE)', "run --ok"),
    "parameter_not_json": _head('j = Parameter("j", type=JSONType)', 'parameter("j", type = "json")', "run --j {a}"),
    "parameter_misspelt": _head('alpha = Parameter("alpha", default=1)', 'parameter("alpha", default = 1L)', "run --alhpa 2"),
    "include_file_missing": _head('notes = IncludeFile("notes")', 'include_file("notes")', "run --notes nowhere.txt"),
    "default_fails": _head(
        'n = Parameter("n", default=lambda context: 1 / 0)', 'parameter("n", default = \\() stop("no default"))', "run"
    ),
}  # fmt: skip

COMMANDS = {
    "command_unknown": _body("pass", "NULL", "rum"),
    "option_unknown": _body("pass", "NULL", "run --max-worker 2"),
    "workers_of_zero": _body("pass", "NULL", "run --max-workers 0"),
    "run_unknown": _body("pass", "NULL", "run", "dump 12/start"),
    "logs_of_no_run": _body("pass", "NULL", "logs 12/start"),
    "resume_without_a_run": _body("pass", "NULL", "resume"),
    "resume_unknown_step": _body("raise ValueError('stop')", "stop('stop')", "run", "resume strat"),
    "resume_with_a_parameter": _head('n = Parameter("n", default=1)', 'parameter("n", default = 1L)', "run", "resume --n 2"),
}  # fmt: skip

STEPS = {
    "step_fails": _body("values = {}\nprint(values['genre'])", "values <- list()\nsqrt(values$genre)"),
    "step_exits": _body("import sys\nsys.exit(3)", 'q("no", status = 3)'),
    "step_exits_well": _body("import sys\nsys.exit(0)", 'quit("no")'),
    "step_is_killed": _body(
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "tools::pskill(Sys.getpid(), 9)\nSys.sleep(9)"
    ),
    "artifact_missing": _body("self.genres = []\nprint(self.genre)", "self$genres <- list()\nprint(self$genre)"),
    "artifact_named_as_a_step": _body("self.end = 1", "self$end <- 1"),
    "artifact_named_as_a_method": _body("self.input = 1", "self$input <- 1"),
    "artifact_name_invalid": _body("setattr(self, 'my name', 1)", "self$my.name <- 1"),
    "artifact_read_only": _mistake(
        f"limit = 3\n\n{_steps('self.limit = 4')}", f"constant(limit = 3)\n\n{_r_steps('self$limit <- 4')}", "run"
    ),
    "artifact_unsupported": _body("import threading\nself.lock = threading.Lock()", "self$lock <- textConnection('x')"),
    "artifact_is_the_flow": _body("self.me = self", "self$me <- self"),
    "foreach_empty": _mistake(
        "@step\ndef start(self):\n    self.xs = []\n    self.next(self.work, foreach='xs')\n\n@step\ndef work(self):\n    self.next(self.j)\n\n"
        "@step\ndef j(self, inputs):\n    self.next(self.end)\n\n@step\ndef end(self):\n    pass\n",
        'step("start", function(self) self$xs <- list(), next_step = "work", foreach = "xs")\n\n'
        'step("work", next_step = "j")\n\nstep("j", join = TRUE, next_step = "end")\n\nstep("end")',
        "run",
    ),
    "foreach_too_many": _mistake(
        "@step\ndef start(self):\n    self.xs = list(range(101))\n    self.next(self.work, foreach='xs')\n\n@step\ndef work(self):\n"
        "    self.next(self.j)\n\n@step\ndef j(self, inputs):\n    self.next(self.end)\n\n@step\ndef end(self):\n    pass\n",
        'step("start", function(self) self$xs <- 1:101, next_step = "work", foreach = "xs")\n\n'
        'step("work", next_step = "j")\n\nstep("j", join = TRUE, next_step = "end")\n\nstep("end")',
        "run",
    ),
    "merge_conflict": _mistake(
        "@step\ndef start(self):\n    self.next(self.a, self.b)\n\n@step\ndef a(self):\n    self.x = 1\n    self.next(self.j)\n\n@step\ndef b(self):\n"
        "    self.x = 2\n    self.next(self.j)\n\n@step\ndef j(self, inputs):\n    self.merge_artifacts(inputs)\n    self.next(self.end)\n\n@step\ndef end(self):\n    pass\n",
        'step("start", next_step = c("a", "b"))\n\nstep("a", function(self) self$x <- 1, next_step = "j")\n\n'
        'step("b", function(self) self$x <- 2, next_step = "j")\n\n'
        'step("j", function(self, inputs) merge_artifacts(self, inputs), next_step = "end")\n\nstep("end")',
        "run --max-workers 1",
    ),
    "merge_missing": _mistake(
        "@step\ndef start(self):\n    self.next(self.a, self.b)\n\n@step\ndef a(self):\n    self.x = 1\n    self.next(self.j)\n\n@step\ndef b(self):\n"
        "    self.next(self.j)\n\n@step\ndef j(self, inputs):\n    self.merge_artifacts(inputs, include=['x', 'y'])\n    self.next(self.end)\n\n@step\ndef end(self):\n    pass\n",
        'step("start", next_step = c("a", "b"))\n\nstep("a", function(self) self$x <- 1, next_step = "j")\n\n'
        'step("b", next_step = "j")\n\n'
        'step("j", function(self, inputs) merge_artifacts(self, inputs, include = c("x", "y")), next_step = "end")\n\nstep("end")',
        "run --max-workers 1",
    ),
    "merge_without_inputs": _body("self.merge_artifacts([])", "merge_artifacts(self, list())"),
    "switch_without_case": _mistake(
        "@step\ndef start(self):\n    self.way = 'c'\n    self.next({'a': self.a, 'b': self.end}, condition='way')\n\n@step\ndef a(self):\n"
        "    self.next(self.end)\n\n@step\ndef end(self):\n    pass\n",
        'step("start", function(self) self$way <- "c", next_step = list(a = "a", b = "end"), condition = "way")\n\n'
        'step("a", next_step = "end")\n\nstep("end")',
        "run",
    ),
    "step_takes_too_long": _mistake(
        "@timeout(seconds=0.5)\n" + _steps("import time\ntime.sleep(20)"),
        'step("start", function(self) Sys.sleep(20), timeout(seconds = 0.5), next_step = "end")\n\nstep("end")',
        "run",
    ),
}

MISTAKES = STRUCTURE | DECORATORS | PARAMETERS | COMMANDS | STEPS

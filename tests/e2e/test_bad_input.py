"""What people get wrong: the message says what and where, the exit code is right, and nothing is left half-written."""

from __future__ import annotations

import pytest

from tests.e2e.forms import FlowText, Step

PYTHON = """\
from pyflow import FlowSpec, IncludeFile, Parameter, catch, r_step, step


class BadFlow(FlowSpec):
{body}

if __name__ == "__main__":
    BadFlow()
"""
START = "@step\ndef start(self):\n    self.next(self.end)\n"
END = "@step\ndef end(self):\n    pass\n"


def indented(text):
    return "".join(f"    {line}" if line.strip() else line for line in text.splitlines(keepends=True))


def python_flow(*parts):
    return PYTHON.format(body=indented("\n".join(parts)))


def python_step(name, next, arguments="self"):
    return f"@step\ndef {name}({arguments}):\n    self.next({next})\n"


def r_flow(*calls, top=""):
    return f"library(rflow)\n{top}\n" + " |>\n  ".join(['flow("BadFlow")', *calls, "run()"]) + "\n"


R_END = 'step("end")'
STRUCTURE = {
    "no start": (
        python_flow(python_step("begin", "self.end"), END),
        r_flow('step("begin", next_step = "end")', R_END),
        ["The flow has no step *start*", "Add a step named 'start'"],
    ),
    "no end": (
        python_flow(python_step("start", "self.stop"), "@step\ndef stop(self):\n    pass\n"),
        r_flow('step("start", next_step = "stop")', 'step("stop")'),
        ["The flow has no step *end*"],
    ),
    "unknown next": (
        python_flow(python_step("start", "self.ende"), END),
        r_flow('step("start", next_step = "ende")', R_END),
        ["step start", "unknown step, *ende*", "Did you mean 'end'?"],
    ),
    "cycle": (
        python_flow(python_step("start", "self.a"), python_step("a", "self.b, self.c"), python_step("b", "self.a"), python_step("c", "self.end"), END),
        r_flow('step("start", next_step = "a")', 'step("a", next_step = c("b", "c"))', 'step("b", next_step = "a")', 'step("c", next_step = "end")', R_END),
        ["a loop in the flow: a -> b -> a"],
    ),
    "unbalanced join": (
        python_flow(python_step("start", "self.a, self.b"), python_step("a", "self.join"), python_step("b", "self.end"), python_step("join", "self.end", "self, inputs"), END),
        r_flow('step("start", next_step = c("a", "b"))', 'step("a", next_step = "join")', 'step("b", next_step = "end")', 'step("join", join = TRUE, next_step = "end")', R_END),
        ["join"],
    ),
    "two of one name": (
        python_flow(START, START, END),
        r_flow('step("start", next_step = "end")', 'step("start", next_step = "end")', R_END),
        ["start"],
    ),
    "missing next": (
        python_flow("@step\ndef start(self):\n    pass\n", END),
        r_flow('step("start")', R_END),
        ["start"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", ["python", "r"])
@pytest.mark.parametrize("mistake", STRUCTURE)
def test_structural_mistakes_are_found_before_anything_runs(request, project, mistake, language):
    python, r, expected = STRUCTURE[mistake]
    if language == "r":
        project.environment["R_LIBS"] = str(request.getfixturevalue("rlib"))
    project.write(**({"flow_py": python} if language == "python" else {"flow_R": r}))
    done = project.call("run")
    assert done.code == 1, done.text
    assert "Validity checker found" in done.err
    for text in expected:
        assert text in done.err
    assert "Traceback" not in done.err and "Task is starting" not in done.out
    assert f"{project.file}:" in done.err, "the place is told"
    assert project.statuses() == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            python_flow("@step\ndef start(self):\n    if True:\n        self.next(self.end)\n", END),
            ["flow.py:8", "start", "last statement"],
        ),
        (python_flow("@step\ndef start(self):\n    self.next(end)\n", END), ["flow.py:7", "self.next(self.stepname)"]),
        (python_flow("@catch\ndef start(self):\n    self.next(self.end)\n", END), ["flow.py", "Put @catch above @step"]),
        (python_flow('fit = r_step("nowhere.R", "fit", next="end")', python_step("start", "self.fit"), END), ["flow.py:5", "nowhere.R"]),
        (python_flow("x = Parameter('y')", START, END), ["flow.py:5", "'y'", "'x'"]),
        (python_flow(START, END).replace("self.next(self.end)", "self.next(self.end"), ["flow.py", "SyntaxError"]),
        ("import nowhere_to_be_found\n" + python_flow(START, END), ["flow.py", "nowhere_to_be_found"]),
    ],
)  # fmt: skip
def test_mistakes_in_a_python_file(project, body, expected):
    project.write(flow_py=body)
    done = project.call("run")
    assert done.code == 1, done.text
    for text in expected:
        assert text in done.err
    assert project.statuses() == []


R_STEP = python_flow(python_step("start", "self.fit"), 'fit = r_step("model.R", "fit_model", next="end")', END)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("fit_modle <- function(self) NULL\n", ["model.R", "fit_model", "Did you mean `fit_modle`?"]),
        ("library(nowhereToBeFound)\nfit_model <- function(self) NULL\n", ["model.R", "there is no package called", "nowhereToBeFound"]),
        ("fit_model <- function(self) {\n", ["model.R"]),
        ("fit_model <- function(self) NULL\nstop('not today')\n", ["model.R", "not today"]),
    ],
)  # fmt: skip
def test_mistakes_in_an_r_file(project, rlib, model, expected):
    project.write(flow_py=R_STEP, model_R=model)
    done = project.call("run")
    assert done.code == 1, done.text
    for text in expected:
        assert text in done.err
    assert "rflow:::" not in done.err
    assert project.statuses() == []
    project.no_process_left()


def test_python_functions_of_an_r_flow_that_are_missing(project, rlib):
    calls = ['step("start", py_function("steps.py", "begin"), next_step = "end")', R_END]
    project.write(flow_R=r_flow(*calls))
    done = project.call("run")
    assert done.code == 1 and "steps.py" in done.err and "Traceback" not in done.err
    project.write(steps_py="def start(self):\n    pass\n")
    done = project.call("run")
    assert done.code == 1 and "no function 'begin'" in done.err and "It has: start." in done.err
    assert project.statuses() == []


def test_r_or_its_package_is_not_installed(project):
    project.write(flow_py=R_STEP, model_R="fit_model <- function(self) NULL\n")
    done = project.call("run", PYFLOW_RSCRIPT="no-such-rscript")
    assert done.code == 1
    assert "R is not installed: there is no 'no-such-rscript' on the PATH" in done.err
    assert "apt-get install r-base-dev" in done.err
    assert project.call("check").code == 0, "what needs no R works without it"
    assert project.statuses() == []


def test_rflow_is_not_installed(project, rlib):
    empty = project.folder / "empty"
    empty.mkdir()
    project.write(flow_py=R_STEP, model_R="fit_model <- function(self) NULL\n")
    # R_LIBS_SITE would find an rflow that the machine has; .rlib of the checkout is found from the interpreter.
    done = project.call("run", R_LIBS=str(empty), PYFLOW_RSCRIPT=_r_without_libraries(project, empty))
    assert done.code == 1
    assert "the R package rflow is not installed for this R" in done.err
    assert "R CMD INSTALL rflow" in done.err


def _r_without_libraries(project, empty):
    script = project.folder / "bare-rscript"
    script.write_text(f'#!/bin/sh\nR_LIBS={empty} R_LIBS_USER={empty} R_LIBS_SITE={empty} exec Rscript "$@"\n')
    script.chmod(0o755)
    return str(script)


VALUES = FlowText(
    "ValuesFlow",
    (Step("start", next="end"), Step("end")),
    py='n = Parameter("n", default=1)\nok = Parameter("ok", default=True)\nj = Parameter("j", type=JSONType)\nfile = IncludeFile("file", default="notes.txt")',
    r='parameter("n", default = 1L)\nparameter("ok", default = TRUE)\nparameter("j", type = "json")\ninclude_file("file", default = "notes.txt")',
)


WRONG = [
    (("--n", "x"), ["--n takes a whole number, not 'x'"]),
    (("--n=1.5",), ["--n takes a whole number, not '1.5'"]),
    (("--ok", "maybe"), ["--ok takes true or false, not 'maybe'"]),
    (("--j", "{a}"), ["--j takes a JSON text"]),
    (("--file", "nowhere.txt"), ["the file of --file does not exist: nowhere.txt", "Looked for"]),
    (("--file", "image.bin"), ["not text in utf-8", "image.bin"]),
    (("--file", "."), ["--file"]),
    (("--m", "1"), ["--m"]),
    (("--n",), ["--n"]),
    (("--max-workers", "0"), ["--max-workers"]),
    (("extra",), ["extra"]),
]


@pytest.mark.parametrize("language", ["python", "r"])
def test_wrong_values_of_parameters_and_files(request, project, language):
    if language == "r":
        project.environment["R_LIBS"] = str(request.getfixturevalue("rlib"))
    project.write(notes_txt="text", image_bin=b"\xff\xfe\x00", **VALUES.files(language))
    mistakes = WRONG if language == "python" else WRONG[::3]  # the program is the same
    for args, expected in mistakes:
        done = project.call("run", *args)
        assert done.code == 2, (args, done.text)
        for text in expected:
            assert text in done.err, args
        assert "Traceback" not in done.err
    assert project.statuses() == []


NAMES = FlowText(
    "NamesFlow",
    (
        Step(
            "start",
            """
            self.codes = []
            for name in ("end", "next", "input", "1x", "a b", "merge_artifacts", "index", "n"):
                try:
                    setattr(self, name, 1)
                    self.codes.append("kept")
                except Exception as error:
                    self.codes.append(getattr(error, "code", type(error).__name__))
            self.__private = 1
            self._hidden = 2
            """,
            """
            self$codes <- character()
            for (name in c("end", "next", "input", "1x", "a b", "merge_artifacts", "index", "n")) {
              code <- tryCatch({ self[[name]] <- 1; "kept" }, error = function(error) error$code)
              self$codes <- c(self$codes, code)
            }
            self$`__private` <- 1
            self$`_hidden` <- 2
            """,
            next="end",
        ),
        Step("end"),
    ),
    py='n = Parameter("n", default=1)',
    r='parameter("n", default = 1L)',
    other=frozenset({"start"}),
)  # fmt: skip


def test_names_that_an_artifact_cannot_have(run_flow):
    taken, invalid = "artifact_name_taken", "artifact_name_invalid"
    data = run_flow(NAMES).data
    assert list(data.codes) == [taken, taken, taken, invalid, invalid, taken, taken, "artifact_read_only"]
    assert data._hidden == 2
    assert not [name for name in data if name.startswith("__")]


ENDS = {
    "exit": ("import sys\nsys.exit(0)", 'q("no")', "step_exit"),
    "exit with a status": ("import sys\nsys.exit('tired')", 'quit("no", status = 3)', "step_exit"),
    "no result": ("import os\nos._exit(0)", "tools::pskill(Sys.getpid(), 9)\nSys.sleep(60)", "step_crashed"),
}


@pytest.mark.parametrize("ending", ENDS)
def test_steps_that_end_without_returning(project, form, ending):
    py, r, code = ENDS[ending]
    flow = FlowText("EndsFlow", (Step("start", py, r, next="end"), Step("end")), other=frozenset({"start"}))
    project.write(**flow.files(form))
    done = project.call("run")
    run = project.latest
    assert done.code == 1, done.text
    assert (run.status, run.exception.code, run.exception.step) == ("failed", code, "start"), run.exception
    assert "Step failure: Step start (task-id 1" in done.err
    assert "pyflow/runner" not in done.err and "rflow:::" not in done.err
    assert "end" not in run
    project.nothing_half_written()
    project.no_process_left()


UNSUPPORTED_PY = """
import socket, sqlite3, threading
made = {
    "lock": threading.Lock,
    "generator": lambda: (x for x in [1]),
    "connection": lambda: sqlite3.connect(":memory:"),
    "socket": socket.socket,
    "flow": lambda: self,
    "nested": lambda: {"deep": [threading.Lock()]},
}
self.kind = self.input
self.before = "kept"
self.value = made[self.input]()
"""
UNSUPPORTED_R = """
made <- list(
  lock = function() textConnection("x"),
  generator = function() xml_pointer(),
  connection = function() file("steps.txt", "w"),
  socket = function() stdin(),
  flow = function() self,
  nested = function() list(deep = list(textConnection("y")))
)
xml_pointer <- function() methods::getClass("externalptr")@prototype
self$kind <- self$input
self$before <- "kept"
self$value <- made[[self$input]]()
"""
KINDS = ["lock", "generator", "connection", "socket", "flow", "nested"]
UNSUPPORTED = FlowText(
    "UnsupportedFlow",
    (
        Step("start", f"self.kinds = {KINDS!r}", f"self$kinds <- c({', '.join(map(repr, KINDS))})", next="make", foreach="kinds"),
        Step("make", UNSUPPORTED_PY, UNSUPPORTED_R, next="join", with_={"catch": {"var": "failed"}}),
        Step(
            "join",
            "self.errors = {item.kind: item.failed for item in inputs}\nself.before = [item.before for item in inputs]",
            """
            self$errors <- setNames(gather_inputs(inputs, "failed"), unlist(gather_inputs(inputs, "kind")))
            self$before <- unlist(gather_inputs(inputs, "before"))
            """,
            next="end",
            join=True,
        ),
        Step("end"),
    ),
)  # fmt: skip


def test_values_that_cannot_be_artifacts(run_flow, project):
    data = run_flow(UNSUPPORTED).data
    assert list(data.errors) == KINDS
    for kind, error in data.errors.items():
        assert error is not None, kind
        assert error["code"] == "artifact_unsupported", (kind, error)
        assert "value" in error["exception"], (kind, error)
        assert error["type"] != "PicklingError"
    assert list(data.before) == ["kept"] * len(KINDS)
    project.nothing_half_written()


STRAYS = FlowText(
    "StraysFlow",
    (
        Step("start", next="work"),
        Step(
            "work",
            r"""
            import os, subprocess, sys
            print("a\0b")
            sys.stdout.flush()
            os.write(1, b"\xff\0\n")
            subprocess.Popen(["sleep", "300"])
            subprocess.Popen(["sleep", "301"], start_new_session=True)
            """,
            r"""
            system("printf 'a\\000b\\n\\377\\000\\n'")
            system("sleep 300", wait = FALSE)
            system("setsid sleep 301", wait = FALSE)
            """,
            next="end",
        ),
        Step("end", "print('last')", "cat('last\\n')"),
    ),
)


def test_nul_bytes_and_children_left_behind(project, form):
    project.write(**STRAYS.files(form))
    done = project.call("run")
    assert done.code == 0, done.text
    assert "last" in done.out
    assert "a\0b" in project.latest["work"].task.stdout
    project.no_process_left()
    project.nothing_half_written()


def test_a_temporary_folder_with_a_long_path(project, rlib):
    """The address of a socket may have 107 bytes only."""
    long = project.folder / "tmp" / ("long" * 40)
    long.mkdir()
    project.write(flow_py=R_STEP, model_R="fit_model <- function(self) self$x <- 1\n")
    done = project.call("run", TMPDIR=str(long))
    assert done.code == 0, done.text
    assert list(long.iterdir()) == []

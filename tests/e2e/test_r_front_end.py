"""`Rscript flow.R`: the graph that R makes, the handover to Python, and how mistakes in an R flow are told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pyflow.spec.check import check_graph
from pyflow.spec.graph import parse_graph

SCHEMA = Path(__file__).parents[2] / "shared_spec" / "graph.schema.json"

FLOW = """\
library(rflow)

helper <- function(x) x + 1

flow("FrontFlow", doc = "Every kind of step") |>
  include_file("movies", default = "movies.csv") |>
  parameter("alpha", default = 0.5, help = "learning rate") |>
  parameter("genres", default = c("a", "b"), separator = ",") |>
  parameter("options", default = list(depth = 3L, names = c("x", "y"))) |>
  parameter("needed", required = TRUE, type = "int") |>
  constant(version = "1.0") |>
  step("start", function(self) {
    self$x <- helper(1)
  }, next_step = c("left", "right")) |>
  step("left", \\(self) NULL, retry(times = 1), timeout(minutes = 1), next_step = "both") |>
  step(
    "right", py_function("right.py", "right"),
    catch("failed"),
    environment_variables(MODE = "fast"),
    next_step = "both"
  ) |>
  step("both", \\(self, inputs) NULL, next_step = "fan") |>
  step("fan", next_step = "each", foreach = "items") |>
  step("each", next_step = "all") |>
  step("all", join = TRUE, next_step = "end") |>
  step("end") |>
  run()
"""


@pytest.fixture
def rscript(rlib, tmp_path, monkeypatch):
    """Run lines of R as `Rscript flow.R ARGS` in a folder of their own; gives the finished process."""
    monkeypatch.setenv("R_LIBS", str(rlib))
    monkeypatch.setenv("PYFLOW_PYTHON", sys.executable)

    def run(code: str, *args: str, **options: object) -> subprocess.CompletedProcess[str]:
        (tmp_path / "flow.R").write_text(code)
        return subprocess.run(
            ["Rscript", "flow.R", *args], cwd=tmp_path, capture_output=True, text=True, timeout=60, **options
        )

    return run


def test_graph_is_valid_and_has_the_lines_of_its_steps(rscript, tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    done = rscript(FLOW, "show", "--json")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    jsonschema.validate(data, json.loads(SCHEMA.read_text()))
    graph = parse_graph(data)
    assert check_graph(graph) == []
    assert graph.file == str(tmp_path / "flow.R")
    assert {step.name: step.line for step in graph.steps} == {
        "start": 12, "left": 15, "right": 16, "both": 22, "fan": 23, "each": 24, "all": 25, "end": 26
    }  # fmt: skip
    assert [(d.name, d.line) for d in graph.step("right").decorators] == [("catch", 18), ("environment", 19)]
    assert [(p.name, p.type, p.line) for p in graph.parameters] == [
        ("movies", "text", 6), ("alpha", "float", 7), ("genres", "str", 8), ("options", "json", 9), ("needed", "int", 10)
    ]  # fmt: skip
    assert graph.parameters[3].default == {"depth": 3, "names": ["x", "y"]}
    assert graph.step("right").function.file == str(tmp_path / "right.py")


def test_no_arguments_is_check(rscript):
    bare, check = rscript(FLOW), rscript(FLOW, "check")
    assert bare.returncode == check.returncode == 0
    assert (bare.stdout, bare.stderr) == (check.stdout, check.stderr)
    assert "FrontFlow" in bare.stdout + bare.stderr


def test_a_python_flow_without_arguments_does_the_same(rscript, tmp_path):
    """Both front ends give the same words for the same flow."""
    r_flow = 'library(rflow)\nflow("TinyFlow") |> step("start", next_step = "end") |> step("end") |> run()\n'
    python_flow = (
        "from pyflow import FlowSpec, step\n\n\nclass TinyFlow(FlowSpec):\n"
        "    @step\n    def start(self):\n        self.next(self.end)\n\n    @step\n    def end(self):\n        pass\n\n\n"
        'if __name__ == "__main__":\n    TinyFlow()\n'
    )
    (tmp_path / "flow.py").write_text(python_flow)
    python = subprocess.run([sys.executable, "flow.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    r = rscript(r_flow)
    assert (python.returncode, python.stdout, python.stderr) == (r.returncode, r.stdout, r.stderr)


def test_help_names_the_command_as_it_was_typed(rscript):
    done = rscript(FLOW, "run", "--help")
    assert done.returncode == 0
    assert "Usage: Rscript flow.R run" in done.stdout
    assert "learning rate" in done.stdout


@pytest.mark.parametrize(
    ("code", "args", "exit_code", "expected"),
    [
        (FLOW, ("rnu",), 2, "run"),
        (FLOW, ("run", "--alhpa", "1"), 2, "alpha"),
        (FLOW.replace('next_step = "fan"', 'next_step = "fam"'), (), 1, "flow.R:22"),
        (FLOW.replace('step("each"', 'step("all"'), (), 1, "flow.R:25"),
        (FLOW.replace('parameter("alpha"', 'parameter("genres"'), (), 1, "genres"),
        (FLOW.replace("retry(times = 1)", "retry(times = 9)"), (), 1, "flow.R:15"),
        (FLOW.replace('step("end")', 'step("end", )'), (), 1, "comma too many"),
        (FLOW.replace("retry(times = 1)", 'retry(times = "x")'), (), 1, "retry(): `times` must be a number"),
        (FLOW.replace("foreach =", "for_each ="), (), 1, "Did you mean `foreach`?"),
        (FLOW.replace("default = 0.5", "default = \\() stop('no network')"), (), 1, "no network"),
    ],
)
def test_mistakes_are_told_with_place_and_remedy(rscript, code, args, exit_code, expected):
    done = rscript(code, *args)
    assert done.returncode == exit_code, done.stdout + done.stderr
    assert expected in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_python_missing(rscript, monkeypatch):
    monkeypatch.setenv("PYFLOW_PYTHON", "/nowhere/python")
    done = rscript(FLOW)
    assert done.returncode == 1
    assert "There is no Python at /nowhere/python, which PYFLOW_PYTHON names." in done.stderr


def test_nothing_is_left_in_the_temporary_folder(rscript, tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    assert rscript(FLOW).returncode == 0
    assert list(temporary.iterdir()) == []


def test_the_process_is_replaced_so_that_signals_reach_python(rscript, rlib, tmp_path):
    """The pid that was started becomes Python, and Ctrl-C ends it with 130."""
    code = (
        'library(rflow)\nflow("SlowFlow") |>\n'
        '  step("start", \\(self) Sys.sleep(60), next_step = "end") |>\n  step("end") |>\n  run()\n'
    )
    (tmp_path / "flow.R").write_text(code)
    with subprocess.Popen(
        ["Rscript", "flow.R", "run"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        try:
            _wait_for(lambda: "pyflow.cli.handover" in _command_line(process.pid))
            for line in process.stdout:
                if "run-id" in line:
                    break
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=30)
        finally:
            process.kill()
        assert process.returncode == 130, rest


def _command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def _wait_for(condition, seconds: float = 20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def test_in_a_session_a_failed_check_is_a_classed_condition(rscript, tmp_path):
    bad = FLOW.replace('next_step = "fan"', 'next_step = "fam"').replace("  run()", "  identity() -> broken")
    (tmp_path / "broken.R").write_text(bad)
    session = (
        'source("broken.R")\n'
        "problem <- tryCatch(check(broken), rflow_error_run_failed = identity)\n"
        'cat(class(problem)[1], conditionMessage(problem), sep = "\\n")\n'
    )
    done = rscript(session)
    assert done.returncode == 0, done.stderr
    assert "rflow_error_run_failed\nFlow FrontFlow failed (exit code 1)." in done.stdout
    assert f"{os.path.join(tmp_path, 'broken.R')}:22" in done.stdout


DEFINITION = """\
tripled <- function(x) 3 * x
defined <- flow("DrivenFlow") |>
  parameter("alpha", default = 1) |>
  step("start", \\(self) self$result <- tripled(self$alpha), next_step = "end") |>
  step("end", \\(self) cat("result is", self$result, "\\n"))
"""


@pytest.mark.parametrize(
    "code",
    [
        'library(rflow)\nsource("definition.R")\nrun(defined)\n',
        'library(rflow)\nmain <- function() {\n  source("definition.R")\n  if (!interactive()) run(defined)\n}\nmain()\n',
        'library(rflow)\nsource("definition.R")\nrun(defined, alpha = 2)\n',
    ],
    ids=["sourced", "in a function", "with a value that the command line replaces"],
)
def test_a_script_may_take_its_flow_from_another_file(rscript, tmp_path, code):
    (tmp_path / "definition.R").write_text(DEFINITION)
    done = rscript(code, "run", "--alpha", "4")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "result is 12" in done.stdout

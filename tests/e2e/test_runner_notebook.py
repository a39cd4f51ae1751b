"""Flows that are defined and run in a notebook: NBRunner in a Jupyter kernel of Python, run() in one of R."""

from __future__ import annotations

import subprocess

import pytest

from tests.e2e.notebooks import Notebook

PYTHON = [
    """
from __future__ import annotations
import math
import pandas as pd
from pyflow import FlowSpec, NBRunner, Parameter, step, user_step_decorator
import beside

table = pd.DataFrame({"x": [1, 2, 3]})
FACTOR = 3
unused = object()

def scaled(x: int) -> float:
    return base(x) * FACTOR + math.floor(0.5) + beside.one()
""",
    """
def base(x):
    return square(x) + int(table.x.sum())  # table is a value of the session

square = lambda x: x * x

@user_step_decorator
def announced(step_name, flow, inputs=None):
    print("before", step_name)
    yield
""",
    """
class NotebookFlow(FlowSpec):
    FACTOR = FACTOR
    alpha = Parameter("alpha", default=1)

    @announced
    @step
    def start(self):
        self.result = scaled(self.alpha)
        print("result is", self.result)
        self.next(self.end)

    @step
    def end(self):
        if self.alpha > 9:
            raise ValueError("too large")

run = NBRunner(NotebookFlow).nbrun(alpha=2, tags=["nb"])
""",
    """
import os
print(run.data.result, run.data.FACTOR, run.user_tags, "NotebookFlow_notebook.py" in os.listdir())
code = run.code["NotebookFlow_notebook.py"]
print("unused" in code, code.count("def base"))
""",
    """
failed = NBRunner(NotebookFlow, show_output=False).nbrun(alpha=10)
print(failed.status, failed.exception.message)

class NotebookFlow(FlowSpec):
    alpha = Parameter("alpha", default=1)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        self.result = self.alpha

resumed = NBRunner(NotebookFlow, show_output=False).nbresume()
print(resumed.origin == failed.id, resumed.data.result)
""",
    """
async with NBRunner(NotebookFlow) as runner:
    first, second = await runner.async_run(alpha=5), await runner.async_run(alpha=6)
    async for position, line in first.stream_log("stdout"):
        if "Task" in line:
            print(line)
    await second.wait(timeout=60)
    print(first.status, first.run.data.result, second.run.data.result)
    try:
        await runner.async_run(alhpa=1)
    except Exception as error:
        print(type(error).__name__, error)
""",
]


def test_a_flow_of_a_jupyter_notebook(project, monkeypatch):
    project.write(beside_py="def one():\n    return 1\n")
    notebook = Notebook("python", project, PYTHON, monkeypatch)
    shown = notebook.text(2)
    assert "Workflow starting" in shown and "before start" in shown and "result is 31" in shown
    assert {item["output_type"] for item in notebook.outputs(2)} == {"stream"}
    assert notebook.text(3) == "31 3 frozenset({'nb'}) False\nFalse 1\n"
    assert notebook.text(4) == "failed too large\nTrue 10\n"
    assert "Task is starting." in notebook.text(5)
    assert notebook.text(5).endswith(
        "successful 5 6\nUsageError run takes no argument 'alhpa'\nDid you mean 'alpha'?\n"
    )
    project.no_process_left()


R = [
    """
library(rflow)
offset <- 3
shifted <- function(x) x + offset
notebook_flow <- flow("NotebookFlow") |>
  parameter("alpha", default = 1) |>
  step("start", \\(self) {
    cat("alpha is", self$alpha, "\\n")
    self$result <- shifted(self$alpha)
    Sys.sleep(0.5)
  }, next_step = "end") |>
  step("end", \\(self) if (self$alpha > 9) stop("too large"))
result <- run(notebook_flow, alpha = 2)
""",
    "result$data$result",
    """
problem <- tryCatch(run(notebook_flow, alpha = 10), rflow_error_run_failed = identity)
cat("told:", conditionMessage(problem))
""",
    """
executing <- run_background(notebook_flow, alpha = 4)
cat(executing$status, executing$wait()$status, executing$run$data$result)
""",
]


@pytest.fixture
def irkernel(rlib):
    found = subprocess.run(["Rscript", "-e", "library(IRkernel)"], capture_output=True)
    if found.returncode != 0:
        pytest.skip("the R package IRkernel is not installed; tools/setup.sh installs it")


def test_a_flow_of_an_r_notebook(project, irkernel, monkeypatch):
    notebook = Notebook("R", project, R, monkeypatch)
    assert "alpha is 2" in notebook.text(0) and "Done!" in notebook.text(0)
    # The output came while the run went on, not in one piece at its end.
    assert len([item for item in notebook.outputs(0) if item["output_type"] == "stream"]) >= 1
    assert notebook.text(1) == "[1] 5"
    assert "too large" in notebook.text(2)
    assert notebook.text(2).partition("told: ")[2].endswith("failed in step end (task 2): too large")
    assert notebook.text(3) == "running successful 7"
    project.no_process_left()

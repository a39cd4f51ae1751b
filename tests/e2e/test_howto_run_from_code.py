"""The code of docs/howto/run-from-code.md, run as it stands there, on a flow that it could be about."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs/howto/run-from-code.md").read_text("utf-8")

FLOW_PY = """
from pyflow import FlowSpec, Parameter, step


class MyFlow(FlowSpec):
    alpha = Parameter("alpha", default=1.0)

    @step
    def start(self):
        self.next(self.fit)

    @step
    def fit(self):
        self.result = self.alpha * 2
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    MyFlow()
"""
FLOW_R = r"""
library(rflow)
my_flow <- flow("MyFlow") |>
  parameter("alpha", default = 1) |>
  step("start", next_step = "fit") |>
  step("fit", \(self) {
    if (self$alpha < 0) stop("alpha must be positive")
    self$result <- 2 * self$alpha
  }, next_step = "end") |>
  step("end")
"""


def code(language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert len(found) >= 2
    return "\n".join(found)


def test_the_python_code(project):
    lines = (
        'print("BEST", best.data.result, "NOTEBOOK", run.data.result, executing.status, executing.run.data.result)\n'
    )
    project.write(flow_py=FLOW_PY, page_py=code("python") + lines)
    done = project.in_python("page.py")
    assert done.code == 0, done.text
    assert done.out.endswith("BEST 1.8 NOTEBOOK 6.0 successful 1.0\n")
    project.no_process_left()


def test_the_r_code(project, rlib):
    lines = (
        'cat("RESULTS", results, result$data$result, again$origin == result$id, problem$step, class(problem$run)[1])\n'
    )
    page = code("r") + f'cat("MESSAGE", conditionMessage(problem), "\\n")\n{lines}'
    project.write(flow_R=FLOW_R, page_R=page)
    done = subprocess.run(
        ["Rscript", "-e", 'source("page.R")'],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("RESULTS 0.2 1 1.8 1 TRUE fit rflow_client_run")
    assert re.search(
        r"MESSAGE Run MyFlow/\d+ failed in step fit \(task 2\): alpha must be positive\nAt .*flow\.R:7\.", done.stdout
    )
    project.no_process_left()


def test_the_message_of_a_mistake(project):
    lines = 'from pyflow import Runner\ntry:\n    Runner("flow.py").run(alhpa=1)\n'
    lines += "except Exception as error:\n    print(f'{type(error).__name__}: {error}')\n"
    project.write(flow_py=FLOW_PY, page_py=lines)
    assert project.in_python("page.py").out in PAGE

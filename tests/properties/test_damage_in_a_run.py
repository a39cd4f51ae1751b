"""A step that reads a damaged artifact fails with an error that says which artifact, of which run, in which file."""

import os
import subprocess
import sys

import pytest

from pyflow.client import Flow, catalog

# The second step damages the file that the third one reads.
FLOW = """
import numpy as np
import pandas as pd

from pyflow import FlowSpec, lazy, r_step, step


class DamageFlow(FlowSpec):
    @step
    def start(self):
        self.table = pd.DataFrame({{"x": np.arange(40_000.0)}})
        self.next(self.damage)

    @step
    def damage(self):
        path = lazy(self).table.path
        path.chmod(0o644)
        with path.open("r+b") as file:
            file.seek(-{place}, 2)
            file.write(b"?")
        self.next(self.look)

    {look}

    @step
    def end(self):
        pass


if __name__ == "__main__":
    DamageFlow()
"""
IN_PYTHON = """@step
    def look(self):
        self.sum = self.table["x"].sum()
        self.next(self.end)
"""
IN_R = 'look = r_step("look.R", "look", next="end")\n'


@pytest.mark.parametrize("look", [IN_PYTHON, IN_R], ids=["python", "r"])
@pytest.mark.parametrize("place", [100_000, 3], ids=["values", "footer"])
def test_the_failure_names_artifact_run_and_file(look, place, rlib, tmp_path):
    (tmp_path / "flow.py").write_text(FLOW.format(look=look, place=place))
    (tmp_path / "look.R").write_text("look <- function(self) self$sum <- sum(self$table$x)\n")
    environment = {**os.environ, "R_LIBS": str(rlib), "PYFLOW_PYTHON": sys.executable}
    command = [sys.executable, "flow.py", "run"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=120)
    assert done.returncode == 1
    catalog._opened.cache_clear()
    run = Flow("DamageFlow").latest_run
    digest = run["start"].task["table"].digest
    for text in (done.stdout + done.stderr, str(run["look"].task.exception)):
        for part in (
            digest,
            f"DamageFlow/{run.id}",
            "'table'",
            str(tmp_path / ".pyflow" / "blobs" / digest[:2] / digest),
        ):
            assert part in text

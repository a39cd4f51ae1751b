"""run() in a session of R that something else ends or depends on: its exit code, and its interrupt."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from tests.e2e.project import wait_for

FLOW = r"""
library(rflow)
session_flow <- flow("SessionFlow") |>
  parameter("slow", default = FALSE) |>
  step("start", \(self) {
    if (!self$slow) stop("not today")
    file.create("begun")
    Sys.sleep(60)
  }, next_step = "end") |>
  step("end")
"""


@pytest.fixture
def session(project, rlib):
    """Start a session that runs lines of R."""

    def start(code: str) -> subprocess.Popen[str]:
        project.write(flow_R=FLOW, session_R=f'source("flow.R")\n{code}')
        return subprocess.Popen(
            ["Rscript", "-e", 'source("session.R")'],
            cwd=project.folder,
            env=project.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    return start


def test_a_script_whose_run_fails_ends_with_an_exit_code(session, project):
    process = session('run(session_flow)\ncat("not reached")')
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "not reached" not in out
    assert "Step failure: Step start" in out
    run = project.latest
    assert f"Error: Run {run.pathspec} failed in step start (task 1): not today\nAt " in err


def test_a_script_whose_run_cannot_begin_ends_with_an_exit_code(session, project):
    process = session("run(session_flow, fast = TRUE)")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert "Error: Flow SessionFlow was not run (exit code 2).\nNo such option '--fast'" in err
    assert not project.root.exists()


@pytest.mark.parametrize("group", [False, True], ids=["the session alone", "its whole group"])
def test_an_interrupt_of_the_session_ends_the_run(session, project, group):
    process = session('run(session_flow, slow = TRUE)\ncat("not reached")')
    try:
        wait_for(lambda: (project.folder / "begun").exists() or process.poll() is not None, 60)
        (os.killpg if group else os.kill)(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode != 0
    assert "not reached" not in out
    assert "Workflow interrupted" in out, err
    assert project.latest.status == "interrupted"
    project.no_process_left()

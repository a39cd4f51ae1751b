"""Whatever dies, nothing of the run is left after 5 s, nothing counts as a success, and the next run works."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.e2e.forms import FlowText, Step
from tests.e2e.project import kill, wait_for

# Says that it is there, starts a child, and waits for a file that only the second run finds.
WAIT_PY = """
import subprocess, time
if not os.path.exists("go"):
    subprocess.Popen(["sleep", "300"])
    subprocess.Popen(["sleep", "301"], start_new_session=True)
    open("{name}.started", "w").close()
while not os.path.exists("go"):
    time.sleep(0.05)
self.value = "{name}"
"""
WAIT_R = """
if (!file.exists("go")) {{
  system("sleep 300", wait = FALSE)
  system("setsid sleep 301", wait = FALSE)
  file.create("{name}.started")
}}
while (!file.exists("go")) Sys.sleep(0.05)
self$value <- "{name}"
"""


def waiting(name, next="join"):
    return Step(name, WAIT_PY.format(name=name), WAIT_R.format(name=name), next=next)


# In both mixed forms one of the two is Python and one is R.
FLOW = FlowText(
    "FaultyFlow",
    (
        Step("start", next=("main", "other")),
        waiting("main"),
        waiting("other"),
        Step(
            "join",
            "self.values = [item.value for item in inputs]",
            'self$values <- unname(unlist(gather_inputs(inputs, "value")))',
            next="end",
            join=True,
        ),
        Step("end"),
    ),
    other=frozenset({"other"}),
    top_py="import os",
)
MIXED = ("python_with_r", "r_with_python")


class Family:
    """The processes of a run by what they are."""

    def __init__(self, project, engine, form):
        lines = project.processes()
        self.engine = engine
        (self.python_server,) = [
            pid for pid, line in lines.items() if "pyflow.runner" in line and _parent(pid) == engine
        ]
        (self.r_server,) = [pid for pid, line in lines.items() if "zygote_main" in line and _parent(pid) == engine]
        self.runners = sorted(
            pid for pid in lines if _parent(pid) == self.python_server and "pyflow.runner" in lines[pid]
        )
        (self.r_child,) = [pid for pid in lines if _parent(pid) == self.r_server and "zygote_main" in lines[pid]]
        # `main` is started first.
        self.python_runner, self.r_runner = self.runners if form == "python_with_r" else reversed(self.runners)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.fixture
def started(project, form):
    """The flow's run, as soon as both of its tasks are at work: the process and its family."""
    project.write(**FLOW.files(form))
    with project.started("run") as process:
        project.wait_for_files(process, "main.started", "other.started")
        yield process, Family(project, process.pid, form)


def assert_over(project, process, *, code, statuses):
    assert process.wait(timeout=30) == code, project.output
    project.no_process_left()
    run = project.latest
    assert run.status in statuses
    assert not run.successful and run.finished
    assert not [task for step in run for task in step if task.status == "running"]
    assert run["start"].task.successful
    assert "join" not in run
    assert "Done!" not in project.output
    shown = project.call("logs", f"{run.id}/start")
    assert shown.code == 0


def assert_next_run_works(project, form):
    (project.folder / "go").touch()
    run = project.run()
    assert list(run.data.values) == ["main", "other"]
    project.no_process_left()
    assert not list((project.folder / "tmp").glob("*.started"))


@pytest.mark.parametrize("form", MIXED, indirect=True)
def test_kill_the_engine(project, form, started):
    process, family = started
    kill(family.engine)
    process.wait()
    assert_over(project, process, code=-signal.SIGKILL, statuses=["interrupted"])
    assert project.latest["main"].task.status == "interrupted"
    assert_next_run_works(project, form)
    assert [run.status for run in project.flow.runs()] == ["success", "interrupted"]


@pytest.mark.parametrize(
    ("form", "victim", "code", "message"),
    [
        ("python_with_r", "python_runner", "step_crashed", "was ended by signal 9 (SIGKILL)"),
        ("r_with_python", "r_runner", "step_crashed", "was ended by signal 9 (SIGKILL)"),
        ("python_with_r", "r_child", "step_crashed", "R was ended by signal 9 (SIGKILL)"),
        ("r_with_python", "r_child", "step_crashed", "R was ended by signal 9 (SIGKILL)"),
        ("python_with_r", "r_server", "host_lost", "fork server"),
        ("r_with_python", "python_server", "host_lost", "the Python fork server died"),
    ],
    indirect=["form"],
)
def test_kill_a_process_of_the_run(project, form, started, victim, code, message):
    process, family = started
    began = time.monotonic()
    kill(getattr(family, victim))
    assert_over(project, process, code=1, statuses=["failed"])
    assert time.monotonic() - began < 15
    assert project.latest.exception.code == code
    assert message in project.output
    assert "Step failure: Step" in project.output
    assert_next_run_works(project, form)


IDLE = FlowText(
    "IdleFlow",
    (
        Step("start", next=("slow", "first")),
        Step("slow", "open('slow.started', 'w').close()\nwait_for('go-slow')\nself.value = 'slow'", next="join"),
        Step("first", "open('first.started', 'w').close()\nwait_for('go-first')", next="second"),
        Step("second", r="file.create('go-slow')\nself$value <- 'second'", next="join"),
        Step("join", "self.values = [item.value for item in inputs]", next="end", join=True),
        Step("end"),
    ),
    other=frozenset({"second"}),
    top_py="""
    import os, time

    def wait_for(name):
        while not os.path.exists(name):
            time.sleep(0.02)
    """,
)


def has_ended(pid):
    """Whether nothing but its exit status is left of a process: while it ends it still holds its sockets."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("form", ["python_with_r"], indirect=True)
def test_kill_a_fork_server_that_has_no_task(project, form):
    """It is started again when it is needed, and the tasks of the other language stay at work."""
    project.write(**IDLE.files(form))
    with project.started("run") as process:
        project.wait_for_files(process, "slow.started", "first.started")
        (r_server,) = [pid for pid, line in project.processes().items() if "zygote_main" in line]
        kill(r_server)
        wait_for(lambda: has_ended(r_server))
        (project.folder / "go-first").touch()
        assert process.wait(timeout=60) == 0, project.output
        project.no_process_left()
    run = project.latest
    assert run.data.values == ["slow", "second"]
    assert [len(task.attempts) for step in run for task in step] == [1] * 6


@pytest.mark.parametrize(
    ("form", "number"),
    [
        ("python_with_r", signal.SIGINT),
        ("r_with_python", signal.SIGINT),
        ("python_with_r", signal.SIGTERM),
        ("r_with_python", signal.SIGHUP),
    ],
    indirect=["form"],
)
def test_signals_stop_the_run_in_order(project, form, started, number):
    process, _ = started
    # As a terminal does it: the whole foreground process group gets the signal.
    os.killpg(process.pid, number)
    assert_over(project, process, code=130, statuses=["interrupted"])
    assert f"Workflow interrupted (run-id {project.latest.id})." in project.output
    assert "Traceback" not in project.output
    assert project.latest["other"].task.status == "interrupted"
    assert_next_run_works(project, form)


STUBBORN = FlowText(
    "StubbornFlow",
    (
        Step("start", next=("failing", "stubborn")),
        Step(
            "failing",
            """
            import os, time
            while not os.path.exists("stubborn.started"):
                time.sleep(0.02)
            def inner():
                raise ValueError("the first failure")
            inner()
            """,
            """
            while (!file.exists("stubborn.started")) Sys.sleep(0.02)
            inner <- function() stop("the first failure")
            inner()
            """,
            next="join",
        ),
        Step(
            "stubborn",
            """
            import signal, time
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            open("stubborn.started", "w").close()
            while True:
                print("still here")
                time.sleep(0.5)
            """,
            """
            file.create("stubborn.started")
            repeat try(repeat { cat("still here\\n"); Sys.sleep(0.5) })
            """,
            next="join",
        ),
        Step("join", next="end", join=True),
        Step("end"),
    ),
    other=frozenset({"failing"}),
)


def test_a_failure_stops_the_others_after_the_grace_time_and_is_shown_last(project, form):
    project.write(**STUBBORN.files(form))
    began = time.monotonic()
    done = project.call("run")
    seconds = time.monotonic() - began
    assert done.code == 1
    assert seconds < 20
    assert "Terminating 1 active tasks..." in done.out
    assert done.out.count("Task failed.") == 1, "what was stopped did not fail"
    run = project.latest
    assert (run.status, run.exception.message, run.exception.step) == ("failed", "the first failure", "failing")
    assert run["stubborn"].task.status == "interrupted"
    python = STUBBORN.language("failing", form) == "python"
    last = done.err[done.err.index("Workflow failed.") :].splitlines()
    assert ("ValueError: the first failure" if python else "the first failure") in "\n".join(last)
    assert "inner" in "\n".join(last)
    assert last[-1].startswith("Step failure: Step failing (task-id 2, run-id")
    project.no_process_left()


def test_a_second_ctrl_c_waits_for_no_grace_time(project):
    flow = FlowText("StubbornFlow", (Step("start", STUBBORN.steps[2].py, next="end"), Step("end")))
    project.write(**flow.files("python"))
    with project.started("run") as process:
        project.wait_for_files(process, "stubborn.started")
        process.send_signal(signal.SIGINT)
        wait_for(lambda: "Terminating" in project.output)
        assert process.poll() is None, "the first one leaves time"
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=4) == 130
        assert time.monotonic() - began < 4
        project.no_process_left()
    assert project.latest.status == "interrupted"


def test_kill_the_engine_of_a_run_with_fresh_interpreters(project, rlib):
    project.write(**FLOW.files("python_with_r"))
    with project.started("run", "--isolation", "spawn") as process:
        project.wait_for_files(process, "main.started", "other.started")
        kill(process.pid)
        process.wait()
        project.no_process_left()
    assert project.latest.status == "interrupted"

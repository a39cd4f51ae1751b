"""What tasks print: live, whole, from every source, and errors as their own language shows them."""

from __future__ import annotations

import re

import pytest

from tests.e2e.forms import FlowText, Step
from tests.e2e.project import wait_for

LINE = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[(?P<task>\d+/\w+/\d+) \(pid (?P<pid>\d+)\)\] (?P<text>.*)$"
)

SOURCES = FlowText(
    "SourcesFlow",
    (
        Step("start", next="speak"),
        Step(
            "speak",
            """
            import ctypes, os, subprocess, sys, time, warnings
            print("printed")
            print("to stderr", file=sys.stderr)
            sys.stdout.write("half a line, ")
            print("the other half")
            ctypes.CDLL(None).puts(b"from C")
            ctypes.CDLL(None).fflush(None)
            subprocess.run(["sh", "-c", "echo from a child; echo child stderr >&2"])
            warnings.warn("a warning")
            print("ünïcode 你好")
            os.write(1, b"bad \\xff byte\\n")
            open("spoken", "w").close()
            while not os.path.exists("heard"):
                time.sleep(0.02)
            sys.stdout.write("no line end")
            """,
            """
            print("printed")
            message("to stderr")
            cat("half a line, ")
            cat("the other half\\n")
            cat("from C\\n", file = "/dev/stdout", append = TRUE)
            system("echo from a child; echo child stderr >&2")
            warning("a warning")
            cat("ünïcode 你好\\n")
            system("printf 'bad \\\\377 byte\\\\n'")
            file.create("spoken")
            while (!file.exists("heard")) Sys.sleep(0.02)
            cat("no line end")
            """,
            next="end",
        ),
        Step("end"),
    ),
)
EXPECTED = ["half a line, the other half", "from C", "from a child", "ünïcode 你好"]
# Bytes that are no text are shown as such, and are in the log as they were.
BAD = r"bad \xff byte"


def shown(text):
    """The lines of tasks in what a run printed: text -> (task, pid)."""
    found = [LINE.match(line) for line in text.splitlines()]
    return {m["text"]: (m["task"], int(m["pid"])) for m in found if m}


def test_lines_are_shown_while_the_task_runs(project, form):
    project.write(**SOURCES.files(form))
    printed = "printed" if SOURCES.language("speak", form) == "python" else '[1] "printed"'
    with project.started("run") as process:
        project.wait_for_files(process, "spoken")
        wanted = [printed, *EXPECTED, BAD, "to stderr", "child stderr"]
        wait_for(lambda: all(line in shown(project.output) for line in wanted), 20, lambda: project.output)
        assert "no line end" not in project.output
        task = project.latest["speak"].task
        assert task.status == "running" and "from C" in task.stdout
        (project.folder / "heard").touch()
        assert process.wait(timeout=60) == 0
    lines = shown(project.output)
    assert "no line end" in lines
    assert {lines[text] for text in wanted} == {(task.pathspec.partition("/")[2], task.pid)}
    task = project.latest["speak"].task
    assert task.stdout.endswith("no line end")
    assert [line for line in task.stdout.splitlines() if line in [printed, *EXPECTED]] == [printed, *EXPECTED]
    assert "to stderr\n" in task.stderr and "child stderr\n" in task.stderr and "a warning" in task.stderr
    assert "printed" not in task.stderr
    logs = project.call("logs", f"{project.latest.id}/speak", "--stderr")
    assert (logs.out, logs.err) == ("", task.stderr)
    data = project.call("logs", task.pathspec, "--json").json
    assert data == [{"task": task.pathspec, "attempt": 0, "stdout": task.stdout, "stderr": task.stderr}]


ERROR = FlowText(
    "ErrorFlow",
    (
        Step("start", next="work"),
        Step("work", "helper(self, 'x')", "helper(self, 'x')", next="end"),
        Step("end"),
    ),
    top_py="""
    class Trouble(Exception):
        pass

    def helper(self, what):
        values = {}
        try:
            return values[what]
        except KeyError as error:
            raise Trouble(f"no {what}") from error
    """,
    top_r="""
    trouble <- function(message, call) structure(class = c("trouble", "error", "condition"), list(message = message, call = call))
    helper <- function(self, what) {
      values <- list()
      stop(trouble(paste("no", what), sys.call()))
    }
    """,
)


def test_an_error_shows_the_users_code_and_nothing_else(project, form):
    files = ERROR.files(form)
    project.write(**files)
    done = project.call("run")
    assert done.code == 1
    error = project.latest.exception
    python = ERROR.language("work", form) == "python"
    name = {"python": "flow_py", "r": "flow_R", "python_with_r": "steps_R", "r_with_python": "steps_py"}[form]
    mark, file = "raise Trouble" if python else "stop(trouble", name.replace("_", ".")
    line = next(number for number, text in enumerate(files[name].splitlines(), 1) if mark in text)
    assert (error.message, error.language) == ("no x", "python" if python else "r")
    assert error.type == ("Trouble" if python else "trouble")
    assert error.file == str(project.folder / file)
    assert error.line == line
    last = done.err[done.err.index("Workflow failed.") :]
    assert f"({project.folder / file}:{line})" in last
    assert "no x" in last and "helper" in last
    for ours in (
        "pyflow/runner",
        "pyflow/hosts",
        "rflow:::",
        "host_user_frame",
        "call_user",
        "tryCatch",
        "withCallingHandlers",
    ):
        assert ours not in done.text
    if python:
        assert "Traceback (most recent call last)" in last and "KeyError: 'x'" in last
        assert "direct cause" in last
    else:
        assert re.search(r"helper\(self, .x.\)", last), "the call is shown"
        assert f"{file}:{line}" in last
    assert error.traceback in project.latest["work"].task.stderr


HUGE = FlowText(
    "HugeFlow",
    (
        Step("start", next="speak"),
        Step(
            "speak",
            "import sys\nfor _ in range(10):\n    sys.stdout.write('x' * 1_000_000)\nprint()\nprint('after')",
            "for (i in 1:10) cat(strrep('x', 1e6))\ncat('\\\\n')\ncat('after\\\\n')".replace("\\\\", "\\"),
            next="end",
        ),
        Step("end"),
    ),
)


@pytest.mark.parametrize("form", ["python", "r"], indirect=True)
def test_ten_megabytes_without_a_line_end(project, form):
    project.write(**HUGE.files(form))
    done = project.call("run")
    assert done.code == 0, done.err
    assert done.out.count("x") >= 10_000_000
    assert "after" in shown(done.out)
    assert project.latest["speak"].task.stdout == "x" * 10_000_000 + "\nafter\n"

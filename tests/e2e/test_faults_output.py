"""A step that prints a gigabyte: all of it is in the log, and no process of the run holds it in memory."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.e2e.forms import FlowText, Step

GB = 1_000_000_000
LINES = 100_000
FLOW = FlowText(
    "LoudFlow",
    (
        Step("start", next="speak"),
        Step(
            "speak",
            f"line = 'x' * 9_999\nfor _ in range({LINES}):\n    print(line)\nprint('after')",
            f"lines <- rep(strrep('x', 9999), 1000)\nfor (i in 1:{LINES // 1000}) writeLines(lines)\ncat('after\\n')",
            next="end",
        ),
        Step("end"),
    ),
)


# Run by a process of its own: a child is charged for the memory of the one that starts it, and that of the tests is large.
MEASURE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
with open(sys.argv[1], "w") as file:
    print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=file)
"""


def call(project, *args):
    """Exit code, and the most memory in MB that the command or one of its processes took; it prints to output.txt."""
    found = project.folder / "measured"
    command = [sys.executable, "-S", "-c", MEASURE, str(found), *project.command(*args)]
    with project.output_file.open("wb") as output:
        subprocess.run(command, cwd=project.folder, env=project.environment, stdout=output, stderr=output, check=True)
    return tuple(map(int, found.read_text().split()))


@pytest.mark.parametrize("form", ["python", "r"], indirect=True)
def test_a_gigabyte_of_output(project, form):
    project.write(**FLOW.files(form))
    try:
        code, memory = call(project, "run")
        assert code == 0
        assert memory < 250
        run = project.latest
        (log,) = project.root.glob(f"runs/LoudFlow/{run.id}/speak/*/0/stdout.log")
        assert log.stat().st_size == GB + len("after\n")
        # The terminal gets what it can take, is told of the rest, and has the end.
        shown = project.output.splitlines()
        assert any(f"bytes are not shown here; they are in {log}" in line for line in shown)
        assert any(line.endswith("] after") for line in shown)
        assert project.output_file.stat().st_size < GB / 2
        del shown
        if form == "python":
            code, memory = call(project, "logs", f"{run.id}/speak", "--stdout")
            assert (code, project.output_file.stat().st_size) == (0, GB + len("after\n"))
            assert memory < 250
    finally:
        shutil.rmtree(project.folder)

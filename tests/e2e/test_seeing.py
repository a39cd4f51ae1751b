"""What is seen of runs: status, logs as they come, the graph as an image, HTML in notebooks and viewers."""

from __future__ import annotations

import re
import subprocess
import xml.etree.ElementTree as ET

import pytest

from pyflow.views.page import document
from tests.e2e.forms import FlowText, Step
from tests.e2e.notebooks import Notebook

WAIT_PY = """
import pathlib, time
print("begun", flush=True)
pathlib.Path("begun").touch()
while not pathlib.Path("go").exists():
    time.sleep(0.05)
print("going on")
"""
WAIT_R = """
cat("begun\\n")
file.create("begun")
while (!file.exists("go")) Sys.sleep(0.05)
cat("going on\\n")
"""
SLOW = FlowText("SlowFlow", (Step("start", "print('first')", "cat('first\\n')", next="wait"), Step("wait", WAIT_PY, WAIT_R, next="end"), Step("end", "self.x = 1", "self$x <- 1")))  # fmt: skip
SEEN = FlowText(
    "SeenFlow",
    (
        Step("start", "self.items = ['<a>', 'b']", "self$items <- c('<a>', 'b')", next="work", foreach="items"),
        Step("work", "self.item = self.input", "self$item <- self$input", next="join"),
        Step("join", "import pandas as pd\nself.table = pd.DataFrame({'x': [1.5, 2.5], 'g': ['<i>', 'b']})", "self$table <- data.frame(x = c(1.5, 2.5), g = c('<i>', 'b'))", next="end", join=True),
        Step("end", "self.score = 0.5", "self$score <- 0.5"),
    ),
    py='alpha = Parameter("alpha", default=1)',
    r='parameter("alpha", default = 1L)',
)  # fmt: skip


def test_status_and_followed_logs_show_a_run_while_it_goes_on(project, form):
    project.write(**SLOW.files(form))
    with project.started("run") as process:
        project.wait_for_files(process, "begun")
        (found,) = project.call("status", "--json").json
        assert found["run"].startswith("SlowFlow/") and found["user"] == "ann"
        assert found["steps"] == [{"step": "start", "tasks": {"success": 1}}, {"step": "wait", "tasks": {"running": 1}}]
        shown = project.call("status").out
        assert "wait: 1 running" in shown
        command = project.command("logs", "--follow", found["run"])
        follower = subprocess.Popen(
            command, cwd=project.folder, env=project.environment, stdout=subprocess.PIPE, text=True
        )
        lines = [follower.stdout.readline() for _ in range(2)]
        assert ["] first" in lines[0], "] begun" in lines[1]] == [True, True], lines
        (project.folder / "go").touch()
        assert follower.stdout.read().endswith("] going on\n")
        assert follower.wait(20) == 0
        follower.stdout.close()
        assert process.wait(30) == 0
    assert project.call("status").out == "Nothing runs now.\n"
    again = project.call("logs", "--follow", project.latest.id + "/wait")
    assert "begun" in again.out and "first" not in again.out


def test_followed_logs_end_with_a_run_that_dies(project):
    project.write(**SLOW.files("python"))
    with project.started("run") as process:
        project.wait_for_files(process, "begun")
        command = project.command("logs", "--follow", project.latest.id)
        follower = subprocess.Popen(
            command, cwd=project.folder, env=project.environment, stdout=subprocess.PIPE, text=True
        )
        assert "first" in follower.stdout.readline()
        process.kill()
        assert follower.wait(20) == 0
        follower.stdout.close()


def test_the_graph_is_drawn_before_and_after_a_run(project, form, run_flow):
    run = run_flow(SEEN)
    assert project.call("show", "--svg", "graph.svg").code == 0
    image = ET.parse(project.folder / "graph.svg").getroot()
    assert len(list(image.iter("{http://www.w3.org/2000/svg}rect"))) == 4
    html = run._repr_html_()
    assert html.count("<svg") == 2 and "2 tasks" in html and "success" in html and "SeenFlow" in html
    assert "alpha" in html and "score" in html
    assert run["join"].task["table"]._repr_html_().count("<tr") >= 5


def test_html_shows_what_users_wrote_as_text(project, form, run_flow):
    run = run_flow(SEEN)
    pages = [run, run["work"], run["work"].task, run["join"].task, run["join"].task["table"], project.flow]
    for item in pages:
        html = item._repr_html_()
        assert "<i>" not in html and "<a>" not in html
        ET.fromstring(document("x", html.replace("&nbsp;", " ")).partition("<body>")[2].removesuffix("</body></html>"))


def test_r_shows_the_same_html(project, rlib, form, run_flow):
    run = run_flow(SEEN)
    code = f'suppressMessages(library(rflow)); r <- flow_client("SeenFlow")$run("{run.id}"); cat(jsonlite::toJSON(c(as_html(r), as_html(r[["join"]]$task), as_html(r$step("work")), view_html(r))))'
    shown = project.r(code)
    assert shown[0] == run._repr_html_()
    assert shown[1] == run["join"].task._repr_html_()
    assert shown[2] == run["work"]._repr_html_()
    assert shown[3].endswith(".html")


PAGE = '<div class="pyflow">'


def test_a_jupyter_notebook_shows_the_page(project, monkeypatch):
    project.write(**SEEN.files("python"))
    run = project.run()
    cells = ["from pyflow import Run", f"Run({run.pathspec!r})", f"Run({run.pathspec!r})['join'].task['table']"]
    notebook = Notebook("python", project, cells, monkeypatch)
    pages = ["".join(item["data"]["text/html"] for item in notebook.outputs(cell)) for cell in (1, 2)]
    assert pages[0].startswith(PAGE) and "<svg" in pages[0]
    assert pages[1].startswith(PAGE) and "1.5" in pages[1]
    assert run.pathspec in notebook.text(1)


def test_a_jupyter_notebook_of_r_shows_the_page(project, rlib, monkeypatch):
    if subprocess.run(["Rscript", "-e", "library(IRkernel)"], capture_output=True).returncode != 0:
        pytest.skip("the R package IRkernel is not installed")
    project.write(**SEEN.files("python"))
    run = project.run()
    cells = ["library(rflow)", f'flow_client("SeenFlow")$run("{run.id}")']
    notebook = Notebook("R", project, cells, monkeypatch)
    (shown,) = [item for item in notebook.outputs(1) if "data" in item]
    assert shown["data"]["text/html"].startswith(PAGE) and "<svg" in shown["data"]["text/html"]
    assert run.pathspec in shown["data"]["text/plain"]


def test_log_lines_carry_the_time_at_which_they_were_written(project, form, run_flow):
    run = run_flow(FlowText("TimedFlow", (Step("start", "import sys\nprint('out')\nprint('err', file=sys.stderr)", "cat('out\\n')\nmessage('err')", next="end"), Step("end"))))  # fmt: skip
    shown = project.call("logs", f"{run.id}/start", "--timestamps")
    time = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}"
    assert re.fullmatch(rf"{time} out\n", shown.out), shown.text
    assert re.search(rf"^{time} err$", shown.err, re.MULTILINE), shown.text

"""Every run keeps the code that it began with, and uses it; people look at it, compare it and get it back."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.e2e.forms import FlowText, Step

# The first step edits every file of the project, as somebody does who goes on working while the flow runs.
EDIT_PY = """
import pathlib
for path in [*pathlib.Path(".").glob("*.py"), *pathlib.Path(".").glob("*.R")]:
    path.write_text("# edited\\n" + path.read_text().replace("as it was", "as it is now"))
"""
EDIT_R = """
for (path in Sys.glob(c("*.py", "*.R"))) {
  writeLines(c("# edited", gsub("as it was", "as it is now", readLines(path))), path)
}
"""
EDITED = FlowText(
    "EditedFlow",
    (
        Step("start", EDIT_PY, EDIT_R, next="second"),
        Step(
            "second",
            "import later\nself.top = TOP\nself.later = later.text()",
            'source("later.R")\nself$top <- TOP\nself$later <- later()',
            next="third",
        ),
        Step("third", "self.text = 'as it was'", "self$text <- 'as it was'", next="end"),
        Step("end", "import later\nlater.fail()", 'source("later.R")\nlater_fail()'),
    ),
    top_py='TOP = "as it was"',
    top_r='TOP <- "as it was"',
)
LATER = {
    "later_py": 'def text():\n    return "as it was"\n\n\ndef fail():\n    raise ValueError("as it was")\n',
    "later_R": 'later <- function() "as it was"\n\nlater_fail <- function() {\n  stop("as it was")\n}\n',
}


@pytest.mark.parametrize("isolation", ["fork", "spawn"])
def test_editing_while_it_runs_changes_nothing(project, form, call_flow, isolation):
    project.write(**LATER)
    done = call_flow(EDITED, "--isolation", isolation)
    run = project.latest
    assert run.exception is not None, done.text
    assert "as it was" in run.exception.message, done.text
    data = run["third"].task.data
    assert (data.top, data.later, data.text) == ("as it was",) * 3
    file, line = ("later.py", 6) if EDITED.language("end", form) == "python" else ("later.R", 4)
    assert (run.exception.file, run.exception.line) == (str(project.folder / file), line)
    text = 'raise ValueError("as it was")' if file == "later.py" else 'stop("as it was")'
    assert text in run.exception.traceback, run.exception.traceback
    assert ".pyflow" not in run.exception.traceback


def test_a_restarted_server_loads_the_same_code(project, form, run_flow):
    """The server of a language is killed after the files were edited; the next task starts it again."""
    kill_py = (
        EDIT_PY
        + "\nimport os, signal\nif current.retry_count == 0:\n    os.kill(os.getppid(), signal.SIGKILL)\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    kill_r = EDIT_R + "\nif (current('retry_count') == 0) tools::pskill(Sys.getpid(), 9)\n"
    flow = FlowText(
        "RestartFlow",
        (
            Step("start", kill_py, kill_r, next="end", with_={"retry": {"times": 1, "minutes_between_retries": 0}}),
            Step("end", "self.top = TOP", "self$top <- TOP"),
        ),
        top_py='TOP = "as it was"',
        top_r='TOP <- "as it was"',
    )
    assert run_flow(flow).data.top == "as it was"


def test_files_beside_the_flow_are_found(project, form, run_flow):
    flow = FlowText(
        "BesideFlow",
        (
            Step(
                "start",
                "self.data = (HERE / 'data.txt').read_text()\nself.relative = open('data.txt').read()",
                "self$data <- readLines(file.path(HERE, 'data.txt'))\nself$relative <- readLines('data.txt')",
                next="end",
            ),
            Step(
                "end",
                "self.again = (HERE / 'data.txt').read_text()",
                "self$again <- readLines(file.path(dirname(this_file()), 'data.txt'))",
            ),
        ),
        top_py="import pathlib\nHERE = pathlib.Path(__file__).parent",
        top_r="HERE <- dirname(this_file())",
    )
    project.write(data_txt="the data\n")
    data = run_flow(flow).data
    assert {data.data.strip(), data.relative.strip(), data.again.strip()} == {"the data"}


SIMPLE = FlowText("SimpleFlow", (Step("start", next="end"), Step("end", "self.x = 1", "self$x <- 1")))


def test_equal_code_is_kept_once_and_hidden_folders_never(project, rlib):
    project.write(**SIMPLE.files("python"), helper_py="x = 1\n", _gitignore=b"secret.py\nbuild/\n", secret_py="no")
    (project.folder / ".venv/lib").mkdir(parents=True)
    (project.folder / ".venv/lib/big.py").write_text("no")
    (project.folder / "build").mkdir()
    (project.folder / "build/made.py").write_text("no")
    (project.folder / "sub").mkdir()
    (project.folder / "sub/part.sql").write_text("select 1")
    (project.folder / "notes.txt").write_text("no code")
    first, second = project.run(), project.run("--package-suffixes", ".txt")
    assert set(first.code.files) == {"flow.py", "helper.py", "sub/part.sql"}
    assert set(second.code.files) == {"flow.py", "helper.py", "sub/part.sql", "notes.txt"}
    assert project.run().code.digest == first.code.digest
    (project.folder / "helper.py").write_text("x = 2\n")
    assert project.run().code["helper.py"] == "x = 2\n"
    assert first.code["helper.py"] == "x = 1\n"


def test_a_large_file_is_left_out_with_a_message(project, rlib):
    project.write(**SIMPLE.files("python"), large_json=b"1" * (6 << 20))
    done = project.call("run")
    assert done.code == 0
    assert "large.json (6.3 MB)" in done.out
    assert set(project.latest.code.files) == {"flow.py"}


def git(folder, *args: str) -> str:
    command = ["git", "-c", "user.name=ann", "-c", "user.email=ann@example.org", *args]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def test_git_is_recorded(project, form, run_flow):
    git(project.folder, "init", "-q", "-b", "work")
    project.write(**SIMPLE.files(form), _gitignore=b".pyflow\n.rlib\n/tmp/\n/home/\n")
    git(project.folder, "add", "-A")
    git(project.folder, "commit", "-q", "-m", "first")
    commit = git(project.folder, "rev-parse", "HEAD").strip()
    run = project.run()
    assert (run.code.git.commit, run.code.git.branch, run.code.git.dirty) == (commit, "work", False)
    project.write(extra_py="new")
    assert project.run().code.git.dirty is True


def sources(project) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in project.folder.iterdir() if path.suffix in (".py", ".R")}


def test_diff_pull_and_a_patch_that_git_applies(project, form, run_flow):
    git(project.folder, "init", "-q")
    run = run_flow(SIMPLE, "--tag", "first", helper_py="one\ntwo\nthree\n", gone_py="was here", crlf_R=b"a\r\nb\r\n")
    before = sources(project)
    project.write(helper_py="one\n2\nthree", new_py="new\n", crlf_R=b"a\r\nc\r\n")
    (project.folder / "gone.py").unlink()
    done = project.call("code", "diff", run.id)
    assert {"-two", "+2"} <= set(done.out.splitlines()) and "+++ /dev/null" in done.out and "--- /dev/null" in done.out
    again = project.run()
    assert {"-two", "+2"} <= set(project.call("code", "diff", run.id, again.id).out.splitlines())
    assert project.call("code", "diff").out == ""
    done = project.call("code", "patch", run.id, "--file", "back.patch")
    assert done.code == 0, done.text
    git(project.folder, "apply", "back.patch")
    assert sources(project) == before
    assert project.call("code", "pull", run.id, "--dir", "then").code == 0
    assert (project.folder / "then/gone.py").read_text() == "was here"
    assert project.call("code", "pull", run.id, "--dir", "then").code == 1
    shown = project.call("code", "show", run.id)
    assert re.search(r"^ +\d+ helper\.py$", shown.out, re.MULTILINE)
    assert project.call("code", "show", run.id, "helper.py").out == "one\ntwo\nthree\n"


def test_code_outside_of_the_folder_belongs_to_the_run(project, form):
    """Functions of other folders, what they import or source, and modules that the flow has imported."""
    flows, lib = project.folder / "flows", project.folder / "lib"
    flows.mkdir()
    lib.mkdir()
    flow = FlowText(
        "OutsideFlow",
        (
            Step(
                "start",
                EDIT_PY.replace('Path(".").glob', 'Path("lib").glob'),
                EDIT_R.replace('"*.py", "*.R"', '"lib/*.py", "lib/*.R"'),
                next="middle",
            ),
            Step("middle", "import outside\nself.text = outside.TEXT", "self$text <- outside()", next="end"),
            Step("end", "self.text = self.text", "self$text <- self$text"),
        ),
        other=frozenset(["middle"]),
        top_py="import pathlib, sys\nsys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'lib'))\nimport outside",
        top_r='source("lib/outside.R")',
    )
    (lib / "outside.py").write_text('TEXT = "as it was"\n')
    (lib / "outside.R").write_text('outside <- function() "as it was"\n')
    for name, text in flow.files(form).items():
        path = flows / ".".join(name.rsplit("_", 1))
        path.write_text(text)
    file = "flows/flow.py" if form.startswith("python") else "flows/flow.R"
    run = project.run(file=file)
    assert run.data.text == "as it was"
    assert any(name.startswith("../lib/outside") for name in run.code.files)

"""The command line: one program for both languages, with the same options, output and exit codes."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tests.e2e.forms import FlowText, Step
from tests.e2e.project import Project

SCHEMA = json.loads((Path(__file__).parents[2] / "shared_spec" / "graph.schema.json").read_text())
FLOW = FlowText(
    "CliFlow",
    (
        Step("start", "self.items = ['a', 'b']\nself.start_text = 'a' * 2000", "self$items <- c('a', 'b')\nself$start_text <- strrep('a', 2000)", next="work", foreach="items"),
        Step(
            "work",
            "import sys\nself.item = self.input\nself._private = 1\nprint('out', self.item)\nprint('err', self.item, file=sys.stderr)",
            "self$item <- self$input\nself$`_private` <- 1L\ncat('out', self$item, '\\n', sep = ' ')\nmessage('err ', self$item)",
            next="join",
            with_={"retry": {"times": 1, "minutes_between_retries": 0}},
        ),
        Step("join", "self.count = len(inputs)", "self$count <- length(inputs)", next="end", join=True),
        Step("end"),
    ),
    py='learning_rate = Parameter("learning_rate", default=0.5, help="how fast")\nmode = Parameter("mode", default="x")',
    r='parameter("learning_rate", default = 0.5, help = "how fast")\nparameter("mode", default = "x")',
)  # fmt: skip


@pytest.fixture(scope="module")
def projects(tmp_path_factory, rlib):
    """The flow in both languages, each run once: language -> (project, run id)."""
    found = {}
    for language in ("python", "r"):
        project = Project(tmp_path_factory.mktemp(language) / "project", rlib)
        project.write(**FLOW.files(language))
        project.run("--tag", "first", "--run-id-file", "id.txt")
        found[language] = (project, (project.folder / "id.txt").read_text())
    return found


@pytest.fixture(params=["python", "r"])
def language(request):
    return request.param


@pytest.fixture
def cli(projects, language):
    """Call a command of the flow in one language."""
    return projects[language][0].call


def both(projects, *args):
    """The same command in both languages, with what must differ made equal."""
    ended = []
    for project, run in projects.values():
        done = project.call(*(arg.replace("RUN", run) for arg in args))
        text = [
            part.replace("python flow.py", "PROG").replace("Rscript flow.R", "PROG").replace(run, "RUN")
            for part in (done.out, done.err)
        ]
        ended.append(
            (done.code, *[re.sub(r"\s+", " ", re.sub(re.escape(str(project.folder)), "HERE", t)) for t in text])
        )
    return ended


COMMANDS = ["check", "show", "run", "dump", "logs", "version"]


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("--help",), 0),
        (("-h",), 0),
        *(((command, "--help"), 0) for command in COMMANDS),
        ((), 0),
        (("check",), 0),
        (("check", "--json"), 0),
        (("show", "--dot", "--nothing"), 2),
        (("nothing",), 2),
        (("dump",), 2),
        (("dump", "RUN"), 2),
        (("dump", "RUN/wrok"), 1),
        (("dump", "123/work"), 1),
        (("dump", "RUN/end", "--include", "cuont"), 1),
        (("logs", "RUN/work/99"), 1),
        (("logs", "RUN/work", "--stdout"), 0),
        (("logs", "RUN/work", "--stderr"), 0),
        (("run", "--max-workers", "many"), 2),
        (("run", "--isolation", "none"), 2),
        (("version",), 0),
    ],
)
def test_both_languages_say_the_same(projects, args, code):
    python, r = both(projects, *args)
    assert python == r
    assert python[0] == code
    assert "Traceback" not in python[2] and "Unexpected" not in python[2]


@pytest.mark.parametrize(
    ("args", "suggestion"),
    [
        (("rnu",), "Did you mean 'run'?"),
        (("run", "--learning-rat", "1"), "--learning"),
        (("run", "--max_worker", "1"), "--max"),
        (("dump", "{run}/wrok"), "'work'"),
        (("dump", "{run}/end", "--include", "cuont"), "count"),
    ],
)
def test_near_misses_are_named(projects, language, args, suggestion):
    project, run = projects[language]
    done = project.call(*(arg.replace("{run}", run) for arg in args))
    assert done.code in (1, 2)
    assert suggestion in done.err


def test_show_in_three_forms(projects, language):
    project, _ = projects[language]
    text = project.call("show").out
    assert "--learning_rate <float> (default: 0.5): how fast" in text
    assert "=> work for each of items" in text
    assert re.search(r"@retry\(times=1, minutes_between_retries=0(\.0)?\)", text)
    assert text.index("start") < text.index("work") < text.index("join") < text.index("\n  end")
    dot = project.call("show", "--dot").out
    assert dot.startswith('digraph "CliFlow" {') and '"start" -> "work"' in dot and dot.rstrip().endswith("}")
    graph = project.call("show", "--json").json
    jsonschema.validate(graph, SCHEMA)
    assert (graph["language"], [step["name"] for step in graph["steps"]]) == (
        language,
        ["start", "work", "join", "end"],
    )


def test_both_graphs_are_the_same_but_for_their_place(projects):
    def bare(value):
        if isinstance(value, dict):
            return {
                k: bare(v)
                for k, v in value.items()
                if k not in ("file", "line", "language", "function") and v is not None
            }
        return [bare(item) for item in value] if isinstance(value, list) else value

    python, r = (project.call("show", "--json").json for project, _ in projects.values())
    assert bare(python) == bare(r)


def test_dump(projects, language, tmp_path):
    project, run = projects[language]
    text = project.call("dump", f"{run}/work").out
    assert text.count("CliFlow/") == 2 and "'a'" in text and "_private" not in text
    assert "(2002 characters; --max-value-size shows more)" in text
    assert "a" * 2000 in project.call("dump", f"CliFlow/{run}/start", "--max-value-size", "3000").out
    only = project.call("dump", f"{run}/work", "--include", "item,_private", "--json").json
    assert [[item["name"] for item in items] for items in only.values()] == [["_private", "item"]] * 2
    assert all(re.fullmatch("[0-9a-f]{64}", item["digest"]) for items in only.values() for item in items)
    done = project.call("dump", f"{run}/end", "--include", "count", "--file", "values.pickle")
    assert done.code == 0 and "Wrote 1 artifacts of 1 tasks" in done.err
    assert (project.folder / "values.pickle").stat().st_size > 0
    assert project.call("--quiet", "dump", f"{run}/end", "--file", "values.pickle").err == ""


def test_logs(projects, language):
    project, run = projects[language]
    done = project.call("logs", f"{run}/work")
    assert sorted(done.out.split()) == ["a", "b", "out", "out"]
    assert "err a" in done.err and "err b" in done.err
    task = project.latest["work"].tasks()[1]
    one = project.call("--quiet", "logs", f"{run}/work/{task.id}")
    assert one.out.split() == ["out", task.data.item] and one.err == f"err {task.data.item}\n"


def test_version(cli):
    text, data = cli("version").out, cli("version", "--json").json
    assert {"pyflow", "python", "pyarrow"} <= set(data)
    assert f"pyflow {data['pyflow']}" in text


@pytest.mark.parametrize(
    "args",
    [
        ("--learning_rate", "2", "--mode", "y"),
        ("--learning-rate", "2", "--mode", "y"),
        ("--learning_rate=2", "--mode=y"),
        ("--learning-rate=2", "--mode=y", "--max_workers=3"),
    ],
)
def test_options_may_be_written_in_any_way(projects, args):
    project, _ = projects["python"]
    data = project.run(*args).data
    assert (data.learning_rate, data.mode) == (2.0, "y")


def test_options_of_metaflow_that_say_what_is_so_anyway(cli):
    words = "--no-pylint --datastore local --metadata=local --environment local"
    assert cli(*words.split(), "check").code == 0
    refused = cli("--datastore", "s3", "check")
    assert refused.code == 2 and "'s3' is not 'local'" in refused.err, refused.text


def test_options_of_an_r_flow_are_read_by_the_same_program(projects):
    project, _ = projects["r"]
    run = project.run("--learning-rate=2", "--mode", "y", "--tag=a", "--tag", "b c", "--max_workers=1")
    assert (run.data.learning_rate, run.data.mode) == (2.0, "y")
    assert run.user_tags == {"a", "b c"}


def test_quiet_leaves_only_what_tasks_print(projects, language):
    project, _ = projects[language]
    done = project.call("--quiet", "run")
    assert done.code == 0 and done.err == ""
    texts = [line.partition(")] ")[2].strip() for line in done.out.splitlines()]
    assert sorted(texts) == ["err a", "err b", "out a", "out b"]


def test_run_id_file_and_tags(projects, language):
    project, run = projects[language]
    first = project.flow[run]
    assert first.successful and first.user_tags == {"first"}
    assert {"user:ann", f"language:{language}"} <= first.system_tags


def test_the_command_pyflow(projects, language):
    project, run = projects[language]

    def call(*args):
        done = subprocess.run(
            [Path(sys.executable).with_name("pyflow"), *args],
            cwd=project.folder, env=project.environment, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    assert call("flows") == (0, "CliFlow\n", "")
    runs = json.loads(call("runs", "CliFlow", "--json")[1])
    assert runs[-1]["run"] == run and runs[-1]["status"] == "success" and runs[-1]["tags"] == ["first"]
    assert run in call("runs", "CliFlow")[1]
    assert call("dump", f"CliFlow/{run}/end", "--include", "count")[1].splitlines()[-1].endswith(": 2")
    code, out, err = call("runs", "CliFlwo")
    assert (code, out) == (1, "") and "CliFlow" in err


def on_a_terminal(project, *args, **environment):
    """What a command prints on a terminal, and its exit code."""
    ours, theirs = pty.openpty()
    env = {**project.environment, "TERM": "xterm", **environment}
    process = subprocess.Popen(
        project.command(*args), cwd=project.folder, env=env, stdout=theirs, stderr=theirs, stdin=theirs
    )
    os.close(theirs)
    found = b""
    while True:
        try:
            data = os.read(ours, 1 << 16)
        except OSError:  # the other end has been closed
            break
        if not data:
            break
        found += data
    os.close(ours)
    return process.wait(timeout=60), found.decode()


ESCAPE = "\x1b["


def test_colours_are_for_terminals(projects, language):
    project, _ = projects[language]
    code, shown = on_a_terminal(project, "run")
    assert code == 0 and ESCAPE in shown
    assert "out a" in shown and f"{ESCAPE}33merr a" in shown, "standard error is yellow"
    code, shown = on_a_terminal(project, "show")
    assert code == 0 and f"{ESCAPE}1mCliFlow" in shown
    code, shown = on_a_terminal(project, "nothing")
    assert code == 2 and f"{ESCAPE}31m" in shown
    for args in (("run",), ("show",), ("nothing",)):
        assert ESCAPE not in project.call(*args).text


WIDE = FlowText(
    "WideFlow",
    (
        Step("start", "self.items = list(range(40))", "self$items <- 1:40", next="work", foreach="items"),
        Step("work", next="join"),
        Step("join", next="end", join=True),
        Step("end"),
    ),
)


def test_a_wide_foreach_shows_its_progress(tmp_path_factory, rlib, language):
    project = Project(tmp_path_factory.mktemp("wide") / "project", rlib)
    project.write(**WIDE.files(language))
    code, shown = on_a_terminal(project, "run", "--max-workers", "3")
    assert code == 0
    counts = [int(done) for done in re.findall(r"(\d+) of \d+ tasks done, \d+ running", shown)]
    assert counts == sorted(counts) and counts[-1] >= 40
    assert f"\r{ESCAPE}K" in shown
    assert shown.rstrip().endswith("Done!" + f"{ESCAPE}0m")

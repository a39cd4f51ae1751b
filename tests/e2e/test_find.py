"""Searches, tags, lineage and the rest of the client: the same answer from Python, from R and from the terminal."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from pyflow.client import Run, Task
from pyflow.client.catalog import open_catalog
from pyflow.client.find import artifacts, runs, tasks
from tests.conftest import ROOT
from tests.e2e.forms import FORMS, FlowText, Step
from tests.e2e.project import Project

FLOW = FlowText(
    "TuningFlow",
    (
        Step("start", "self.items = [1, 2]\nself.table = {'x': [1, 2]}", "self$items <- c(1, 2)\nself$table <- list(x = c(1, 2))", next="fit", foreach="items"),
        Step(
            "fit",
            "import time\nself.score = self.alpha * self.input\nself.good = self.score > 1\nprint('first', flush=True)\ntime.sleep(0.3)\nprint('second')",
            "self$score <- self$alpha * self$input\nself$good <- self$score > 1\ncat('first\\n')\nSys.sleep(0.3)\ncat('second\\n')",
            next="join",
        ),
        Step("join", "self.accuracy = max(i.score for i in inputs)\nself.model = 'tree'", "self$accuracy <- max(vapply(inputs, \\(i) i$score, 0))\nself$model <- 'tree'", next="end", join=True),
        Step("end"),
    ),
    py='alpha = Parameter("alpha", default=0.5)',
    r='parameter("alpha", default = 0.5)',
)  # fmt: skip

WHERE = "accuracy > 0.6 and params.alpha in (0.5, 0.75, 1.5) and model = 'tree' and fit.good"
R = """
suppressMessages(library(rflow))
{body}
cat(jsonlite::toJSON(answer, auto_unbox = TRUE, na = "null", null = "null", digits = NA))
"""


@pytest.fixture(scope="module", params=FORMS)
def project(request, rlib, tmp_path_factory):
    """Three runs of three colleagues; the last one is the best. One store for all tests: they only look, but for tags."""
    project = Project(tmp_path_factory.mktemp("find") / "project", rlib)
    project.write(**FLOW.files(request.param))
    for alpha, user in (("0.5", "ann"), ("0.75", "bob"), ("1.5", "eve")):
        done = project.call("run", "--alpha", alpha, "--tag", f"by-{user}", PYFLOW_USER=user)
        assert done.code == 0, done.text
    project.catalog = open_catalog(project.root)
    yield project
    project.kill_all()


@pytest.fixture
def tuned(project):
    """The ids of the runs, the newest (and best) first."""
    return [item.id for item in runs(catalog=project.catalog)]


def r(project, body):
    return project.r(R.format(body=body))


def told(project, *args):
    """What a command of the flow prints as JSON, checked against the schema of its output."""
    done = project.call(*args, "--json")
    assert done.code == 0, done.text
    schema = json.loads((ROOT / "shared_spec" / "cli.schema.json").read_text())
    name = "tag_list" if args[0] == "tag" else args[0]
    Draft202012Validator({**schema["$defs"][name], "$defs": schema["$defs"]}).validate(done.json)
    return done.json


def test_runs_are_found_in_every_language(project, tuned):
    found = runs(where=WHERE, sort="-accuracy", catalog=project.catalog)
    assert [run.id for run in found] == tuned[:2]
    assert [(row["accuracy"], row["params.alpha"], row["user"]) for row in found.rows] == [
        (3.0, 1.5, "eve"),
        (1.5, 0.75, "bob"),
    ]
    in_terminal = told(project, "runs", "--where", WHERE, "--sort", "-accuracy")
    assert in_terminal == [
        row | {name: row[name].isoformat() for name in ("created_at", "finished_at")} for row in found.rows
    ]
    body = f'answer <- runs(where = "{WHERE}", sort = "-accuracy")\nanswer$created_at <- as.double(answer$created_at)\nanswer$finished_at <- as.double(answer$finished_at)'
    in_r = r(project, body)
    for row, other in zip(in_r, found.rows, strict=True):
        assert row["created_at"] == pytest.approx(other["created_at"].timestamp(), abs=1e-3)
        for name in (
            "flow",
            "run",
            "status",
            "user",
            "tags",
            "origin",
            "accuracy",
            "params.alpha",
            "model",
            "fit.good",
        ):
            expected = other[name][0] if name == "tags" else other[name]
            assert row.get(name) == expected, name
    shown = project.call("runs", "--where", "accuracy > 2")
    assert shown.out.split()[:7] == ["run", "status", "created_at", "duration", "user", "accuracy", "tags"]
    assert shown.out.split()[-3:] == ["eve", "3", "by-eve"] or shown.out.split()[-3:] == ["eve", "3.0", "by-eve"]


def test_tasks_and_artifacts_are_found_in_every_language(project, tuned):
    found = tasks("TuningFlow", where="score > 0.9", sort="-score", catalog=project.catalog)
    expected = [(task.pathspec, row["score"]) for task, row in zip(found, found.rows, strict=True)]
    assert [score for _, score in expected] == [3.0, 1.5, 1.5, 1.0]
    in_terminal = told(project, "tasks", "--where", "score > 0.9", "--sort", "-score")
    in_r = r(
        project,
        'answer <- tasks("TuningFlow", where = "score > 0.9", sort = "-score")[, c("flow", "run", "step", "task", "score")]',
    )
    for rows in (in_terminal, in_r):
        assert [("/".join(row[n] for n in ("flow", "run", "step", "task")), row["score"]) for row in rows] == expected

    made = artifacts(name="accuracy", sort="-value", catalog=project.catalog)
    assert [item.scalar for item in made] == [3.0, 1.5, 1.0]
    in_terminal = told(project, "artifacts", "--name", "accuracy", "--sort", "-value")
    in_r = r(project, 'answer <- artifacts(name = "accuracy", sort = "-value")')
    assert in_terminal == made.rows
    assert [row["digest"] for row in in_r] == [item.digest for item in made]
    assert [row["value"] for row in in_r] == [3, 1.5, 1]
    scoped = told(project, "artifacts", f"{tuned[0]}/join")
    assert sorted(row["name"] for row in scoped) == ["accuracy", "model"]


def test_tags_are_changed_in_every_language(project, tuned):
    best = tuned[0]
    Run(f"TuningFlow/{best}", project.catalog, check_namespace=False).add_tag("python")
    assert project.call("tag", "add", "--run-id", best, "terminal", "draft").code == 0
    assert project.call("tag", "replace", "--run-id", best, "--remove", "draft", "--add", "final").code == 0
    assert project.call("tag", "remove", "--run-id", best, "by-eve").code == 0
    answer = r(
        project,
        'runs(where = "accuracy > 2") |> tag_add("r", "gone") |> tag_remove("gone")\nanswer <- tag_list(runs(tag = "python"))',
    )
    expected = ["final", "python", "r", "terminal"]
    assert answer == expected
    assert sorted(runs(tag="final", catalog=project.catalog)[0].user_tags) == expected
    [listed] = told(project, "tag", "list", "--run-id", best, "--hide-system-tags")
    assert listed == {"run": f"TuningFlow/{best}", "tags": expected}
    assert len(told(project, "tag", "list", "--all")) == 3
    by_tag = project.call("tag", "list", "--all", "--group-by-tag").out
    assert f"by-ann\n  TuningFlow/{tuned[2]}\n" in by_tag and f"user:eve\n  TuningFlow/{best}\n" in by_tag
    refused = project.call("tag", "remove", "--run-id", best, "user:eve")
    assert refused.code == 1 and "the tag 'user:eve' is the system's" in refused.err


def test_namespaces_in_r(project, tuned):
    body = """
    seen <- function() names(flow_client("TuningFlow")$runs)
    mine <- seen()
    refused <- tryCatch(run_client("TuningFlow/{best}"), rflow_error_namespace_mismatch = \\(e) e$code)
    set_namespace("by-bob"); bobs <- seen()
    set_namespace(NULL); all <- seen()
    answer <- list(set_default_namespace(), mine, refused, bobs, all, get_namespace())
    """.replace("{best}", tuned[0])
    ann, bob = tuned[2], tuned[1]
    assert r(project, body) == ["user:ann", ann, "namespace_mismatch", bob, tuned, "user:ann"]


def test_lineage_in_every_language(project, tuned):
    [artifact] = artifacts(run=tuned[0], name="accuracy", catalog=project.catalog)
    made, read = [task.pathspec for task in artifact.made_by], [task.pathspec for task in artifact.read_by]
    # The best score is the accuracy: equal bytes, whatever their name.
    assert made == [f"TuningFlow/{tuned[0]}/fit/3", f"TuningFlow/{tuned[0]}/join/4"]
    assert read == [f"TuningFlow/{tuned[0]}/join/4", f"TuningFlow/{tuned[0]}/end/5"]
    in_terminal = told(project, "lineage", f"{tuned[0]}/accuracy")
    assert in_terminal == told(project, "lineage", artifact.digest)
    in_r = r(project, f'set_namespace(NULL)\nanswer <- lineage(run_client("TuningFlow/{tuned[0]}")$artifacts$accuracy)')
    for rows in (in_terminal, in_r):
        paths = [(row["role"], "/".join(row[name] for name in ("flow", "run", "step", "task"))) for row in rows]
        assert paths == [*(("made", path) for path in made), *(("read", path) for path in read)]


def test_tasks_tell_the_same_in_python_and_r(project, tuned):
    run = tuned[2]
    task = Task(f"TuningFlow/{run}/fit/2", project.catalog)
    lines = list(task.loglines("stdout"))
    assert [text for _, text in lines] == ["first", "second"]
    assert 0.2 < (lines[1][0] - lines[0][0]).total_seconds() < 5
    assert task.created_at <= lines[0][0]
    join = task.child_tasks[0]
    body = f"""
    task <- task_client("TuningFlow/{run}/fit/2")
    log <- task$loglines("stdout")
    facts <- task$metadata_dict
    answer <- list(
      text = log$text, times = as.double(log$time), children = names(task$child_tasks), parents = names(task$parent_tasks),
      steps = c(names(task$step$parent_steps), names(task$step$child_steps)), attempts = nrow(task$attempts), facts = facts,
      first = task$attempt(0)$stdout, info = task$environment_info, tags = sort(task$tags), here = task$is_in_namespace,
      runtime = task$runtime_name, parent = task$parent$pathspec, alpha = task$run$parameters$alpha,
      end = task$run$end_task$pathspec, scalar = task$artifacts$score$scalar
    )
    """
    found = r(project, body)
    assert found["text"] == ["first", "second"]
    assert found["times"] == pytest.approx([time.timestamp() for time, _ in lines], abs=1e-3)
    assert found["children"] == join.id and found["parents"] == "1"
    assert found["steps"] == ["start", "join"]
    assert (found["attempts"], found["first"]) == (1, task.stdout)
    assert found["facts"] == json.loads(json.dumps(task.metadata_dict))
    assert found["info"] == task.environment_info
    assert found["tags"] == sorted(task.tags) and found["here"] is True and found["runtime"] == "local"
    assert found["parent"] == task.parent.pathspec and found["alpha"] == 0.5
    assert found["end"] == f"TuningFlow/{run}/end/5" and found["scalar"] == 0.5


def test_a_search_that_is_wrong_says_where(project, tuned):
    done = project.call("runs", "--where", "accuracy >> 1")
    assert done.code == 1 and "accuracy >> 1\n            ^" in done.err, done.err
    body = 'answer <- tryCatch(runs(where = "accuracy >> 1"), rflow_error_where_invalid = \\(e) e$message)'
    assert "accuracy >> 1\n            ^" in r(project, body)

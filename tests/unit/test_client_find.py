from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pyflow.client import Artifact, Run, Task, catalog
from pyflow.client.find import ARTIFACT_COLUMNS, RUN_COLUMNS, TASK_COLUMNS, artifacts, runs, tasks
from pyflow.client.tagging import tag_runs
from pyflow.metadata.sqlite import SqliteMetadata
from pyflow.spec.errors import NotFoundError, UserError
from tests.written import FLOW, WrittenStore


@pytest.fixture
def results(tmp_path):
    """Runs 1 (accuracy 0.5, of ann), 2 (failed) and 3 (accuracy 0.75, of bob), and one of another flow."""
    catalog._opened.cache_clear()
    written = WrittenStore(tmp_path)
    for run, accuracy, user in (("1", 0.5, "ann"), ("2", None, "ann"), ("3", 0.75, "bob")):
        written.begin(run, tags=("all", f"t{run}"), system_tags=(f"user:{user}",))
        written.parameters(run, alpha=int(run))
        written.task(run, "start", "1", note=f"note {run}")
        if accuracy is not None:
            written.task(run, "end", "2", inputs=("1",), accuracy=accuracy, status="fine")
        written.end(run, "success" if accuracy else "failed")
    written.begin("9", flow="OtherFlow")
    yield written
    written.close()


def ids(found):
    return [run.id for run in found]


def test_runs(results):
    assert ids(runs()) == ["9", "3", "2", "1"]
    assert ids(runs(FLOW)) == ids(runs(tag="all")) == ids(runs(tags=["all"])) == ["3", "2", "1"]
    assert ids(runs(tag="all", tags=["t1"])) == ids(runs(tags=("t1", "all"))) == ids(runs(tags="t1")) == ["1"]
    assert ids(runs(where="accuracy > 0.6")) == ["3"]
    assert ids(runs(status="failed")) == ["2"]
    assert ids(runs(user="ann", sort="created")) == ["1", "2", "3", "9"]
    assert ids(runs(limit=1)) == ["9"]
    assert ids(runs(FLOW, sort="-accuracy, alpha")) == ["3", "1", "2"]


def test_since_and_until(results):
    [newest, _, oldest] = runs(FLOW)
    assert ids(runs(FLOW, since=newest.created_at)) == ["3"]
    assert ids(runs(FLOW, until=oldest.created_at)) == ["1"]
    assert ids(runs(FLOW, since=oldest.created_at.timestamp(), until="1d")) == ["3", "2", "1"]
    assert ids(runs(FLOW, since="2020-01-01")) == []


def test_rows_of_runs(results):
    found = runs(FLOW, where="params.alpha >= 1", sort="-accuracy")
    assert found.columns == [*RUN_COLUMNS, "params.alpha", "accuracy"]
    assert all(list(row) == found.columns for row in found.rows)
    assert isinstance(found[0], Run) and found[0].data.accuracy == 0.75
    row = found.rows[-1]
    assert row == {
        "flow": FLOW,
        "run": "2",
        "status": "failed",
        "created_at": found[-1].created_at,
        "finished_at": found[-1].finished_at,
        "duration": 5.0,
        "user": "ann",
        "tags": ["all", "t2"],
        "origin": None,
        "params.alpha": 2,
        "accuracy": None,
    }
    assert row["created_at"].tzinfo is UTC


def test_a_value_that_is_called_like_a_fact(results):
    found = runs(FLOW, where="`status` = 'fine' and status = 'success'")
    assert [(row["status"], row["`status`"]) for row in found.rows] == [("success", "fine")] * 2


def test_tasks(results):
    found = tasks(FLOW, where="accuracy > 0.1", sort="accuracy")
    assert [task.pathspec for task in found] == [f"{FLOW}/1/end/2", f"{FLOW}/3/end/2"]
    assert isinstance(found[0], Task) and found.columns == [*TASK_COLUMNS, "accuracy"]
    assert [task.id for task in tasks(FLOW, 3)] == ["1", "2"]
    assert [task.id for task in tasks(FLOW, "3", "start", tag="t3", user="ann", status="success")] == ["1"]
    assert tasks(status="crashed") == [] and tasks(since=datetime.now(UTC)) == []


def test_artifacts(results):
    found = artifacts(name="accuracy", sort="-value")
    assert [(item.pathspec, item.scalar) for item in found] == [
        (f"{FLOW}/3/end/2/accuracy", 0.75),
        (f"{FLOW}/1/end/2/accuracy", 0.5),
    ]
    assert isinstance(found[0], Artifact) and found.columns == list(ARTIFACT_COLUMNS) == list(found.rows[0])
    assert [row["value"] for row in artifacts(FLOW, 2).rows] == [2, "note 2"]
    assert artifacts(FLOW, "2", "start", where="value ~ 'note'")[0].data == "note 2"


def test_a_search_is_one_query(results, monkeypatch):
    asked = []
    ask = SqliteMetadata._asked
    monkeypatch.setattr(SqliteMetadata, "_asked", lambda self, query, *a: asked.append(query) or ask(self, query, *a))
    monkeypatch.setattr("pyflow.store.local.LocalStore.get", lambda *_: pytest.fail("a blob was looked at"))
    found = runs(where="accuracy > 0.1 and params.alpha > 0 and start.note ~ 'note'", sort="-accuracy", tag="all")
    assert [(run.status, sorted(run.tags)) for run in found] == [
        ("success", [*"all t3 user:bob".split()]),
        ("success", ["all", "t1", "user:ann"]),
    ]
    tasks(where="accuracy > 0.1")
    artifacts(where="value > 0.1")
    assert asked == ["find_runs", "find_tasks", "find_artifacts"]


def test_what_cannot_be_searched(results):
    for call in (lambda: runs(where="accuracy >"), lambda: runs(status="don't"), lambda: runs(sort="1")):
        with pytest.raises(UserError) as caught:
            call()
        assert caught.value.code == "where_invalid"
    with pytest.raises(UserError, match="'soon' is not a time"):
        runs(since="soon")


def test_tags_of_many_runs(results):
    tag_runs([f"{FLOW}/1", f"{FLOW}/3", "OtherFlow/9"], add=["best", "new"], remove=["t1"])
    assert ids(runs(tags=["best", "new"])) == ["9", "3", "1"]
    assert Run(f"{FLOW}/1").user_tags == {"all", "best", "new"}
    with pytest.raises(NotFoundError, match=f"there is no run {FLOW}/7"):
        tag_runs([f"{FLOW}/1", f"{FLOW}/7"], add=["lost"])
    assert runs(tag="lost") == []
    tag_runs([], add=["nothing"])

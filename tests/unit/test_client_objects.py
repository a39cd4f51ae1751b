from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime

import pandas as pd
import pytest

from pyflow.client import (
    Artifact,
    Flow,
    Metaflow,
    NamespaceMismatch,
    Pyflow,
    Run,
    Step,
    Task,
    catalog,
    default_catalog,
    default_metadata,
    default_namespace,
    get_metadata,
    get_namespace,
    metadata,
    namespace,
)
from pyflow.spec.errors import NotFoundError, StoreError, UserError
from pyflow.spec.task import TaskError
from tests.written import FLOW, WrittenStore

BOOM = TaskError(
    "ValueError",
    "bad genre",
    traceback="Traceback:\n  flow.py, line 41\nValueError: bad genre",
    file="flow.py",
    line=41,
)


@pytest.fixture
def written(tmp_path):
    catalog._opened.cache_clear()
    store = WrittenStore(tmp_path)
    yield store
    store.close()


@pytest.fixture
def results(written):
    """Run 1 failed in a foreach, run 2 went well, run 3 is going on."""
    written.begin("1", tags=("first",), system_tags=("user:ann",))
    written.task("1", "start", "1", genres=["a", "b", "c"])
    written.start("1", "fit", "2", inputs=("1",), index=0, stdout="try 1\n")
    written.finish(
        "1",
        "fit",
        "2",
        inputs=("1",),
        status="crashed",
        error=TaskError("TaskCrashed", "signal 9", code="step_crashed"),
    )
    written.start("1", "fit", "2", inputs=("1",), index=0, attempt=1, stdout="try 2\n", stderr="oh\n")
    written.finish(
        "1", "fit", "2", inputs=("1",), attempt=1, status="failed", error=BOOM, own={"half": written.put("half", 1)}
    )
    written.end("1", "failed", {**BOOM.to_json(), "step": "fit", "task": "2", "attempt": 1})

    written.begin("2", tags=("second", "good"))
    written.parameters("2", max_genres=5)
    written.task("2", "start", "1", genres=["a", "b", "c"], movies=pd.DataFrame({"x": [1.5, 2.5]}))
    for index in range(3):
        written.task(
            "2", "fit", str(index + 2), inputs=("1",), index=index, genre="abc"[index], stdout=f"fit {index}\n"
        )
    written.start("2", "join", "5", inputs=("2", "3", "4"))
    written.finish("2", "join", "5", status="caught", error=BOOM, own={"stats": written.put("stats", {"a": 1})})
    written.task("2", "end", "6", inputs=("5",), done=True)
    written.end("2")

    written.begin("3")
    written.start("3", "start", "1")
    written.begin("9", flow="OtherFlow")
    return written


def test_flows(results):
    assert [flow.id for flow in Pyflow()] == [FLOW, "OtherFlow"]
    assert FLOW in Metaflow()
    assert Pyflow()[FLOW].latest_run.id == "3"
    assert str(results.root) in repr(Pyflow())
    assert Flow("OtherFlow").latest_successful_run is None


def test_runs_newest_first(results):
    flow = Flow(FLOW)
    assert [run.id for run in flow] == [run.id for run in flow.runs()] == ["3", "2", "1"]
    assert [run.id for run in flow.runs(limit=2)] == ["3", "2"]
    assert [run.id for run in flow.runs("good")] == ["2"]
    assert [run.id for run in flow.runs("second", "first")] == []
    assert flow.latest_run.id == "3"
    assert flow.latest_successful_run.id == "2"
    assert flow["1"].id == flow[1].id == "1"
    assert "1" in flow and "7" not in flow


def test_run(results):
    run = Run(f"{FLOW}/2")
    assert (run.id, run.pathspec, run.status, run.successful, run.finished) == ("2", f"{FLOW}/2", "success", True, True)
    assert run.created_at.tzinfo is UTC
    assert run.created_at < run.finished_at
    assert run.tags == {"second", "good", "user:ann"}
    assert run.username == "ann"
    assert run.exception is None and run.error is None
    assert run.parameters.max_genres == 5
    assert [step.id for step in run] == ["start", "fit", "join", "end"]
    assert run.end_task.pathspec == f"{FLOW}/2/end/6"
    assert run.data.stats == {"a": 1}
    assert run.data.done is True
    assert run.data.max_genres == 5, "parameters are there in every task"
    assert "fit" in run and "nope" not in run


def test_a_run_that_resumes_another_says_what_it_took_over(results):
    results.begin("4", origin="2")
    results.take_over("4", "start", "1", origin="2/start/1")
    results.take_over("4", "fit", "2", origin="2/fit/2", inputs=("1",))
    results.start("4", "fit", "3", inputs=("1",))
    run = Flow(FLOW).latest_run
    assert (run.id, run.origin) == ("4", "2")
    assert Run(f"{FLOW}/2").origin is None
    [taken, own] = run["fit"].tasks()
    assert (taken.origin_pathspec, own.origin_pathspec) == (f"{FLOW}/2/fit/2", None)
    assert (taken.data.genre, taken.data.genres, taken.stdout) == ("a", ["a", "b", "c"], "fit 0\n")
    assert taken["genre"].digest == Task(f"{FLOW}/2/fit/2")["genre"].digest
    assert (taken["genre"].inherited, taken["genres"].inherited) == (False, True)


def test_failed_run(results):
    run = Run(f"{FLOW}/1")
    assert (run.status, run.successful, run.finished) == ("failed", False, True)
    assert (run.exception.type, run.exception.message) == ("ValueError", "bad genre")
    assert (run.exception.step, run.exception.task) == ("fit", "2")
    assert str(run.exception) == BOOM.traceback
    assert run.end_task is None
    with pytest.raises(NotFoundError, match=r"run GenreFlow/1 has no data: it is failed"):
        _ = run.data


def test_running_run_is_asked_again(results):
    run = Flow(FLOW).latest_run
    task = run["start"].task
    assert (run.status, run.finished, run.successful, run.finished_at) == ("running", False, False, None)
    assert (task.status, task.finished, task.finished_at) == ("running", False, None)
    assert list(task.data) == []
    results.finish("3", "start", "1", own={"x": results.put("x", 7)})
    results.end("3")
    assert (run.status, run.finished, run.successful) == ("success", True, True)
    assert run.finished_at > run.created_at
    assert (task.status, task.data.x) == ("success", 7)


def test_steps_and_tasks(results):
    step = Run(f"{FLOW}/2")["fit"]
    assert step.pathspec == Step(f"{FLOW}/2/fit").pathspec == f"{FLOW}/2/fit"
    assert [task.id for task in step] == [task.id for task in step.tasks()] == ["2", "3", "4"]
    assert [task.index for task in step] == [0, 1, 2]
    assert [task.data.genre for task in step] == ["a", "b", "c"]
    assert step.task.id == "2"
    assert step["3"].stdout == step[3].stdout == "fit 1\n"
    assert "3" in step and "5" not in step


def test_task(results):
    task = Task(f"{FLOW}/2/fit/3")
    assert (task.id, task.status, task.successful, task.finished) == ("3", "success", True, True)
    assert (task.index, task.current_attempt, task.pid, task.exception) == (1, 0, 4000, None)
    assert task.warnings == ("a warning",)
    assert task.created_at.tzinfo is UTC and task.finished_at > task.created_at
    assert sorted(task.data) == ["genre", "genres", "max_genres", "movies"]
    assert task["genre"].data == "b"
    assert "genre" in task and "nope" not in task
    assert [artifact.name for artifact in task if not artifact.inherited] == ["genre", "max_genres"]
    assert Task(f"{FLOW}/2/start/1").index is None


def test_attempts(results):
    task = Task(f"{FLOW}/1/fit/2")
    assert [(attempt.number, attempt.status, attempt.pid) for attempt in task.attempts] == [
        (0, "crashed", 4000),
        (1, "failed", 4001),
    ]
    assert [attempt.stdout for attempt in task.attempts] == ["try 1\n", "try 2\n"]
    assert (task.stdout, task.stderr, task.current_attempt) == ("try 2\n", "oh\n", 1)
    assert task.attempts[0].exception.code == "step_crashed"
    assert repr(task.exception) == "<ValueError: bad genre>"
    assert (task.exception.exception, task.exception.stacktrace) == ("bad genre", BOOM.traceback)
    assert task.data.half == 1
    assert task.attempts[0].finished_at > task.attempts[0].started_at


def test_caught_task(results):
    task = Run(f"{FLOW}/2")["join"].task
    assert (task.status, task.successful, task.finished) == ("caught", False, True)
    assert task.exception.type == "ValueError"


def test_log_that_is_not_text_or_not_there(results):
    task = Task(f"{FLOW}/2/fit/3")
    folder = results.root / "runs" / FLOW / "2" / "fit" / "3" / "0"
    (folder / "stdout.log").write_bytes(b"a\xff\x00b\n")
    (folder / "stderr.log").unlink()
    assert (task.stdout, task.stderr) == ("a\ufffd\x00b\n", "")


def test_artifact(results):
    artifact = Run(f"{FLOW}/2")["fit"]["4"].artifacts.movies
    assert (artifact.name, artifact.kind, artifact.type) == ("movies", "table", "pandas.DataFrame")
    assert artifact.pathspec == Artifact(artifact.pathspec).pathspec == f"{FLOW}/2/fit/4/movies"
    assert artifact.digest == artifact.sha and len(artifact.digest) == 64
    assert artifact.path.stat().st_size == artifact.size
    assert artifact.inherited
    assert list(artifact.data["x"]) == [1.5, 2.5]
    changed = artifact.data
    changed["x"] = 0.0
    assert list(artifact.data["x"]) == [1.5, 2.5]


def test_listing_opens_nothing(results, monkeypatch):
    monkeypatch.setattr("pyflow.codec.PythonCodec.decode", lambda *_: pytest.fail("a value was opened"))
    monkeypatch.setattr("pyflow.store.local.LocalStore.get", lambda *_: pytest.fail("a blob was looked at"))
    run = Run(f"{FLOW}/2")
    text = repr(run.data)
    assert text.startswith(f"{FLOW}/2: 3 artifacts\n")
    assert "  stats       dict" in text
    assert "max_genres" in dir(run.data)
    assert not hasattr(run.data, "_repr_html_")
    assert "movies: table <pandas.DataFrame>" in repr(run["fit"].task.artifacts.movies).replace(
        "fit/2/movies'", "movies"
    )
    assert repr(run) == f"Run('{FLOW}/2': success)"
    assert repr(run["fit"].task) == f"Task('{FLOW}/2/fit/2': success)"
    assert repr(run["fit"]) == f"Step('{FLOW}/2/fit')"
    assert repr(Flow(FLOW)) == f"Flow('{FLOW}')"
    assert repr(run["fit"].task.attempts[0]) == f"Attempt({FLOW}/2/fit/2, 0: success)"


def test_damaged_and_missing_blobs(results):
    artifact = Run(f"{FLOW}/2").artifacts.stats
    path = artifact.path
    path.chmod(0o644)
    path.write_bytes(b"x")
    with pytest.raises(StoreError) as caught:
        _ = artifact.data
    assert caught.value.code == "artifact_corrupt"
    path.unlink()
    with pytest.raises(StoreError) as caught:
        _ = artifact.data
    assert caught.value.code == "blob_missing"


@pytest.mark.parametrize(
    ("ask", "message", "hint"),
    [
        (lambda: Flow("GenreFlo"), "no run of a flow 'GenreFlo'", "Did you mean 'GenreFlow'?"),
        (lambda: Flow("Zzz"), "no run of a flow 'Zzz'", "The flows with a run are: GenreFlow, OtherFlow."),
        (lambda: Run("Zzz/1"), "no run of a flow 'Zzz'", "The flows with a run are"),
        (lambda: Run(f"{FLOW}/77"), "no run GenreFlow/77", "The runs of GenreFlow are: 3, 2, 1."),
        (lambda: Step(f"{FLOW}/2/fitt"), "run GenreFlow/2 has no step 'fitt'", "Did you mean 'fit'?"),
        (lambda: Step(f"{FLOW}/1/join"), "step 'join' of run GenreFlow/1 has no task: the run is failed", "Either"),
        (lambda: Task(f"{FLOW}/2/fit/9"), "no task GenreFlow/2/fit/9", "The tasks are: 2, 3, 4."),
        (lambda: Artifact(f"{FLOW}/2/fit/2/genr"), "no artifact 'genr' in GenreFlow/2/fit/2", "Did you mean 'genre'?"),
        (lambda: Run(f"{FLOW}/2").data.stat, "GenreFlow/2 has no artifact 'stat'", "Did you mean 'stats'?"),
    ],
)
def test_not_found(results, ask, message, hint):
    with pytest.raises(NotFoundError) as caught:
        ask()
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert f"The store is {results.root}." in caught.value.hint
    assert caught.value.code == "not_found"


def test_python_finds_its_own_errors(results):
    run = Run(f"{FLOW}/2")
    for ask in (
        lambda: run["x"],
        lambda: run["fit"]["x"],
        lambda: Flow(FLOW)["x"],
        lambda: Pyflow()["x"],
        lambda: run.data["x"],
    ):
        with pytest.raises(KeyError):
            ask()
    with pytest.raises(AttributeError):
        _ = run.data.x
    with pytest.raises(TypeError, match="cannot be copied"):
        copy.copy(run.data)


@pytest.mark.parametrize("pathspec", ["", "F", "F/1/start", "F//", "/F/1"])
def test_bad_pathspec(results, pathspec):
    with pytest.raises(UserError, match="is not of the form 'flow/run'") as caught:
        Run(pathspec)
    assert caught.value.code == "pathspec_invalid"


def test_no_store(tmp_path):
    assert list(Pyflow()) == []
    with pytest.raises(NotFoundError, match="no run of a flow 'X'") as caught:
        Flow("X")
    assert "There are no flows with a run." in caught.value.hint
    assert f"in {tmp_path} or above it" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_store_named_by_the_environment(results, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir("/")
    monkeypatch.setenv("PYFLOW_ROOT", str(results.root))
    assert Flow(FLOW).latest_run.id == "3"
    assert default_catalog() is default_catalog()


def test_times(results):
    assert Run(f"{FLOW}/1").created_at == datetime(1970, 1, 1, 0, 16, 41, tzinfo=UTC)


def test_each_question_is_few_queries(results, monkeypatch):
    from pyflow.metadata.sqlite import SqliteMetadata

    asked = []
    ask = SqliteMetadata._asked
    monkeypatch.setattr(SqliteMetadata, "_asked", lambda self, query, *a: asked.append(query) or ask(self, query, *a))
    run = Flow(FLOW).latest_successful_run
    assert asked == ["find_runs", "find_runs"]
    asked.clear()
    assert [task.id for step in run for task in step] == ["1", "2", "3", "4", "5", "6"]
    assert asked == ["tasks"]
    asked.clear()
    assert [task.status for task in run["fit"]] == ["success"] * 3
    assert asked == ["tasks"]
    asked.clear()
    data = run.data
    assert (data.stats, data.done) == ({"a": 1}, True)
    assert asked == ["tasks", "artifacts", "artifacts"]


@pytest.fixture
def ours(monkeypatch):
    monkeypatch.delenv("PYFLOW_NAMESPACE")
    yield
    default_namespace()


def test_namespaces(results, ours):
    results.begin("10", flow="BobsFlow", system_tags=("user:bob",))
    assert get_namespace() == "user:ann"
    assert "BobsFlow" not in [flow.id for flow in Pyflow()]
    assert Run(f"{FLOW}/2").is_in_namespace()
    for call in (lambda: Flow("BobsFlow"), lambda: Run("BobsFlow/10"), lambda: Pyflow()["BobsFlow"]):
        with pytest.raises(NamespaceMismatch, match="is not in the namespace 'user:ann'") as caught:
            call()
        assert caught.value.code == "namespace_mismatch"
    assert namespace("second") == get_namespace() == "second"
    assert [run.id for run in Flow(FLOW)] == ["2"]
    for call in (
        lambda: Flow(FLOW)["1"],
        lambda: Step(f"{FLOW}/1/start"),
        lambda: Task(f"{FLOW}/1/start/1"),
        lambda: Artifact(f"{FLOW}/1/start/1/genres"),
    ):
        with pytest.raises(NamespaceMismatch):
            call()
    assert Flow(FLOW).latest_run.id == "2" and Task(f"{FLOW}/2/start/1").is_in_namespace()
    namespace(None)
    assert [flow.id for flow in Pyflow()] == ["BobsFlow", FLOW, "OtherFlow"]
    assert Run("BobsFlow/10").is_in_namespace()
    assert default_namespace() == "user:ann"
    assert Run("BobsFlow/10", check_namespace=False).is_in_namespace() is False


def test_the_namespace_of_the_settings(results, ours, monkeypatch):
    monkeypatch.setenv("PYFLOW_NAMESPACE", "first")
    assert [run.id for run in Flow(FLOW)] == ["1"]
    monkeypatch.setenv("PYFLOW_NAMESPACE", "*")
    assert get_namespace() is None


def test_tags_are_changed(results):
    run = Run(f"{FLOW}/1")
    run.add_tag("new", ["newer", "newest"])
    assert run.user_tags == {"first", "new", "newer", "newest"}
    run.remove_tags(["new", "newer"])
    run.replace_tag("newest", ["last"])
    assert run.user_tags == Run(f"{FLOW}/1").user_tags == {"first", "last"}
    assert run.system_tags == {"user:ann"}
    for tags in ("", " ", "a\nb", "x" * 501, 7, "user:ann"):
        with pytest.raises(UserError) as caught:
            run.add_tag(tags)
        assert caught.value.code == "tag_invalid"
    with pytest.raises(UserError, match="the tag 'user:ann' is the system's"):
        run.remove_tag("user:ann")
    assert Run(f"{FLOW}/1").user_tags == {"first", "last"}


def test_parents_and_paths(results):
    artifact = Artifact(f"{FLOW}/2/fit/3/genre")
    path = [artifact.pathspec]
    item = artifact
    while (item := item.parent) is not None:
        path.append(item.pathspec)
        assert item.tags >= {"second", "user:ann"}
    assert path == [f"{FLOW}/2/fit/3/genre", f"{FLOW}/2/fit/3", f"{FLOW}/2/fit", f"{FLOW}/2", FLOW]
    assert artifact.path_components == [FLOW, "2", "fit", "3", "genre"]
    assert isinstance(artifact.parent, Task) and isinstance(artifact.parent.parent.parent.parent, Flow)


def test_relatives(results):
    run = Run(f"{FLOW}/2")
    join = run["join"].task
    assert join.parent_task_pathspecs == [f"{FLOW}/2/fit/{n}" for n in (2, 3, 4)]
    assert [task.id for task in join.child_tasks] == ["6"]
    assert [task.id for task in run["start"].task.child_tasks] == ["2", "3", "4"]
    assert run["start"].task.parent_tasks == []
    assert [step.id for step in run["join"].parent_steps] == ["fit"]
    assert [step.id for step in run["fit"].child_steps] == ["join"]
    assert run["fit"].control_task is None
    assert run["fit"].created_at == run["fit"].task.created_at
    assert run["fit"].finished_at == run["fit"].tasks()[-1].finished_at
    assert len(run["fit"].tasks("good")) == 3 and run["fit"].tasks("bad") == run.steps("bad") == []


def test_a_task_as_of_an_attempt(results):
    last, first = Task(f"{FLOW}/1/fit/2"), Task(f"{FLOW}/1/fit/2", attempt=0)
    assert (last.current_attempt, first.current_attempt) == (1, 0)
    assert (last.status, first.status) == ("failed", "crashed")
    assert (last.stdout, first.stdout) == ("try 2\n", "try 1\n")
    assert (last.exception.message, first.exception.message) == ("bad genre", "signal 9")
    assert ("half" in last.data, "half" in first.data) == (True, False)
    assert first.finished_at < last.finished_at
    assert (last.stderr_size, first.stderr_size) == (3, 0)
    with pytest.raises(NotFoundError, match="has no attempt 7"):
        Task(f"{FLOW}/1/fit/2", attempt=7)


def test_facts_of_a_task(results):
    task = Task(f"{FLOW}/1/fit/2")
    facts = task.metadata_dict
    assert facts["attempt"] == 1 and facts["attempt_ok"] is False and facts["user"] == "ann"
    assert facts["foreach-stack"] == [["genres", 3, 0]]
    assert facts["ds-root"] == str(results.root)
    assert {fact.task for fact in task.metadata} == {task.pathspec}
    assert task.environment_info == {"language": "python"} == task.parent.environment_info
    assert (task.runtime_name, task.code) == ("local", None)


def test_lines_of_logs(results):
    task = Task(f"{FLOW}/1/fit/2")
    folder = results.root / "runs" / FLOW / "1" / "fit" / "2" / "1"
    assert list(task.loglines("stdout")) == [(None, "try 2")]
    (folder / "stdout.log").write_bytes(b"one\ntwo \xff\nbar 1%\rbar 2%\nrest")
    (folder / "stderr.log").write_bytes(b"oh\n")
    (folder / "times.log").write_text("stdout 4 100.5\nstderr 3 101.0\nstdout 26 102.25\nstdo")
    assert [(line.time and line.time.timestamp(), line.stream, line.text) for line in task.log] == [
        (100.5, "stdout", "one"),
        (101.0, "stderr", "oh"),
        (102.25, "stdout", "two \ufffd"),
        (102.25, "stdout", "bar 1%\rbar 2%"),
        (None, "stdout", "rest"),
    ]
    assert [text for _, text in task.loglines("stderr", as_unicode=False)] == [b"oh"]


def test_what_can_be_pickled(results, tmp_path, monkeypatch):
    paths = (FLOW, f"{FLOW}/2", f"{FLOW}/2/fit", f"{FLOW}/2/fit/3", f"{FLOW}/2/fit/3/genre")
    items = [kind(path) for kind, path in zip((Flow, Run, Step, Task, Artifact), paths, strict=True)]
    text = pickle.dumps([*items, Task(f"{FLOW}/1/fit/2", attempt=0)])
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("PYFLOW_ROOT", str(tmp_path / "elsewhere" / ".pyflow"))
    *again, attempt = pickle.loads(text)
    assert [item.pathspec for item in again] == list(paths)
    assert again[-1].data == "b" and attempt.stdout == "try 1\n"


def test_lineage(results):
    made = Artifact(f"{FLOW}/2/start/1/genres")
    assert [task.pathspec for task in made.made_by] == [f"{FLOW}/1/start/1", f"{FLOW}/2/start/1"]
    assert [task.pathspec for task in made.read_by] == [
        *(f"{FLOW}/1/fit/2",),
        *(f"{FLOW}/2/fit/{task}" for task in (2, 3, 4)),
        f"{FLOW}/2/join/5",
    ]
    assert made.finished_at == made.parent.finished_at and made.scalar is None
    assert Artifact(f"{FLOW}/2/fit/3/genre").scalar == "b"


def test_another_store(results, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("PYFLOW_ROOT", str(tmp_path / "nothing"))
    try:
        assert metadata(f"local@{results.root.parent}") == get_metadata() == f"local@{results.root.parent}"
        assert Run(f"{FLOW}/2").successful
        with pytest.raises(NotFoundError, match="there is no store in"):
            metadata(str(tmp_path / "elsewhere"))
        with pytest.raises(UserError, match="no metadata of kind 'service'"):
            metadata("service@http://x")
    finally:
        default_metadata()
    with pytest.raises(NotFoundError):
        Run(f"{FLOW}/2")


def test_a_task_knows_its_step_and_both_know_their_run(results):
    task = Run(f"{FLOW}/2")["fit"]["3"]
    assert (task.step.pathspec, task.run.pathspec) == (f"{FLOW}/2/fit", f"{FLOW}/2")
    assert task.step.run.pathspec == f"{FLOW}/2"

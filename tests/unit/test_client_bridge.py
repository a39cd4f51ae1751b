from __future__ import annotations

import json

import pyarrow as pa
import pytest

from pyflow.client import catalog
from pyflow.client.bridge import ask
from pyflow.codec.layout import from_layout, layout_of
from pyflow.spec.task import TaskError
from tests.written import FLOW, WrittenStore

ERROR = TaskError("simpleError", "schief: größer", language="r", traceback="fit_genre(self) at model.R#3", line=3)


@pytest.fixture
def results(tmp_path):
    catalog._opened.cache_clear()
    store = WrittenStore(tmp_path)
    store.begin("1", tags=("b", "a"), system_tags=("user:ann",))
    store.task("1", "start", "1", genres=["x", "y", "z"], title="Größe \U0001f3ac")
    for index in range(3):
        store.task("1", "fit", str(index + 2), inputs=("1",), index=index, stdout=f"fit {index}\n")
    store.task("1", "end", "5", inputs=("2",), n=3)
    store.end("1")
    store.begin("2")
    store.parameters("2", max_genres=5)
    store.start("2", "start", "1", stdout="first\n")
    store.finish("2", "start", "1", status="failed", error=ERROR)
    store.start("2", "start", "1", attempt=1, stdout="second\n")
    store.finish("2", "start", "1", attempt=1, status="failed", error=ERROR)
    store.end("2", "failed", {**ERROR.to_json(), "step": "start", "task": "1", "attempt": 1})
    yield store
    store.close()


def ok(**request):
    answer = json.loads(ask(json.dumps(request)))
    assert list(answer) == ["ok"], answer
    return answer["ok"]


def error(text):
    answer = json.loads(ask(text if isinstance(text, str) else json.dumps(text)))
    assert list(answer) == ["error"], answer
    assert list(answer["error"]) == ["code", "message", "hint"]
    return answer["error"]


def test_flows(results):
    assert ok(op="flows") == [FLOW]


def test_runs(results):
    rows = ok(op="runs", flow=FLOW, limit=None)
    assert [row["run"] for row in rows] == ["2", "1"]
    assert rows[1] == {
        "flow": FLOW,
        "run": "1",
        "status": "success",
        "successful": True,
        "finished": True,
        "created_at": 1001.0,
        "finished_at": 1012.0,
        "username": "ann",
        "tags": ["a", "b", "user:ann"],
        "user_tags": ["a", "b"],
        "system_tags": ["user:ann"],
        "info": {},
        "origin": None,
        "spin": None,
        "error": None,
    }
    assert [row["run"] for row in ok(op="runs", flow=FLOW, limit=1)] == ["2"]
    assert [row["run"] for row in ok(op="runs", flow=FLOW, limit=1, status="success")] == ["1"]


def test_what_a_run_took_over(results):
    results.begin("3", origin="1")
    results.take_over("3", "start", "1", origin="1/start/1")
    assert ok(op="run", flow=FLOW, run="3")["origin"] == "1"
    [row] = ok(op="tasks", flow=FLOW, run="3", step=None)
    assert (row["origin"], row["status"], row["attempts"]) == (f"{FLOW}/1/start/1", "success", 1)


def test_run(results):
    row = ok(op="run", flow=FLOW, run="2")
    assert (row["status"], row["successful"]) == ("failed", False)
    assert (row["error"]["message"], row["error"]["step"], row["error"]["traceback"]) == (
        "schief: größer",
        "start",
        "fit_genre(self) at model.R#3",
    )


def test_steps(results):
    assert ok(op="steps", flow=FLOW, run="1") == [
        {"step": "start", "tasks": 1},
        {"step": "fit", "tasks": 3},
        {"step": "end", "tasks": 1},
    ]


def test_tasks(results):
    assert [row["task"] for row in ok(op="tasks", flow=FLOW, run="1", step=None)] == ["1", "2", "3", "4", "5"]
    rows = ok(op="tasks", flow=FLOW, run="1", step="fit")
    assert [row["index"] for row in rows] == [0, 1, 2]
    assert rows[0] == {
        "step": "fit",
        "task": "2",
        "status": "success",
        "successful": True,
        "finished": True,
        "created_at": 1004.0,
        "finished_at": 1005.0,
        "index": 0,
        "iteration": None,
        "origin": None,
        "attempts": 1,
        "attempt": 0,
        "pid": 4000,
        "warnings": ["a warning"],
        "error": None,
    }
    (failed,) = ok(op="tasks", flow=FLOW, run="2", step=None)
    assert (failed["attempts"], failed["pid"], failed["error"]["type"]) == (2, 4001, "simpleError")


def test_artifacts_and_data(results):
    rows = ok(op="artifacts", flow=FLOW, run="1", step="fit", task="2")
    assert [row["name"] for row in rows] == ["genres", "title"]
    title = rows[1]
    assert (title["kind"], title["type"], title["step"], title["task"]) == ("scalar", "str", "fit", "2")
    assert "Größe \U0001f3ac" in title["preview"]
    data = ok(op="data", flow=FLOW, run="1")
    assert [(row["name"], row["step"], row["task"]) for row in data] == [
        (name, "end", "5") for name in ("genres", "n", "title")
    ]
    assert error({"op": "data", "flow": FLOW, "run": "2"})["code"] == "not_found"


def test_layout_is_enough_to_read_a_value(results):
    (row,) = [row for row in ok(op="data", flow=FLOW, run="1") if row["name"] == "genres"]
    layout = ok(op="layout", digest=row["digest"])
    path = results.blobs.get(row["digest"])
    assert layout == json.loads(json.dumps(layout_of(path)))
    encoded = from_layout(layout)
    assert results.codec.decode(b"".join(map(bytes, encoded.chunks))) == ["x", "y", "z"]
    assert pa.ipc.open_file(path).schema.metadata[b"pyflow"]


def test_log(results):
    where = {"op": "log", "flow": FLOW, "run": "2", "step": "start", "task": "1", "stream": "stdout"}
    assert ok(**where, attempt=None) == {"text": "second\n"}
    assert ok(**where, attempt=0) == {"text": "first\n"}
    assert error({**where, "attempt": 7}) == {
        "code": "not_found",
        "message": f"task {FLOW}/2/start/1 has no attempt 7",
        "hint": "It has 0 to 1.",
    }


@pytest.mark.parametrize(
    ("request_", "code", "message"),
    [
        ({"op": "runs", "flow": "Genre"}, "not_found", "there is no run of a flow 'Genre'"),
        ({"op": "run", "flow": FLOW, "run": "9"}, "not_found", f"there is no run {FLOW}/9"),
        ({"op": "tasks", "flow": FLOW, "run": "1", "step": "fitt"}, "not_found", f"run {FLOW}/1 has no step 'fitt'"),
        ({"op": "layout", "digest": "ab" * 32}, "blob_missing", "is not in the store"),
        ({"op": "layout", "digest": "../../etc/passwd"}, "blob_missing", "../../etc/passwd"),
        ({"op": "drop"}, "protocol_error", "unknown request 'drop'"),
        ({"op": "runs"}, "protocol_error", "KeyError: 'flow'"),
        ("[1]", "protocol_error", "not a request"),
        ("{", "protocol_error", "not a request"),
    ],
)
def test_errors(results, request_, code, message):
    found = error(request_)
    assert found["code"] == code
    assert message in found["message"]

"""The runner's side of the conversations in shared_spec/vectors/task, driven with what a host asks."""

import json
from pathlib import Path

import jsonschema
import pytest

from pyflow.codec import PythonCodec
from pyflow.codec.layout import layout_of
from pyflow.runner.r_step import Answers, run_message
from pyflow.runner.session import Session
from pyflow.spec.task import ArtifactRef, ForeachFrame, Input, TaskRequest
from pyflow.store import create_root, open_store
from tests.conformance.vectors import SPEC, case_id, cases

STEPS = cases("task", "conversation-step.json")
REFUSED = cases("task", "conversation-refused.json")
CODEC = PythonCodec()
SCHEMA = json.loads((SPEC / "task.schema.json").read_text("utf-8"))


def check_form(message, name):
    jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]}).validate(message)


class Task:
    """A session with the artifacts that a case describes, and what answers a host."""

    def __init__(self, case, folder):
        self.folder = folder
        root = create_root(folder)
        self.store = open_store({"type": "local", "root": str(root)})
        self.session = Session(self._request(case), self.store, CODEC)
        self.answers = Answers(self.session, folder / "scratch")

    def _request(self, case):
        given = case["input"]
        own = self._refs(given.get("artifacts", {}))
        inputs = [Input("start", "1", own)]
        if "inputs" in given:
            inputs = [Input(i["step"], str(n), self._refs(i["artifacts"])) for n, i in enumerate(given["inputs"])]
        foreach = given.get("foreach")
        frames = (
            (ForeachFrame("start", "python", digest=own[foreach["variable"]].digest, **foreach),) if foreach else ()
        )
        return TaskRequest(
            flow="TestFlow",
            run="17",
            step="work",
            task="7",
            attempt=0,
            language="r",
            function={"file": "/code.R", "name": "f"},
            flow_file=None,
            join="inputs" in given,
            transition={"kind": "linear", "targets": ["end"]},
            store={},
            folder=str(self.folder),
            parameters=self._refs({"limit": 5.5}),
            inputs=tuple(inputs),
            foreach=frames,
            reserved=("start", "work"),
        )

    def _refs(self, values):
        refs = {}
        for name, value in values.items():
            encoded = CODEC.encode(value, name)
            refs[name] = ArtifactRef(*self.put(encoded))
        return refs

    def put(self, encoded):
        digest, size = self.store.put(encoded.chunks)
        return digest, encoded.kind, size

    def layout(self, value):
        path = self.folder / "scratch"
        path.write_bytes(b"".join(bytes(chunk) for chunk in CODEC.encode(value, "x").chunks))
        return layout_of(path)

    def value(self, ref):
        return CODEC.decode(self.store.get(ref.digest))


def shown(answer):
    """An answer in the form of the vectors: values in place of layouts, refusals by their code."""
    if not answer["ok"]:
        return {"ok": False, "error": {"code": answer["error"]["code"]}}
    if "layout" in answer:
        return {"ok": True, "layout": {"value": CODEC.decode(Path(answer["layout"]["path"]))}}
    return {key: value for key, value in answer.items() if key != "warnings"}


@pytest.mark.parametrize("case", STEPS, ids=case_id)
def test_the_runner_answers_as_the_vectors_say(case, tmp_path):
    task = Task(case, tmp_path)
    for asked, answer in case["input"]["conversation"]:
        message = {**asked, "layout": task.layout(asked["layout"]["value"])} if "layout" in asked else asked
        check_form(message, "ask")
        got = task.answers(message)
        check_form(got, "answer")
        assert shown(got) == answer
    if "expect" in case:
        assert {name: task.value(ref) for name, ref in task.session.own.items()} == case["expect"]["artifacts"]
        assert sorted(task.session.removed) == case["expect"]["removed"]


@pytest.mark.parametrize("case", STEPS, ids=case_id)
def test_the_first_message_has_the_form_of_the_schema(case, tmp_path):
    task = Task(case, tmp_path)
    message = run_message(task.session, scratch="/tmp/scratch", constants=False)
    check_form(message, "run")
    assert message["read_only"] == ["limit"]
    if "inputs" in case["input"]:
        assert message["names"] == []
        assert [item["step"] for item in message["inputs"]] == [item["step"] for item in case["input"]["inputs"]]
    else:
        assert message["names"] == sorted(case["input"].get("artifacts", {}))


@pytest.mark.parametrize("case", REFUSED, ids=case_id)
def test_the_runner_refuses_and_changes_nothing(case, tmp_path):
    task = Task(case, tmp_path)
    answer = task.answers(case["input"]["message"])
    assert answer["ok"] is False
    assert answer["error"]["code"] == case["error"]
    assert answer["error"]["message"]
    assert not task.session.own and not task.session.removed

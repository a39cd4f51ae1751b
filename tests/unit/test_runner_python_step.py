"""One Python task: what self and inputs offer, what is saved, what is refused."""

from __future__ import annotations

import json
import textwrap
from dataclasses import replace

import pytest

from pyflow.codec import PythonCodec
from pyflow.define import load
from pyflow.runner.task import run_task
from pyflow.spec.task import ArtifactRef, ForeachFrame, Input, TaskError, TaskRequest, parse_result
from pyflow.store import create_root, open_store


class Bench:
    """A store, artifacts put into it, and tasks run in this process."""

    def __init__(self, folder):
        self.folder = folder
        self.config = {"type": "local", "root": str(create_root(folder))}
        self.store = open_store(self.config)
        self.codec = PythonCodec()
        self.count = 0

    def put(self, value) -> ArtifactRef:
        encoded = self.codec.encode(value, "x")
        digest, size = self.store.put(encoded.chunks)
        return ArtifactRef(digest, encoded.kind, size)

    def run(self, body, *, arguments="self", parameters=None, inputs=None, **fields):
        """Run a step function with this body; returns its result."""
        self.count += 1
        file = self.folder / f"step_{self.count}.py"
        file.write_text(f"def work({arguments}):\n" + textwrap.indent(textwrap.dedent(body).strip(), "    ") + "\n")
        request = TaskRequest(
            flow="F",
            run="1",
            step="work",
            task=str(self.count),
            attempt=0,
            language="python",
            function={"file": str(file), "name": "work"},
            flow_file=None,
            join=arguments != "self",
            transition={"kind": "linear", "targets": ["end"], "foreach": None},
            store=self.config,
            folder=str(self.folder / f"task_{self.count}"),
            parameters={name: self.put(value) for name, value in (parameters or {}).items()},
            inputs=tuple(self.input(number, item) for number, item in enumerate(inputs or [{}])),
            reserved=("work", "end"),
        )
        request = replace(request, **fields)
        (self.folder / f"task_{self.count}").mkdir()
        run_task(request.to_json())
        return parse_result(json.loads((self.folder / f"task_{self.count}" / "result.json").read_text()))

    def input(self, number, item) -> Input:
        step, values = item if isinstance(item, tuple) else ("before", item)
        return Input(step, str(100 + number), {name: self.put(value) for name, value in values.items()}, number)

    def values(self, result):
        return {name: self.codec.decode(self.store.get(ref.digest)) for name, ref in result.artifacts.items()}


@pytest.fixture
def bench(tmp_path):
    yield Bench(tmp_path)
    load._loaded.clear()


def test_what_is_set_is_saved_and_what_is_only_read_is_not(bench):
    result = bench.run("self.y = self.x + [4]", inputs=[{"x": [1, 2, 3]}])
    assert result.ok, result.error
    assert bench.values(result) == {"y": [1, 2, 3, 4]}


def test_a_change_in_place_is_seen(bench):
    result = bench.run("self.x.append(4); self.d['a']['b'] = 1", inputs=[{"x": [1], "d": {"a": {}}, "z": [0]}])
    assert bench.values(result) == {"x": [1, 4], "d": {"a": {"b": 1}}}


def test_a_removed_artifact_does_not_go_on(bench):
    result = bench.run("del self.x", inputs=[{"x": 1}])
    assert result.removed == ("x",)


def test_a_value_set_again_to_what_it_was_is_no_change(bench):
    assert bench.run("self.x = [1, 2]", inputs=[{"x": [1, 2]}]).artifacts == {}


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("self.alpha = 2", "artifact_read_only", "'alpha' is a parameter or constant"),
        ("self.end = 2", "artifact_name_taken", "'end' cannot be the name of an artifact, because it is a step"),
        ("self.next = 2", "artifact_name_taken", "'next' cannot be the name"),
        ("self.input = 2", "artifact_name_taken", "'input' cannot be the name"),
        ("setattr(self, 'a b', 2)", "artifact_name_invalid", "'a b' cannot be the name"),
        ("import threading; self.lock = threading.Lock()", "artifact_unsupported", "lock"),
        ("self.gen = (i for i in range(3))", "artifact_unsupported", "gen"),
        ("self.me = self", "artifact_unsupported", "me"),
    ],
)
def test_what_cannot_be_an_artifact_is_refused_by_name(bench, body, code, words):
    result = bench.run(body, parameters={"alpha": 1})
    assert not result.ok
    assert result.error.code == code
    assert words in result.error.message


def test_a_missing_artifact_names_the_nearest(bench):
    result = bench.run("self.genre", inputs=[{"genres": [1]}])
    assert (result.error.type, result.error.line) == ("AttributeError", 2)
    assert "did you mean 'genres'?" in result.error.message


def test_the_traceback_has_the_users_frames_only(bench):
    result = bench.run(
        """
        def inner():
            raise ValueError("no good")
        inner()
        """
    )
    assert (result.error.type, result.error.message, result.error.line) == ("ValueError", "no good", 3)
    assert "pyflow/" not in result.error.traceback
    assert result.error.traceback.count('File "') == 2


def test_artifacts_set_before_an_error_are_kept_and_catch_stores_it(bench):
    result = bench.run("self.y = 1\nraise KeyError('k')", catch={"var": "failed", "print_exception": True})
    assert result.ok and result.caught
    values = bench.values(result)
    assert values["y"] == 1
    assert (values["failed"]["type"], values["failed"]["language"]) == ("KeyError", "python")


def test_catch_without_error_stores_none(bench):
    result = bench.run("pass", catch={"var": "failed", "print_exception": True})
    assert (result.caught, bench.values(result)) == (False, {"failed": None})


def test_an_error_before_the_last_attempt_is_not_caught(bench):
    result = bench.run("1 / 0", catch={"var": "failed", "print_exception": True}, last_attempt=False)
    assert (result.ok, result.error.type) == (False, "ZeroDivisionError")


def test_a_crash_of_earlier_attempts_is_stored_without_running(bench):
    crash = TaskError("TaskCrashed", "signal 9", code="step_crashed")
    result = bench.run("self.y = 1", catch={"var": "failed", "print_exception": True}, caught=crash)
    assert result.caught
    assert bench.values(result)["failed"]["type"] == "TaskCrashed"
    assert "y" not in result.artifacts


def test_timeout_interrupts_python(bench):
    result = bench.run("import time; time.sleep(30)", timeout=0.2)
    assert (result.error.type, result.error.code) == ("TimeoutException", "step_timeout")


def test_sys_exit_is_a_failure(bench):
    result = bench.run("import sys; sys.exit(0)")
    assert (result.error.code, result.error.line) == ("step_exit", 2)
    assert "sys.exit(0)" in result.error.message


class TestForeach:
    def frame(self, bench, value, index, language="python"):
        ref = bench.put(value)
        return (ForeachFrame("start", language, "xs", index, len(value), ref.digest),)

    def test_input_and_index(self, bench):
        result = bench.run(
            "self.y = (self.input, self.index, self.foreach_stack())", foreach=self.frame(bench, ["a", "b"], 1)
        )
        assert bench.values(result) == {"y": ("b", 1, [(1, 2, "b")])}

    @pytest.mark.parametrize(
        ("items", "code"), [("[]", "foreach_empty"), ("5", "foreach_not_iterable"), ("range(101)", "foreach_too_many")]
    )
    def test_a_split_without_a_good_number_of_items_fails(self, bench, items, code):
        transition = {"kind": "foreach", "targets": ["end"], "foreach": "xs"}
        result = bench.run(f"self.xs = {items} if isinstance({items}, int) else list({items})", transition=transition)
        assert (result.ok, result.error.code) == (False, code)
        assert "'xs'" in result.error.message

    def test_a_split_says_how_many(self, bench):
        transition = {"kind": "foreach", "targets": ["end"], "foreach": "xs"}
        assert bench.run("self.xs = {'a': 1, 'b': 2}", transition=transition).foreach_count == 2

    def test_a_split_over_nothing_says_what_to_set(self, bench):
        transition = {"kind": "foreach", "targets": ["end"], "foreach": "xs"}
        result = bench.run("pass", transition=transition)
        assert "has no artifact of that name" in result.error.message


class TestJoin:
    two = (("a", {"x": 1, "same": [0], "only_a": 2}), ("b", {"x": 2, "same": [0]}))

    def join(self, bench, body, **fields):
        return bench.run(body, arguments="self, inputs", inputs=list(self.two), **fields)

    def test_inputs_by_name_number_and_in_a_loop(self, bench):
        result = self.join(bench, "self.y = [inputs.a.x, inputs[1].x, [i.x for i in inputs], len(inputs)]")
        assert bench.values(result) == {"y": [1, 2, [1, 2], 2]}

    def test_a_join_inherits_nothing(self, bench):
        result = self.join(bench, "self.same")
        assert "after a join only parameters" in result.error.message

    def test_merge_takes_over_by_digest_what_agrees(self, bench):
        result = self.join(bench, "self.merge_artifacts(inputs, exclude=['x'])")
        assert result.artifacts["same"] == self.only(bench, [0])
        assert bench.values(result) == {"same": [0], "only_a": 2}

    def only(self, bench, value):
        return bench.put(value)

    def test_what_is_set_before_wins(self, bench):
        result = self.join(bench, "self.x = 9; self.merge_artifacts(inputs)")
        assert bench.values(result) == {"x": 9, "same": [0], "only_a": 2}

    @pytest.mark.parametrize(
        ("call", "code", "words"),
        [
            ("self.merge_artifacts(inputs)", "merge_conflict", "'x'"),
            ("self.merge_artifacts(inputs, include=['only_a'])", "merge_missing", "'only_a'"),
            ("self.merge_artifacts(inputs, include=['same'], exclude=['x'])", "merge_arguments", "not both"),
        ],
    )
    def test_a_merge_that_cannot_be_merges_nothing(self, bench, call, code, words):
        result = self.join(bench, call)
        assert result.error.code == code
        assert words in result.error.message
        assert result.artifacts == {}

    def test_an_unknown_input_is_told_with_the_known_ones(self, bench):
        result = self.join(bench, "inputs.c")
        assert "the inputs come from a, b" in result.error.message

"""Messages about a task: what they say when they are read and written."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflow.spec.errors import HostError
from pyflow.spec.task import (
    ArtifactRef,
    ForeachFrame,
    Input,
    TaskError,
    TaskRequest,
    TaskResult,
    parse_error,
    parse_request,
    parse_result,
)

TEXT = st.text(max_size=10)
REFS = st.builds(
    ArtifactRef,
    st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}"),
    st.sampled_from(["table", "vector", "array", "scalar", "list", "dict", "native"]),
    st.integers(0, 2**62),
    TEXT,
    TEXT,
)
ARTIFACTS = st.dictionaries(TEXT, REFS, max_size=3)
ERRORS = st.builds(
    TaskError, TEXT, TEXT, TEXT, TEXT, TEXT, st.none() | TEXT, st.none() | st.integers(1, 99), TEXT, st.booleans()
)
RESULTS = st.builds(
    TaskResult,
    st.booleans(),
    ARTIFACTS,
    st.lists(TEXT, max_size=3).map(tuple),
    st.none() | st.integers(0, 10_000),
    st.none() | TEXT,
    st.none() | ERRORS,
    st.booleans(),
    st.lists(TEXT, max_size=3).map(tuple),
    st.floats(0, 1e6),
)
REQUESTS = st.builds(
    TaskRequest,
    **dict.fromkeys(("flow", "run", "step", "task", "folder", "namespace", "username"), TEXT),
    attempt=st.integers(0, 9),
    language=st.sampled_from(["python", "r"]),
    function=st.fixed_dictionaries({"file": st.none() | TEXT, "name": st.none() | TEXT}),
    flow_file=st.none() | TEXT,
    join=st.booleans(),
    transition=st.just({"kind": "end", "targets": [], "foreach": None}),
    store=st.just({"type": "local", "root": "/r"}),
    parameters=ARTIFACTS,
    inputs=st.lists(st.builds(Input, TEXT, TEXT, ARTIFACTS, st.none() | st.integers(0, 9)), max_size=3).map(tuple),
    foreach=st.lists(
        st.builds(ForeachFrame, TEXT, TEXT, TEXT, st.integers(0, 9), st.integers(1, 9), TEXT), max_size=3
    ).map(tuple),
    reserved=st.lists(TEXT, max_size=3).map(tuple),
    catch=st.none() | st.just({"var": "e", "print_exception": True}),
    last_attempt=st.booleans(),
    caught=st.none() | ERRORS,
    timeout=st.floats(0, 1e6),
    environment=st.dictionaries(TEXT, TEXT, max_size=2),
    max_num_splits=st.integers(1, 1000),
    tags=st.lists(TEXT, max_size=2).map(tuple),
    origin_run_id=st.none() | TEXT,
    hosts=st.dictionaries(TEXT, TEXT, max_size=2),
    values=st.lists(st.just({"name": "n", "kind": "value", "type": "int", "value": 1}), max_size=2).map(tuple),
    constants=st.lists(TEXT, max_size=2).map(tuple),
    iteration=st.lists(st.integers(0, 9), max_size=2).map(tuple),
    parallel=st.none()
    | st.fixed_dictionaries(
        {"num_nodes": st.integers(1, 9), "node_index": st.integers(0, 8), "control_task_id": TEXT, "main_ip": TEXT}
    ),
)


def through_json(data):
    return json.loads(json.dumps(data))


@given(RESULTS)
def test_a_result_survives_json(result):
    assert parse_result(through_json(result.to_json())) == result


@given(REQUESTS)
def test_a_request_survives_json(request):
    assert parse_request(through_json(request.to_json())) == request


@given(ERRORS)
def test_an_error_survives_json(error):
    assert parse_error(through_json(error.to_json())) == error


def test_no_error_is_none():
    assert parse_error(None) is None


def test_what_nobody_says_of_an_artifact_is_left_out():
    assert ArtifactRef("0" * 64, "scalar", 1).to_json() == {"digest": "0" * 64, "kind": "scalar", "size": 1}


def test_ids_and_pathspecs():
    request = parse_request(
        {
            **dict.fromkeys(("flow", "run", "step", "task", "language", "folder"), "x"),
            **{"protocol": 1, "attempt": 2, "join": False, "function": {}, "transition": {}, "store": {}},
        }
    )
    assert (request.id, request.pathspec) == ("x.2", "x/x/x/x")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"ok": True}, "'protocol' of a message about a task is missing"),
        ({"protocol": 2, "ok": True}, "protocol 2; this pyflow speaks protocol 1"),
        ({"protocol": 1, "ok": "yes"}, "'ok' of a message about a task cannot be 'yes'"),
        ({"protocol": 1, "ok": True, "seconds": math.nan, "removed": "x"}, "'removed' of a message"),
    ],
)
def test_a_message_that_is_refused_says_why(data, words):
    with pytest.raises(HostError) as caught:
        parse_result(data)
    assert words in str(caught.value)

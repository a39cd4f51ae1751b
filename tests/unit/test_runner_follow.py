"""What a runner decides when the artifacts are stored: the choice of a switch, the size of a gang."""

import numpy as np
import pytest

from pyflow.codec import PythonCodec
from pyflow.runner.follow import child_count, choice
from pyflow.runner.session import Session
from pyflow.spec.errors import ArtifactError
from pyflow.spec.task import TaskRequest
from pyflow.store import create_root, open_store

SWITCH = {
    "kind": "switch",
    "targets": ["a", "b"],
    "condition": "x",
    "cases": {"small": "a", "7": "b", "true": "b", "0.5": "a"},
}


@pytest.fixture
def session(tmp_path):
    store = open_store({"type": "local", "root": str(create_root(tmp_path))})

    def make(transition, **values):
        request = TaskRequest(
            flow="F",
            run="1",
            step="work",
            task="2",
            attempt=0,
            language="python",
            function={},
            flow_file=None,
            join=False,
            transition=transition,
            store={},
            folder=str(tmp_path),
        )
        made = Session(request, store, PythonCodec())
        for name, value in values.items():
            made.save(name, made.codec.encode(value, name))
        return made

    return make


@pytest.mark.parametrize(
    ("value", "target"),
    [
        ("small", "a"),
        (7, "b"),
        (7.0, "b"),
        (True, "b"),
        (0.5, "a"),
        (np.int64(7), "b"),
        (np.str_("small"), "a"),
        (np.array(["small"]), "a"),
        (["small"], "a"),
    ],
)
def test_a_value_chooses_its_case(session, value, target):
    assert choice(session(SWITCH, x=value)) == target


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("large", '"large"'),
        (8, "8"),
        (False, "false"),
        (None, "null"),
        (["small", "small"], "a value of type list"),
        ({"a": 1}, "a value of type dict"),
        (float("nan"), "NaN"),
    ],
)
def test_a_value_without_a_case(session, value, shown):
    with pytest.raises(ArtifactError) as caught:
        choice(session(SWITCH, x=value))
    assert caught.value.code == "switch_no_case"
    assert caught.value.message == f"step work has no case for x = {shown}"
    assert caught.value.hint == 'The cases are "small", "7", "true", "0.5".'


def test_a_condition_that_is_not_there(session):
    with pytest.raises(ArtifactError) as caught:
        choice(session(SWITCH, y=1))
    assert caught.value.code == "artifact_missing"


@pytest.mark.parametrize("transition", [{"kind": "end", "targets": []}, {"kind": "branch", "targets": ["a", "b"]}])
def test_other_steps_choose_nothing(session, transition):
    assert choice(session(transition)) is None
    assert child_count(session(transition)) is None


def gang(size):
    return {"kind": "parallel", "targets": ["work"], "num_parallel": size}


def test_the_size_of_a_gang(session):
    assert child_count(session(gang(3))) == 3
    assert child_count(session(gang("n"), n=4)) == 4
    assert child_count(session(gang("n"), n=4.0)) == 4
    assert child_count(session(gang("n"), n=np.array([4]))) == 4
    made = session(gang(None))
    made.said_size = 5
    assert child_count(made) == 5


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "4", None, [1, 2]])
def test_a_size_that_is_none(session, value):
    with pytest.raises(ArtifactError) as caught:
        child_count(session(gang("n"), n=value))
    assert caught.value.code == "num_parallel_invalid"


def test_a_step_that_does_not_say_the_size(session):
    with pytest.raises(ArtifactError) as caught:
        child_count(session(gang(None)))
    assert caught.value.code == "num_parallel_invalid"

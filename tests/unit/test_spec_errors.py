"""Errors: codes, exit codes, and how they read."""

import pytest

from pyflow.spec import errors
from pyflow.spec.errors import GraphError, MachineError, Problem, PyflowError, ResumeError, UserError, Where


def all_errors(base=PyflowError):
    return [base, *(found for child in base.__subclasses__() for found in all_errors(child))]


OURS = [kind for kind in all_errors() if kind.__module__ == errors.__name__ and not kind.__name__.startswith("_")]


# Those that carry problems take their messages from them.
@pytest.mark.parametrize("kind", [kind for kind in OURS if not issubclass(kind, GraphError | ResumeError)])
def test_an_error_without_a_message_says_what_its_class_says(kind):
    assert str(kind()) == kind.__doc__.strip().splitlines()[0]
    assert kind().exit_code == (2 if kind is errors.UsageError else 1)


def test_the_two_families():
    assert issubclass(errors.GraphError, UserError) and issubclass(errors.StoreError, MachineError)
    assert not set(all_errors(UserError)) & set(all_errors(MachineError))


def test_codes_are_unique():
    codes = [kind.code for kind in OURS]
    assert len(codes) == len(set(codes))


def test_an_error_reads_place_message_hint():
    error = UserError("no", code="c", hint="Do so.", where=Where("f.py", 3, "start", "x"))
    assert str(error) == "f.py:3, step start, artifact x: no\nDo so."
    assert error.to_json() == {
        "code": "c",
        "type": "UserError",
        "message": "no",
        "hint": "Do so.",
        "where": {"file": "f.py", "line": 3, "step": "start", "artifact": "x"},
    }


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (Where(), ""),
        (Where("f.py"), "f.py"),
        (Where("f.py", 3), "f.py:3"),
        (Where(line=3), ""),
        (Where(step="a"), "step a"),
    ],
)
def test_a_place_reads_as_far_as_it_is_known(where, text):
    assert str(where) == text


def test_a_graph_error_carries_every_problem():
    problems = (Problem("step_unknown", "No a.", Where("f.py", 1), "Add it."), Problem("cycle", "A loop."))
    error = GraphError(problems)
    assert error.code == "step_unknown"
    assert str(error) == "f.py:1: No a. Add it.\nA loop."
    assert [problem["code"] for problem in error.to_json()["problems"]] == ["step_unknown", "cycle"]

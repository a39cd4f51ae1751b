"""Requests, results and errors of shared_spec/task.md: what is read, what is refused, and that the schema agrees."""

import json

import jsonschema
import pytest

from pyflow.spec.errors import HostError
from pyflow.spec.task import parse_error, parse_request, parse_result
from tests.conformance.vectors import SPEC, case_id, cases

CASES = cases("task", "messages-*.json")
GOOD = [case for case in CASES if "expect" in case]
BAD = [case for case in CASES if "error" in case]
PARSERS = {"request": parse_request, "result": parse_result, "error": parse_error}


def read(case):
    return PARSERS[case["input"]["type"]](case["input"]["message"])


def validator(case):
    schema = json.loads((SPEC / "task.schema.json").read_text("utf-8"))
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{case['input']['type']}", "$defs": schema["$defs"]})


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(json.loads((SPEC / "task.schema.json").read_text("utf-8")))


@pytest.mark.parametrize("case", GOOD, ids=case_id)
def test_a_good_message_says_the_same_when_it_is_read_and_written(case):
    written = json.loads(json.dumps(read(case).to_json()))
    message = case["input"]["message"]
    assert {key: written[key] for key in message if key in written} == {
        k: v for k, v in message.items() if k in written
    }
    assert PARSERS[case["input"]["type"]](written) == read(case)
    validator(case).validate(written)


@pytest.mark.parametrize("case", GOOD, ids=case_id)
def test_a_good_message_has_the_form_of_the_schema(case):
    validator(case).validate(case["input"]["message"])


@pytest.mark.parametrize("case", BAD, ids=case_id)
def test_a_bad_message_is_refused_with_its_code(case):
    with pytest.raises(HostError) as caught:
        read(case)
    assert caught.value.code == case["error"]


@pytest.mark.parametrize("case", BAD, ids=case_id)
def test_a_bad_message_has_not_the_form_of_the_schema(case):
    assert not validator(case).is_valid(case["input"]["message"])


def test_unknown_keys_are_ignored():
    case = next(case for case in GOOD if case["id"] == "request-unknown-key")
    assert "priority" not in read(case).to_json()

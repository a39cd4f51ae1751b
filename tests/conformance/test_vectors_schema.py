"""The vectors themselves: each file has the form of vector.schema.json, and what they hold that of its own schema."""

import json

import jsonschema
import pytest

from tests.conformance.vectors import SPEC, VECTORS, case_id, cases

FILES = sorted(VECTORS.glob("*/*.json"))
AREAS = sorted({path.parent.name for path in FILES})
GRAPHS = [case for case in cases("graph") if case.get("error") != ["graph_format"]]
NO_GRAPHS = [case for case in cases("graph") if case.get("error") == ["graph_format"]]


def schema(name):
    return json.loads((SPEC / name).read_text("utf-8"))


def name_of(path):
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", sorted(SPEC.rglob("*.schema.json")), ids=lambda path: path.name)
def test_a_schema_is_one(path):
    jsonschema.Draft202012Validator.check_schema(json.loads(path.read_text("utf-8")))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_of_vectors_has_the_form(path):
    validator = jsonschema.Draft202012Validator(schema("vectors/vector.schema.json"))
    errors = [
        f"{list(error.path)}: {error.message}" for error in validator.iter_errors(json.loads(path.read_text("utf-8")))
    ]
    assert errors == []


@pytest.mark.parametrize("area", AREAS)
def test_ids_are_unique_in_their_area(area):
    ids = [case["id"] for case in cases(area)]
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("area", AREAS)
def test_a_case_tests_a_section_that_exists(area):
    for case in cases(area):
        page, _, section = case["spec"].partition("#")
        assert f"\n## {section}. " in (SPEC / page).read_text("utf-8"), case["id"]


def test_every_area_of_the_specification_has_vectors():
    assert AREAS == ["artifact", "graph", "run-state", "store", "task"]


@pytest.mark.parametrize("case", GRAPHS, ids=case_id)
def test_a_graph_has_the_form_of_its_schema(case):
    jsonschema.Draft202012Validator(schema("graph.schema.json")).validate(case["input"])


@pytest.mark.parametrize("case", NO_GRAPHS, ids=case_id)
def test_what_is_no_graph_has_not(case):
    assert not jsonschema.Draft202012Validator(schema("graph.schema.json")).is_valid(case["input"])


@pytest.mark.parametrize("case", cases("run-state"), ids=case_id)
def test_the_graphs_of_runs_have_the_form_too(case):
    jsonschema.Draft202012Validator(schema("graph.schema.json")).validate(case["input"]["graph"])

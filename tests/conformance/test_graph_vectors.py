"""Every rule of shared_spec/graph.md, as its vectors state it."""

import re

import pytest

from pyflow.spec.check import check_graph
from pyflow.spec.errors import DefinitionError
from pyflow.spec.graph import graph_to_json, parse_graph
from pyflow.spec.structure import structure
from tests.conformance.vectors import SPEC, case_id, cases

CASES = cases("graph")
GOOD = [case for case in CASES if "expect" in case]
FORMAT = [case for case in CASES if case.get("error") == ["graph_format"]]
BAD = [case for case in CASES if "error" in case and case not in FORMAT]


@pytest.mark.parametrize("case", GOOD, ids=case_id)
def test_a_good_graph_has_no_problem_and_its_structure(case):
    graph = parse_graph(case["input"])
    assert [str(problem) for problem in check_graph(graph)] == []
    found = structure(graph)
    assert {
        "splits": {name: list(splits) for name, splits in found.open_splits.items()},
        "closes": dict(found.closes),
        "order": list(found.order),
    } == case["expect"]


@pytest.mark.parametrize("case", BAD, ids=case_id)
def test_a_bad_graph_has_these_problems_in_this_order(case):
    problems = check_graph(parse_graph(case["input"]))
    assert [problem.code for problem in problems] == case["error"]
    assert [problem.where.step for problem in problems] == case["steps"]


@pytest.mark.parametrize("case", FORMAT, ids=case_id)
def test_what_is_no_graph_is_refused(case):
    with pytest.raises(DefinitionError) as caught:
        parse_graph(case["input"])
    assert caught.value.code == "graph_format"


@pytest.mark.parametrize("case", GOOD + BAD, ids=case_id)
def test_a_graph_survives_writing_and_reading(case):
    graph = parse_graph(case["input"])
    assert parse_graph(graph_to_json(graph)) == graph


@pytest.mark.parametrize("case", BAD, ids=case_id)
def test_every_problem_says_where_and_what_to_do(case):
    for problem in check_graph(parse_graph(case["input"])):
        assert problem.message.endswith(".")
        assert problem.where.file == case["input"]["file"]
        if problem.where.step is not None:
            assert problem.where.line is not None


def test_the_vectors_have_a_case_for_every_code_of_the_specification():
    rules = (SPEC / "graph.md").read_text("utf-8").split("## 2. Rules")[1].split("## 3.")[0]
    rows = [line.split("|")[2] for line in rules.splitlines() if re.match(r"\| [ABCD] \|", line)]
    codes = {code for row in rows for code in re.findall(r"`(\w+)`", row)}
    assert codes == {code for case in BAD for code in case["error"]}

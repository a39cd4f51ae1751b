"""docs/reference/artifact-contract.md: each row is checked by vectors, each vector stands in a row, and what a row says is announced
is what the vectors say."""

import re
from pathlib import Path

import pytest

from tests.conformance.r_values import ANNOUNCED, ANNOUNCED_BY_R, EVERYTHING
from tests.conformance.vectors import SPEC, cases

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "artifact-contract.md"
VECTORS = {case["id"]: case for case in cases("artifact") if not case["id"].startswith("bad-")}
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.read_text("utf-8").replace("| |", "|  |").replace("| |", "|  |").splitlines()
    if line.startswith("| ") and not line.startswith("| Python |")
]


def row_id(row):
    return re.sub(r"\W+", "-", f"{row[0]}-{row[1]}")[:60].strip("-")


def quoted(cell):
    return re.findall(r"`([^`]+)`", cell)


def codes_of(id):
    """All that is announced of a vector or an R value, and the error where it is refused."""
    if id.startswith("r:"):
        return ANNOUNCED.get(id[2:], set()) | ANNOUNCED_BY_R.get(id[2:], set())
    case = VECTORS[id]
    if "error" in case:
        return {case["error"]}
    announced = {code for codes in case["expect"].get("announced", {}).values() for code in codes}
    return announced | ({case["expect"]["r"].removeprefix("rflow_error_")} if "r-refuses" in case["tags"] else set())


@pytest.mark.parametrize("row", ROWS, ids=row_id)
def test_a_row_is_checked_by_vectors_that_announce_what_it_says(row):
    assert len(row) == 5
    ids = quoted(row[4])
    unknown = [id for id in ids if id not in VECTORS and id.removeprefix("r:") not in EVERYTHING]
    assert ids
    assert unknown == []
    assert set(quoted(row[2])) == set().union(*map(codes_of, ids))


def test_every_vector_stands_in_a_row():
    named = {id for row in ROWS for id in quoted(row[4])}
    assert sorted(VECTORS.keys() - named) == []


def test_the_specification_lists_every_code():
    section = (SPEC / "artifact.md").read_text("utf-8").partition("\n## 7. ")[2]
    assert {code for row in ROWS for code in quoted(row[2])} <= set(quoted(section))

"""R reads and writes the same files as Python: the vectors of shared_spec/artifact.md through rflow's own code."""

import json
import subprocess
from pathlib import Path

import pytest

from pyflow.codec import layout
from tests.conformance.artifact_files import FOLDER, describe, good_file, shared
from tests.conformance.vectors import case_id, cases

CASES = [case for case in cases("artifact") if "r" in case.get("expect", {}) or "r" in case["input"]]
READ = [case for case in CASES if "file" in case["input"] and not {"r-refuses", "python-only"} & set(case["tags"])]
REFUSED = [case for case in CASES if "r-refuses" in case["tags"]]
WRITES = [case for case in CASES if "r-writes" in case["tags"]]
CANNOT = [case for case in CASES if "r" in case["input"]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("vectors")


@pytest.fixture
def answers(rlib, folder):
    """What R answers to all cases; R is started once."""
    if not (folder / "answers.json").exists():
        requests = {case["id"]: request(case) for case in CASES}
        (folder / "requests.json").write_text(json.dumps(requests), "utf-8")
        script = Path(__file__).with_name("artifact_vectors.R")
        command = ["Rscript", str(script), str(rlib), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
    return json.loads((folder / "answers.json").read_text("utf-8"))


def request(case):
    given = case["input"]
    if "r" in given:
        return {"layout": None, "r": given["r"]}
    refused = "r-refuses" in case["tags"]
    return {"layout": layout.layout_of(FOLDER / given["file"]), "r": "NULL" if refused else case["expect"]["r"]}


@pytest.mark.parametrize("case", READ, ids=case_id)
def test_r_reads_the_value(case, answers):
    answer = answers[case["id"]]["read"]
    assert answer.get("same"), answer["shown"]
    assert sorted(set(answer["announced"])) == sorted(case["expect"].get("announced", {}).get("r", []))


@pytest.mark.parametrize("case", REFUSED, ids=case_id)
def test_r_refuses_what_it_cannot_hold(case, answers):
    assert answers[case["id"]]["read"]["error"] == case["expect"]["r"]


@pytest.mark.parametrize("case", WRITES, ids=case_id)
def test_r_writes_exactly_this_file(case, answers):
    encoded = layout.from_layout(answers[case["id"]]["written"]["layout"])
    expected = shared(case["expect"]["tree"])
    assert describe(b"".join(encoded.chunks)) == expected
    assert b"".join(encoded.chunks) == good_file(expected)


@pytest.mark.parametrize("case", CANNOT, ids=case_id)
def test_r_refuses_to_write(case, answers):
    assert answers[case["id"]]["written"]["error"] == f"rflow_error_{case['error']}"

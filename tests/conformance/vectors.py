"""Reads the conformance vectors, which are the tests of the specification."""

import json
from pathlib import Path

SPEC = Path(__file__).resolve().parents[2] / "shared_spec"
VECTORS = SPEC / "vectors"


def cases(area, pattern="*.json"):
    """All cases in the files of an area that match `pattern`."""
    return [case for path in sorted((VECTORS / area).glob(pattern)) for case in json.loads(path.read_text("utf-8"))]


def case_id(case):
    return case["id"]

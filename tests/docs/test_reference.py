"""The references that are made from the code are those of the code as it is, and every page is in the site's navigation."""

from __future__ import annotations

import runpy
import subprocess
import sys

import pytest
import yaml

from tests.conftest import ROOT

TOOL = runpy.run_path(str(ROOT / "tools" / "docs.py"))
# Help pages become HTML a little differently in other versions of R.
R_OF_THE_PAGE = "4.2"


@pytest.mark.parametrize("name", sorted(TOOL["PAGES"]))
def test_a_reference_is_up_to_date(name, request):
    if name == "r.md":
        request.getfixturevalue("rlib")
        if (
            R_OF_THE_PAGE
            not in subprocess.run(["R", "--version"], capture_output=True, text=True).stdout.split("\n")[0]
        ):
            pytest.skip(f"docs/reference/r.md is made with R {R_OF_THE_PAGE}")
    page = (ROOT / "docs" / "reference" / name).read_text("utf-8")
    assert page == TOOL["PAGES"][name](), f"run {sys.executable} tools/docs.py"


def test_every_page_is_in_the_navigation():
    listed = set(_names(yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]))
    there = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert {name for name in listed if not name.startswith(("specification/", "contributing", "changelog"))} == there


def _names(entry):
    if isinstance(entry, str):
        return [entry]
    parts = entry if isinstance(entry, list) else entry.values()
    return [name for part in parts for name in _names(part)]

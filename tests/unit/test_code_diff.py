"""Diffs are what git apply takes."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflow.code.diff import binary_names, unified


def applied(folder, before: dict[str, bytes], after: dict[str, bytes]) -> dict[str, bytes]:
    """What `git apply` makes of `before` with the diff to `after`."""
    folder.mkdir()
    for name, content in before.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    patch = folder.with_suffix(".patch")
    patch.write_bytes(unified(before, after).encode("utf-8", "surrogateescape"))
    if patch.stat().st_size:
        subprocess.run(["git", "apply", "--unsafe-paths", str(patch)], cwd=folder, check=True, capture_output=True)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a.py": b"1\n2\n3\n"}, {"a.py": b"1\ntwo\n3\n"}),
        ({"a.py": b"1\n2"}, {"a.py": b"1\n2\n"}),
        ({"a.py": b"1\n2\n"}, {"a.py": b"1\n2"}),
        ({"a.py": b"x"}, {}),
        ({}, {"sub/new file.py": b"x\ny"}),
        ({"a.R": b"a\r\nb\r\n"}, {"a.R": b"a\r\nc\r\n"}),
        ({"a.R": b"\xe9t\xe9\n"}, {"a.R": b"\xe9t\xe9 !\n"}),
        ({"a.py": "größer\x0cx\u2028y\n".encode()}, {"a.py": "kleiner\x0cx\u2028y\n".encode()}),
        ({"a.py": b"same", "b.py": b"1\n"}, {"a.py": b"same", "b.py": b"2\n"}),
    ],
)
def test_git_applies_it(tmp_path, before, after):
    assert applied(tmp_path / "work", before, after) == after


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=3).map(lambda b: b.replace(b"\0", b"-")), min_size=1), st.data())
def test_any_text_is_carried(tmp_path_factory, lines, data):
    before = b"\n".join(lines) + b"x"
    after = b"\n".join(data.draw(st.permutations(lines))) + b"y"
    folder = tmp_path_factory.mktemp("diff") / "work"
    assert applied(folder, {"a": before}, {"a": after}) == {"a": after}


def test_what_is_no_text_is_only_named():
    before, after = {"a.rds": b"\0\1", "b.py": b"1\n"}, {"a.rds": b"\0\2", "b.py": b"1\n"}
    assert unified(before, after) == "Binary files a/a.rds and b/a.rds differ\n"
    assert binary_names(before, after) == ["a.rds"]
    assert unified({}, {"empty.py": b""}) == "Only in b: empty.py (empty)\n"


def test_equal_files_give_nothing():
    assert unified({"a": b"1"}, {"a": b"1"}) == ""

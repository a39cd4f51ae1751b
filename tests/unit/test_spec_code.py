"""Names in a code package; R's host-code.R has the same function, with the same cases in test-host-code.R."""

from __future__ import annotations

import pytest

from pyflow.spec.code import member_name, shown_name

CASES = [
    ("/a/flows/flow.py", "/a/flows", "flow.py", "flow.py"),
    ("/a/flows/sub/part.R", "/a/flows", "sub/part.R", "sub/part.R"),
    ("/a/flows/x.py", "/a/flows/", "x.py", "x.py"),
    ("/a/lib/x.R", "/a/flows", "_outside/1/lib/x.R", "../lib/x.R"),
    ("/x.R", "/a/b", "_outside/2/x.R", "../../x.R"),
    ("/a/flows2/x.R", "/a/flows", "_outside/1/flows2/x.R", "../flows2/x.R"),
    ("/a", "/a/b/c", "_outside/2", "../.."),
]


@pytest.mark.parametrize(("path", "folder", "name", "shown"), CASES)
def test_names(path, folder, name, shown):
    assert member_name(path, folder) == name
    assert shown_name(name) == shown

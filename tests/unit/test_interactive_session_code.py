"""What stands in the code of a session, and which names of it code reads."""

import pytest

from pyflow.interactive.session_code import SessionCode, names_read


def texts(code: SessionCode) -> dict[str, str]:
    return {name: code.definition(name, None).text for name in code.definitions}


def test_definitions_are_found_as_they_are_written():
    code = SessionCode.read(
        ["x = 1\n@wrap(\n  1\n)\ndef f(a):\n    # why\n    return a\n\nclass C:\n    y = 1  # end\n"]
    )
    assert texts(code) == {"f": "@wrap(\n  1\n)\ndef f(a):\n    # why\n    return a", "C": "class C:\n    y = 1  # end"}
    assert [code.definition(name, None).place for name in ("f", "C")] == [0, 1]


def test_the_last_one_counts_in_the_place_where_it_was_made():
    code = SessionCode.read(["def f(): return 1", "def g(): return f", "def f(): return 2"])
    assert texts(code) == {"f": "def f(): return 2", "g": "def g(): return f"}
    assert code.definition("f", None).place > code.definition("g", None).place


def test_a_module_that_is_not_there_has_no_code():
    assert SessionCode.of("no_such_module").definitions == {}


@pytest.mark.parametrize(
    "later", ["f = 1", "for f in []: pass", "import f", "from m import g as f", "if x:\n    def f(): pass", "del f"]
)
def test_a_name_that_is_set_otherwise_is_no_definition_any_more(later):
    assert "f" not in SessionCode.read(["def f(): pass", later]).definitions


def test_imports_by_the_name_that_they_bind():
    code = SessionCode.read(
        [
            "import os, a.b\nimport a.c\nimport numpy as np",
            "from m.n import x, y as z\nfrom . import w",
            "import np2 as np",
        ]
    )
    assert code.imports == {
        "os": ["import os"],
        "a": ["import a.b", "import a.c"],
        "np": ["import np2 as np"],
        "x": ["from m.n import x"],
        "z": ["from m.n import y as z"],
        "w": ["from . import w"],
    }
    assert SessionCode.read(["import os", "os = 1"]).imports == {}
    assert SessionCode.read(["import f", "def f(): pass"]).imports == {}


def test_what_is_not_python_is_passed_over():
    code = SessionCode.read(["%%bash\nls -l", "def f(): pass", "1 +"])
    assert list(code.definitions) == ["f"]
    assert not code.future
    assert SessionCode.read(["from __future__ import annotations"]).future


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("def f(a, b=default): return a + b + outer", {"default", "outer"}),
        ("@wrap\ndef f(): return [inner(x) for x in xs]", {"wrap", "inner", "xs"}),
        ("class C(Base):\n    y = 1\n    z = y\n    def m(self): return helper(self.data)", {"Base", "helper"}),
        ("class C:\n    FACTOR = FACTOR", {"FACTOR"}),
        ("def f():\n    def g(): return deep\n    return g()", {"deep"}),
        ("def f(): return f()", {"f"}),
    ],
)
def test_names_that_code_reads_from_its_module(text, names):
    assert names_read(text) - {"__name__"} == names

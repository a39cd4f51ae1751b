"""The file of a flow class of a session; a session is a module with a file here."""

import importlib
import math
import subprocess
import sys

import pytest

from pyflow import NBRunner
from pyflow.interactive import cells
from pyflow.interactive.cells import flow_source
from pyflow.spec.errors import DefinitionError

SESSION = '''\
from __future__ import annotations

import math
import os.path
from pathlib import Path as P

from pyflow import FlowSpec, step

try:
    import json
except ImportError:
    json = None

SHORT = {"a": [1, 2.5, None], "b": ("x", b"y")}
NAN = float("nan")
LONG = list(range(1000))
UNUSED = (x for x in "abc")
double = lambda x: 2 * x  # noqa: E731


class Kind:
    """A class of the session."""


def helper(x: Kind) -> int:
    return double(x) + math.floor(1 if x else NAN) + len(LONG)


def unused():
    return UNUSED


class SessionFlow(FlowSpec):
    @step
    def start(self):
        self.x = helper(SHORT["a"][0]) + len(json.dumps(str(P("a"))))
        self.kind = Kind.__doc__
        self.next(self.end)

    @step
    def end(self):
        print(self.x, os.path.join("a", "b"), missing if not self.x else "")
'''


@pytest.fixture
def session(tmp_path, monkeypatch):
    """A module with other text in place of SESSION's, as a session."""

    def session(text=SESSION):
        (tmp_path / "session_module.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "session_module", raising=False)
        importlib.invalidate_caches()
        return importlib.import_module("session_module")

    yield session
    sys.modules.pop("session_module", None)


def test_the_file_has_what_the_flow_uses_and_nothing_else(session, tmp_path):
    source = flow_source(session().SessionFlow, "Doc.")
    assert source.startswith('"""Doc."""\n\nfrom __future__ import annotations\n\nimport math\nimport os.path\n')
    assert 'SHORT = {"a"' not in source and "SHORT = {'a': [1, 2.5, None], 'b': ('x', b'y')}" in source
    assert "import json as json" in source
    for name in ("UNUSED", "unused", "missing ="):
        assert name not in source
    assert source.index("class Kind") < source.index("def helper") < source.index("class SessionFlow")
    made = tmp_path / "made"
    made.mkdir()
    (made / "made.py").write_text(source)
    values = {}
    exec(compile(source.partition("if __name__")[0], "made.py", "exec"), values)
    assert math.isnan(values["NAN"]) and values["LONG"] == list(range(1000)) and values["helper"](1) == 1003
    done = subprocess.run([sys.executable, "made.py", "check"], cwd=made, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_class_that_was_defined_twice_is_the_one_that_is_given(session):
    text = SESSION.replace("print(self.x", 'print("first"') + "\n\nfirst = SessionFlow\n"
    text += text[text.index("class SessionFlow") : text.index("first = ")].replace('"first"', '"second"')
    module = session(text.replace("first = SessionFlow", "globals()['first'] = SessionFlow"))
    assert '"first"' in flow_source(module.first, "") and '"second"' not in flow_source(module.first, "")
    assert '"second"' in flow_source(module.SessionFlow, "")


def test_values_that_cannot_go_along_are_told(session, monkeypatch):
    module = session(SESSION.replace("SHORT[", "UNUSED and SHORT["))
    with pytest.raises(
        DefinitionError, match=r"the flow uses UNUSED, an object of class generator, which cannot"
    ) as told:
        flow_source(module.SessionFlow, "")
    assert told.value.code == "value_unsupported"
    monkeypatch.setattr(cells, "LIMIT", 1000)
    module = session()
    with pytest.raises(DefinitionError, match=r"the flow uses LONG, whose \d+ MB are too much") as told:
        flow_source(module.SessionFlow, "")
    assert told.value.code == "value_too_large"


def test_a_class_without_source_is_told():
    values = {"__name__": "builtins"}
    exec("from pyflow import FlowSpec\nclass NoFlow(FlowSpec): pass", values)
    with pytest.raises(DefinitionError, match="the source of NoFlow is not to be had"):
        flow_source(values["NoFlow"], "")


def test_nbrunner_takes_a_class_and_spares_the_users_files(session, tmp_path):
    with pytest.raises(DefinitionError, match=r"NBRunner takes the class of a flow, not 'flow\.py'"):
        NBRunner("flow.py")
    flow_class = session().SessionFlow
    file = tmp_path / "SessionFlow_notebook.py"
    file.write_text("mine")
    with pytest.raises(DefinitionError, match="is a file of your own"):
        NBRunner(flow_class)
    assert file.read_text() == "mine"
    file.unlink()
    runner = NBRunner(flow_class, base_dir=tmp_path)
    assert file.exists()
    runner.cleanup()
    assert not file.exists()

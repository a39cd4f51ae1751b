from __future__ import annotations

import importlib.util
import subprocess
import sys
import textwrap

import pytest

import pyflow.r
from pyflow.codec.native import NativeProxy
from pyflow.spec.errors import ArtifactError, HostError, UserError

rpy2 = pytest.mark.skipif(
    importlib.util.find_spec("rpy2") is None, reason="needs rpy2: pip install 'pyflow-rflow[rpy2]'"
)


def proxy(expression, path):
    """What reading an artifact of R gives: R itself writes it."""
    code = f"writeBin(serialize({expression}, NULL, version = 3), '{path}')"
    subprocess.run(["Rscript", "-e", code], check=True, timeout=60)
    return NativeProxy("r", ("lm",), 9000, "", "4.2.2", path.read_bytes())


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return pyflow.r.open(proxy("lm(dist ~ speed, cars)", tmp_path_factory.mktemp("r") / "model"))


@rpy2
def test_printed_as_r_prints_it(model):
    text = repr(model)
    assert "lm(formula = dist ~ speed, data = cars)" in text
    assert "(Intercept)" in text
    assert model.classes() == ["lm"]


@rpy2
def test_functions_of_r(model):
    coefficients = model.r("coef")
    assert coefficients.names() == ["(Intercept)", "speed"]
    assert coefficients.values() == pytest.approx([-17.579095, 3.932409])
    assert model.r("function(m) summary(m)$r.squared").values() == pytest.approx([0.6510794])
    interval = model.r(
        "stats::predict", model.r("function(m) data.frame(speed = 10)"), interval="confidence", level=0.9
    )
    assert interval.r("dim").values() == [1, 3]
    assert model.r("[[", "rank").values() == [2]


@rpy2
def test_values():
    assert pyflow.r.call("c", 1, 2).values() == [1, 2]
    assert pyflow.r.call("function() c(TRUE, NA)").values() == [True, None]
    assert pyflow.r.call("function() c(1L, NA)").values() == [1, None]
    assert pyflow.r.call("function() c('ä', NA)").values() == ["ä", None]
    assert pyflow.r.call("function() factor(c('b', 'a'))").values() == ["b", "a"]
    assert pyflow.r.call("function(x) x", None).values() == []
    assert len(pyflow.r.call("function(x) x", None)) == 0
    assert [item.values() for item in pyflow.r.call("list", [1.5, 2], "a", True).values()] == [
        [1.5, 2.0],
        ["a"],
        [True],
    ]
    assert pyflow.r.call("typeof", 2**40).values() == ["double"]
    assert pyflow.r.call("function() function(x) x + 1")(41).values() == [42]


@rpy2
def test_errors_and_warnings_of_r(model, capfd):
    with pytest.raises(pyflow.r.RError, match=r"^there is no such thing \(simpleError in f\)$") as caught:
        pyflow.r.call("function() { f <- function() stop('there is no such thing'); f() }")
    assert caught.value.code == "r_error"
    with pytest.raises(pyflow.r.RError, match="object 'no_such_function' not found"):
        model.r("no_such_function")
    with pytest.raises(pyflow.r.RError, match="unexpected"):
        model.r("function(")
    with pytest.warns(UserWarning, match="R: careful"):
        assert pyflow.r.call("function() { warning('careful'); 1 }").values() == [1]
    assert capfd.readouterr() == ("", "")


@rpy2
def test_damaged_object():
    with pytest.raises(pyflow.r.RError, match=r"R cannot open the object of class lm: unknown input format"):
        pyflow.r.open(NativeProxy("r", ("lm",), 3, "", "4.2.2", b"abc"))


@rpy2
def test_arguments_it_cannot_give():
    with pytest.raises(UserError, match=r"cannot be given \{1\}") as caught:
        pyflow.r.call("c", {1})
    assert caught.value.code == "r_argument"


@pytest.mark.parametrize("value", [3, NativeProxy("python", ("Model",), 1, "", "3.11", b"x")])
def test_only_objects_of_r(value):
    with pytest.raises(ArtifactError, match="not an object of R"):
        pyflow.r.open(value)


def test_without_rpy2(monkeypatch):
    monkeypatch.setitem(sys.modules, "rpy2.rinterface", None)
    pyflow.r._rinterface.cache_clear()
    with pytest.raises(HostError) as caught:
        pyflow.r.open(NativeProxy("r", ("lm",), 1, "", "4.2.2", b"x"))
    assert caught.value.code == "rpy2_missing"
    assert "pip install 'pyflow-rflow[rpy2]'" in caught.value.hint
    monkeypatch.undo()
    pyflow.r._rinterface.cache_clear()


def test_importing_it_starts_no_r():
    code = "import sys, pyflow.r; print(any(name.startswith('rpy2') for name in sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout == "False\n"

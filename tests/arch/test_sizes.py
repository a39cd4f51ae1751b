"""Modules and functions stay small: nothing over the hard limit, and next to nothing over the limit to aim at."""

import pytest

from tests.arch.source import PYTHON, C, R, name_of, python_functions, r_functions

MODULE, MODULE_HARD = 400, 600
FUNCTION, FUNCTION_HARD = 40, 60
SHARE = 0.01


@pytest.mark.parametrize("files", [PYTHON, R, C], ids=["python", "r", "c"])
def test_modules(files):
    lines = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in files}
    assert lines
    assert {name: count for name, count in lines.items() if count > MODULE_HARD} == {}
    over = {name: count for name, count in lines.items() if count > MODULE}
    assert len(over) <= SHARE * len(lines) + 1, over


@pytest.mark.parametrize("functions", [python_functions, r_functions], ids=["python", "r"])
def test_functions(functions):
    found = functions()
    assert len(found) > 100
    assert [item for item in found if item.lines > FUNCTION_HARD] == []
    over = [item for item in found if item.lines > FUNCTION]
    assert len(over) < SHARE * len(found), over

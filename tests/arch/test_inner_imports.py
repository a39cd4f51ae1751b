"""Imports stand at the top of a file. Inside a function only what is optional or heavy, each named here with its reason."""

import ast

from tests.arch.source import PYTHON, functions_of, name_of

POLARS = "optional: only users of polars have it"
PANDAS = "heavy: a task that touches no table must not load pandas"
TABLES = "leads to pandas, polars or pyarrow.compute: loaded with the first such value"

ALLOWED = {
    ("pyflow/codec/arrowtables.py", "polars"): POLARS,
    ("pyflow/codec/scalars.py", "pandas"): PANDAS,
    ("pyflow/codec/tree.py", "pyflow.codec"): TABLES,
    ("pyflow/codec/untree.py", "pyflow.codec"): TABLES,
    ("pyflow/r.py", "rpy2.rinterface"): "optional, and it starts R: only for users who open R objects in Python",
}


def modules_of(node):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) else []


def test_only_what_is_named_here_is_imported_inside_a_function():
    found = {
        (name_of(path), module)
        for path in PYTHON
        for function in functions_of(path)
        for node in ast.walk(function)
        for module in modules_of(node)
    }
    assert found == set(ALLOWED)

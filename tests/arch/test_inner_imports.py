"""Imports stand at the top of a file. What is imported later, in a function or by name, is listed here with its reason."""

import ast

from tests.arch.source import PYTHON, functions_of, name_of, tree

# An import statement inside a function.
INSIDE = {
    ("pyflow/r.py", "rpy2.rinterface"): "optional, and it starts R: only for users who open R objects in Python",
}

# A call that imports what its argument names. Such an arrow is not seen by the contracts of [tool.importlinter].
BY_NAME = {
    ("pyflow/__init__.py", "_PUBLIC[name]"): "public names are loaded when used, so that a task loads what it needs",
    ("pyflow/code/ignore.py", "'pathspec'"): "slow to load, and needed only where a changed folder has a .gitignore",
    ("pyflow/cli/hook.py", "'pyflow.client:Run'"): "slow to load, and most exit hooks do not ask for the run",
    ("pyflow/cli/context.py", "entry.make"): "a command is loaded when it is called, so that --help stays fast",
    ("pyflow/cli/context.py", "'pyflow.define.namespaces:namespace'"): "--help needs no namespaces",
    ("pyflow/client/bridge.py", "LAYOUT"): "heavy, and most questions of R open no value",
    ("pyflow/client/catalog.py", "CODEC"): "heavy, and most questions to the client open no value",
    ("pyflow/client/compare.py", "DIFFERENCE"): "heavy, and the client is loaded without comparing anything",
    ("pyflow/codec/lazy.py", "'pandas'"): "heavy: a task that touches no table must not load pandas",
    ("pyflow/codec/lazy.py", "'polars'"): "optional: only users of polars have it",
    ("pyflow/codec/lazy.py", "'pyflow.codec.series'"): "leads to pandas",
    ("pyflow/codec/lazy.py", "'pytz'"): "optional: only users of pytz have it",
    ("pyflow/codec/lazy.py", "'scipy.sparse'"): "optional and heavy: only users of sparse matrices need it",
    (
        "pyflow/codec/native.py",
        "module",
    ): "an object of a user's module without a copy in the artifact is looked up there",
    ("pyflow/define/config.py", "parser"): "a parser of a configuration may be named",
    ("pyflow/define/current.py", "CLIENT"): "slow to load, and few steps ask for current.run or current.task",
    ("pyflow/define/load.py", "module_name"): "a step decorator given by --with is named with its module",
    ("pyflow/define/parsers.py", "'yaml'"): "optional: only flows with YAML configurations need it",
    ("pyflow/define/flow.py", "COMMAND_LINE"): "MyFlow() at the end of a flow file is its command line",
    ("pyflow/runner/__main__.py", "'pandas'"): "heavy: loaded once by the fork server of a flow that exchanges tables",
}
IMPORTERS = {"import_module", "__import__", "resolve_name"}


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
    assert found == set(INSIDE)


def test_only_what_is_named_here_is_imported_by_name():
    found = {
        (name_of(path), ast.unparse(node.args[0]))
        for path in PYTHON
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in IMPORTERS
    }
    assert found == set(BY_NAME)

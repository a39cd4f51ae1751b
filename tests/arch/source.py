"""Reads the source as data: Python by ast, R by its own parser (measure.R)."""

import ast
import json
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sorted((ROOT / "pyflow").rglob("*.py"))
R = sorted((ROOT / "rflow/R").glob("*.R"))
C = sorted(path for ending in "ch" for path in (ROOT / "rflow/src").glob(f"*.{ending}"))


@dataclass(frozen=True)
class Measured:
    """A function: where it is and how many lines it has, from its head to its last line."""

    place: str
    lines: int


def name_of(path):
    return str(path.relative_to(ROOT))


@cache
def tree(path):
    return ast.parse(path.read_text("utf-8"))


def functions_of(path):
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def python_functions():
    return [
        Measured(f"{name_of(path)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1)
        for path in PYTHON
        for node in functions_of(path)
    ]


@cache
def r_source():
    """What measure.R says of the R package's files."""
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed: R's parser is needed to measure R code")
    script = Path(__file__).with_name("measure.R")
    command = ["Rscript", "--vanilla", str(script), *map(str, R)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)


def r_functions():
    return [Measured(f"rflow/R/{item['file']}:{item['line']}", item["lines"]) for item in r_source()["functions"]]

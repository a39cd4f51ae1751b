"""pandas is imported when a value of pandas is met, not before: an ordinary task starts ten times faster without it."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any


@cache
def pandas_values() -> Any:
    """The module pyflow.codec.series."""
    return importlib.import_module("pyflow.codec.series")


@cache
def polars() -> Any:
    """The library polars; only values of polars need it."""
    return importlib.import_module("polars")


@cache
def pandas() -> Any:
    """The library pandas."""
    return importlib.import_module("pandas")

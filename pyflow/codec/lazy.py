"""Libraries are imported when a value of theirs is met: an ordinary task starts ten times faster without them."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

from pyflow.spec.errors import ArtifactError


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


@cache
def pytz() -> Any:
    """The library pytz; None where it is not installed."""
    try:
        return importlib.import_module("pytz")
    except ImportError:
        return None


@cache
def scipy_sparse() -> Any:
    """The module scipy.sparse; raises ArtifactError `package_missing`."""
    try:
        return importlib.import_module("scipy.sparse")
    except ImportError as error:
        raise ArtifactError(
            "a sparse matrix is a value of the package scipy, which is not installed",
            code="package_missing",
            hint="Install it where the step runs: pip install scipy",
        ) from error

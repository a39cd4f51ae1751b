"""What listings show of a value."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from pyflow.codec import preview
from pyflow.codec.native import NativeProxy


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        ("Action", "str", "Action"),
        ("two\nlines", "str", "two lines"),
        (5, "int", "5"),
        (None, "NoneType", "None"),
        ([1, 2], "list", "[1, 2]"),
        ({"a": pd.DataFrame({"x": [1]})}, "dict", "{'a': 1 rows x 1 columns: x}"),
        (np.arange(10), "numpy.ndarray", "10 int64: 0, 1, 2, 3, 4, 5, 6, 7, …"),
        (np.eye(2), "numpy.ndarray", "2 x 2 float64: 1.0, 0.0, 0.0, 1.0"),
        (pd.DataFrame({"a": [1, 2]}), "pandas.DataFrame", "2 rows x 1 columns: a"),
        (pl.DataFrame({"a": [1, 2]}), "polars.DataFrame", "2 rows x 1 columns: a"),
        (pa.table({"a": [1, 2]}), "pyarrow.Table", "2 rows x 1 columns: a"),
        (pd.Series(["x", "y"]), "pandas.Series", "2 str: x, y"),
        (NativeProxy("r", ("lm", "x"), 9, "Call:\nlm()", "4.2", b""), "lm", "Call: lm()"),
    ],
    ids=str,
)
def test_previews(value, kind, shown):
    assert (preview.type_name(value), preview.preview(value)) == (kind, shown)


def test_a_preview_is_short_whatever_the_value():
    for value in (
        "a" * 10_000,
        list(range(10**6)),
        {k: [k] * 100 for k in range(1000)},
        np.zeros((1000, 1000)),
        "\udc80",
    ):
        assert len(preview.preview(value)) <= 200

"""Values arrive in the other language, and come back, as the contract says: a few hundred each way.

`python -m tests.properties --examples 10000` makes many more.
"""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.codec_values import NA_REAL
from tests.properties.alike import differences
from tests.properties.description import NULL, seen, text
from tests.properties.seen import Model
from tests.properties.strategies import KINDS
from tests.properties.trips import differ, encoded, from_python, from_r, silent

EXAMPLES = 15
SEEDS = 15

# The smallest forms of what these tests have found, each one once wrong.
FROM_PYTHON = {
    "decimal with an exponent": Decimal("1E+5"),
    "decimals of two scales": pd.Series([Decimal("0.00"), Decimal("0")]),
    "a key without a letter": {"": None},
    "text without items": np.array([], dtype="<U1"),
    "a text matrix without items": np.zeros((0, 2), dtype="<U1"),
    "missing text alone": pd.Series([None, None], dtype="str"),
    "a masked matrix": np.ma.MaskedArray([[True]], [[True]]),
    "an array of pandas without a zone": pd.array(np.array([1], "M8[s]")),
    "an index of large numbers": pd.Series([1.5], index=[500_000]),
    "index levels without items": pd.DataFrame(index=pd.MultiIndex.from_arrays([[], []])),
    "one list in a column, in a list": [
        pd.DataFrame({"a": pd.array([None, [0]], dtype=pd.ArrowDtype(pa.list_(pa.int64())))})
    ],
    "R's missing number among objects": np.array([NA_REAL], dtype=object),
    "R's missing number among truth values": np.array([False, NA_REAL], dtype=object),
    "durations at the end": [np.array([2**52 - 1], "m8[us]"), dt.timedelta.max],
}
FROM_R = {
    "a matrix with a missing integer": "matrix(c(1L, NA), 1)",
    "a matrix with a missing truth value": "matrix(c(TRUE, NA), 1)",
    "a matrix of missing text": "matrix(NA_character_, 1, 2)",
    "a text matrix without items": "matrix(character(), 0, 3)",
    "no text": "I(character())",
    "repeated names": "list(a = 1, a = 2)",
    "some names": "list(a = 1, 2)",
    "names that are empty": "setNames(list(1, 2), c('', ''))",
    "a missing integer in a list column": "structure(list(a = list(c(1L, NA), 2L)), class = 'data.frame', row.names = 1:2)",
    "a missing complex number in a list column": "structure(list(a = list(NA_complex_)), class = 'data.frame', row.names = 1L)",
    "a nested table with repeated names": "structure(list(n = structure(list(1:2, 3:4), names = c('x', 'x'), class = 'data.frame', "
    "row.names = 1:2)), class = 'data.frame', row.names = 1:2)",
    "a missing factor in a nested table": "structure(list(n = structure(list(f = factor(c('a', NA)), l = list(1, 'x', 2)[2:3]), "
    "class = 'data.frame', row.names = 1:2)), class = 'data.frame', row.names = 1:2)",
    "list columns that share a pool": "structure(list(a = list(1L, 2:3), b = list(NULL, 4L), c = list(1, 'x')), class = 'data.frame', "
    "row.names = 1:2)",
    "a Date that is no day": "structure(c(0.5, Inf), class = 'Date')",
    "a matrix of Dates that are no days": "structure(c(0.5, 1), dim = 1:2, class = 'Date')",
    "attributes": "structure(1:3, note = 'x')",
}


def several(test):
    """So many examples, the same in every run."""
    return settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[*HealthCheck],
    )(test)


@pytest.mark.parametrize("kind", KINDS)
def test_python_values_reach_r_and_come_back(r, kind):
    @several
    @given(KINDS[kind])
    def journey(value):
        from_python(value, r)

    journey()


@pytest.mark.parametrize("start", range(0, 300, SEEDS))
def test_r_values_reach_python_and_come_back(r, start):
    for seed in range(start, start + SEEDS):
        from_r(seed, r)


@pytest.mark.parametrize("name", FROM_PYTHON)
def test_finds_from_python(r, name):
    from_python(FROM_PYTHON[name], r)


@pytest.mark.parametrize("name", FROM_R)
def test_finds_from_r(r, name):
    from_r(FROM_R[name], r)


def test_r_sees_what_the_model_says(r):
    """The comparison itself: a model that is wrong in one place is found out."""
    value = {"a": [1, None], "b": np.array([1.5, np.nan])}
    data = encoded(value)[0]
    differ(Model().value(value), r.pass_on(data)["seen"], "R sees")
    for other in (
        {**value, "a": [2, None]},
        {**value, "c": 1},
        {**value, "b": np.array([1.5, 0.0])},
        {"a": [1, None]},
        [1],
    ):
        with pytest.raises(AssertionError):
            differ(Model().value(other), r.pass_on(data)["seen"], "R sees")


def test_a_change_must_be_announced():
    first, second = seen("integer", [None]), NULL
    with pytest.raises(AssertionError, match="a missing integer became NULL"):
        silent(differences(first, second), ())
    silent(differences(first, second), ("x is missing (missing_as_none)",))
    with pytest.raises(AssertionError, match="lost"):
        silent(
            differences(seen("double", ["0x1p0"], note=text("x")), seen("double", ["0x1p0"])), ("(missing_as_none)",)
        )
    assert differences(seen("integer", [1, 2]), seen("double", [(1.0).hex(), (2.0).hex()])) == []
    assert differences(seen("integer", [1, 2]), seen("double", [(1.0).hex(), (3.0).hex()])) != []

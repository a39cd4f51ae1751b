"""Every kind of value through the codec and back."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import textwrap
import time
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from pyflow.codec import PythonCodec
from pyflow.codec.native import NativeProxy
from pyflow.spec.errors import StoreError
from tests.codec_values import ARRAYS, COLUMNS, CONTAINERS, FRAMES, NUMPY_SCALARS, SCALARS, same

CODEC = PythonCodec()


def data(value):
    return b"".join(CODEC.encode(value, "x").chunks)


def params(*groups):
    return [pytest.param(value, id=name) for group in groups for name, value in group.items()]


@pytest.mark.parametrize("value", params(SCALARS, CONTAINERS, ARRAYS, NUMPY_SCALARS))
def test_a_value_comes_back_the_same(value):
    assert same(CODEC.decode(data(value)), value)


@pytest.mark.parametrize("value", params(COLUMNS))
def test_a_series_comes_back_the_same(value):
    assert same(CODEC.decode(data(value.rename("s"))), value.rename("s"))


@pytest.mark.parametrize("value", params(COLUMNS))
def test_a_column_comes_back_the_same(value):
    frame = pd.DataFrame({"x": value, "y": [1, 2, 3]}, index=["a", "b", "c"]).assign(x=value.array)
    assert same(CODEC.decode(data(frame)), frame)


@pytest.mark.parametrize("value", params(FRAMES))
def test_a_frame_comes_back_the_same(value):
    assert same(CODEC.decode(data(value)), value)


@pytest.mark.parametrize("value", params(SCALARS, CONTAINERS, ARRAYS, COLUMNS, FRAMES))
def test_what_was_read_is_written_as_the_same_bytes(value):
    first = data(value)
    again = data(CODEC.decode(first))
    # Two pickles of one object may differ.
    assert again == first or b"native" in first


def test_equal_sets_give_equal_bytes():
    words = [f"w{number}" for number in range(50)]
    assert data(set(words)) == data(set(reversed(words)))
    pairs = [(number, str(number)) for number in range(20)]
    assert data(frozenset(pairs)) == data(frozenset(reversed(pairs)))


def test_what_lies_under_a_null_does_not_show():
    left = pd.array([1, 2, 3], dtype="Int64")
    right = pd.array([1, 9, 3], dtype="Int64")
    left[1] = right[1] = pd.NA
    assert data(pd.Series(left)) == data(pd.Series(right))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "scalar"),
        (5, "scalar"),
        ([1], "list"),
        ((1, "a"), "list"),
        ({1}, "list"),
        ({"a": 1}, "dict"),
        ({1: 2}, "dict"),
        (np.arange(2), "vector"),
        (np.eye(2), "array"),
        (pd.Series([1]), "vector"),
        (pd.Series([1], index=["a"]), "vector"),
        (pd.DataFrame({"a": [1]}), "table"),
        (pd.DataFrame({"a": [[1]]}), "table"),
        (len, "native"),
    ],
)
def test_kinds(value, kind):
    assert CODEC.encode(value, "x").kind == kind


def test_the_largest_integer_keeps_all_its_digits():
    assert CODEC.decode(data(3**30000)) == 3**30000


# Values may be changed without changing the file.


@pytest.fixture
def stored(tmp_path):
    def store(value):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.arrow"
        path.write_bytes(data(value))
        path.chmod(0o444)
        return path

    return store


@pytest.mark.parametrize("size", [4, 200_000])
def test_an_array_may_be_changed_in_place(stored, size):
    path = stored(np.arange(float(size)))
    before = path.read_bytes()
    value = CODEC.decode(path)
    value += 1
    value[0] = 99
    assert value[:2].tolist() == [99.0, 2.0]
    assert path.read_bytes() == before
    assert CODEC.decode(path)[0] == 0


@pytest.mark.parametrize("size", [4, 200_000])
def test_a_frame_may_be_changed_in_place(stored, size):
    path = stored(pd.DataFrame({"x": np.arange(float(size)), "i": np.arange(size), "s": ["a"] * size}))
    before = path.read_bytes()
    frame = CODEC.decode(path)
    other = frame[["x"]]
    frame.loc[0, "x"] = -1.0
    frame.iloc[1, 1] = 77
    frame["new"] = 1
    frame["i"] += 1
    frame.loc[frame["x"] > 2, "s"] = "b"
    assert frame.loc[0, "x"] == -1.0
    assert frame.loc[1, "i"] == 78
    assert frame.loc[3, "s"] == "b"
    assert other.loc[0, "x"] == 0.0
    assert path.read_bytes() == before
    assert same(CODEC.decode(path)["x"].iloc[:2].tolist(), [0.0, 1.0])


def test_missing_values_may_be_filled_in_place(stored):
    path = stored(pd.Series([1.0, SCALARS["na-real"], np.nan]))
    value = CODEC.decode(path)
    value[value.isna()] = 0.0
    value.iloc[0] = 5.0
    assert value.tolist() == [5.0, 0.0, 0.0]
    assert same(CODEC.decode(path).tolist()[1], SCALARS["na-real"])


def test_the_file_may_go_away_while_its_value_is_used(stored):
    path = stored(np.arange(200_000))
    value = CODEC.decode(path)
    path.unlink()
    assert value.sum() == 199_999 * 100_000


def test_large_numbers_are_not_copied_when_read(stored):
    path = stored(pd.DataFrame({"x": np.zeros(1_000_000), "y": np.zeros(1_000_000)}))
    CODEC.decode(path)
    began = time.process_time()
    for _ in range(20):
        CODEC.decode(path)
    assert (time.process_time() - began) / 20 < 0.02


# A reader that changes nothing writes the same bytes each time, natives too: so it is seen that nothing changed.


@pytest.mark.parametrize("value", params(CONTAINERS, FRAMES, COLUMNS))
def test_what_is_read_twice_is_written_as_equal_bytes(value):
    written = data({"value": value, "native": [len, dt.timezone(dt.timedelta(hours=1)), Decimal("NaN")]})
    assert data(CODEC.decode(written)) == data(CODEC.decode(written))


def test_a_change_in_place_changes_the_bytes():
    written = data({"a": [1, 2], "df": pd.DataFrame({"x": [1.0, 2.0]})})
    value = CODEC.decode(written)
    value["df"].loc[0, "x"] = 5.0
    assert data(value) != written
    assert CODEC.decode(data(value))["df"]["x"].tolist() == [5.0, 2.0]


def test_what_a_frame_cannot_keep_is_announced():
    frame = pd.DataFrame({"x": [1]})
    assert CODEC.encode(frame, "df").warnings == ()
    frame.attrs["source"] = "survey"
    for value in (frame, [frame]):
        [warning] = CODEC.encode(value, "df").warnings
        assert warning.startswith("df: DataFrame.attrs is not kept;")


# describe


def test_a_description_does_not_open_natives():
    boobytrap = data(_Boobytrap())
    found = CODEC.describe(boobytrap)
    assert (found.kind, found.type) == ("native", "tests.unit.test_codec_codec._Boobytrap")
    assert found.preview == "<boobytrap>"


class _Boobytrap:
    def __reduce__(self):
        return _explode, ()

    def __repr__(self):
        return "<boobytrap>"


def _explode():
    raise AssertionError("a native was opened")


def test_a_description_of_a_table():
    found = CODEC.describe(data(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})))
    assert (found.kind, found.type, found.preview) == ("table", "pandas.DataFrame", "2 rows x 2 columns: a, b")


def test_a_proxy_is_written_back_unchanged():
    proxy = NativeProxy("r", ("lm",), 20000, "Call: lm(y ~ x)", "4.2.2", b"X\n\0\0")
    first = data({"model": proxy})
    again = CODEC.decode(first)
    assert again == {"model": proxy}
    assert data(again) == first
    assert repr(proxy) == "<R object of class lm, 20000 bytes, made by R 4.2.2>\nCall: lm(y ~ x)"


# Cost


def test_small_values_are_cheap_and_need_no_pandas():
    script = """
        import sys, time
        from pyflow.codec import PythonCodec
        codec = PythonCodec()
        values = [5, "abc", None, 1.5, [1, 2, 3], {"a": 1, "b": ["x", None]}, (1, "a"), {1, 2}]
        for value in values:
            assert codec.decode(b"".join(codec.encode(value, "x").chunks)) == value
        spent = []
        for value in values:
            best = 1.0
            for _ in range(5):
                began = time.process_time()
                for _ in range(20):
                    codec.encode(value, "x")
                best = min(best, (time.process_time() - began) / 20)
            spent.append(best)
        assert "pandas" not in sys.modules, "pandas was imported"
        assert "polars" not in sys.modules
        print(max(spent))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 0.002


# Properties

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | TEXT
    | st.binary(max_size=8)
    | st.dates()
    | st.datetimes()
    | st.datetimes(timezones=st.timezones(), allow_imaginary=False)
    | st.times()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
)
# Sets and keys with NaN are not equal to themselves, nor to what comes back.
KEYS = LEAVES.filter(lambda value: value == value)
HASHABLE = st.recursive(KEYS, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=4)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.tuples(inner, inner)
        | st.dictionaries(TEXT, inner, max_size=4)
        | st.dictionaries(HASHABLE, inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_any_nested_value_comes_back(value):
    written = data(value)
    back = CODEC.decode(written)
    assert same(back, value)
    assert data(back) == written


@settings(max_examples=100, deadline=None)
@given(st.sets(HASHABLE, max_size=6))
def test_any_set_comes_back(value):
    assert CODEC.decode(data(value)) == value


DTYPES = (
    # numpy's own pickle, which keeps units that Arrow lacks, forgets the byte order of times.
    st_numpy.scalar_dtypes().filter(lambda dtype: dtype.itemsize <= 16 and (dtype.kind not in "mM" or dtype.isnative))
    | st_numpy.unicode_string_dtypes()
    | st_numpy.byte_string_dtypes()
)


@settings(max_examples=150, deadline=None)
@given(st_numpy.arrays(DTYPES, st_numpy.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)), st.booleans())
def test_any_array_comes_back(value, fortran):
    value = np.asfortranarray(value) if fortran else value
    back = CODEC.decode(data(value))
    assert (back.dtype, back.shape) == (value.dtype, value.shape)
    np.testing.assert_array_equal(back, value)
    assert back.flags.writeable


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=64), st.integers(0, 10_000), st.data())
def test_a_damaged_file_is_an_error_and_no_crash(noise, place, draw):
    value = draw.draw(
        st.sampled_from(
            [{"a": [1, "x", None]}, np.arange(5), pd.DataFrame({"s": ["a", "b"], "c": pd.Categorical(["u", "v"])})]
        )
    )
    good = bytearray(data(value))
    place %= len(good)
    good[place : place + len(noise)] = noise
    try:
        CODEC.decode(bytes(good))
    except StoreError as error:
        assert error.code in ("artifact_corrupt", "artifact_version")


@pytest.mark.parametrize("dtype", ["M8[s]", "M8[ns]", "m8[us]"])
def test_arrays_of_pandas_without_a_zone_stay_arrays_of_pandas(dtype):
    value = pd.array(np.array([1, "NaT"], dtype))
    assert same(CODEC.decode(data(value)), value)


@pytest.mark.parametrize("items", [["0.00", "0"], ["1.5", "10"], ["-1E+2", "0.001"]])
def test_decimals_of_one_column_have_one_scale_and_the_same_bytes_again(items):
    value = pd.Series([Decimal(item) for item in items])
    first = data(value)
    back = CODEC.decode(first)
    assert back.tolist() == value.tolist()
    assert data(back) == first

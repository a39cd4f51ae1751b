"""Strategies for Python values: scalars of every kind, containers, numpy arrays."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.codec_values import NA_REAL

Strategy = st.SearchStrategy[Any]

ZONES = tuple(map(ZoneInfo, ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia")))
OFFSETS = tuple(dt.timezone(dt.timedelta(minutes=minutes)) for minutes in (-330, 0, 60, 845))
ODD_TEXTS = (
    "",
    " ",
    "NA",
    "NaN",
    "NULL",
    "é",
    "e\u0301",
    "\u200d",
    "\ufeffx",
    "\u202eabc",
    "🎬",
    "\U0010ffff",
    "\x7f",
    "\r\n",
    "1e5",
)

zones = st.sampled_from((None, dt.UTC, *ZONES, *OFFSETS))
integers = st.one_of(
    st.integers(-300, 300),
    st.sampled_from(
        [2**31 - 1, -(2**31) + 1, -(2**31), 2**31, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 2**63, 10**30]
    ),
    st.integers(),
)
floats = st.one_of(st.floats(), st.sampled_from([-0.0, NA_REAL, float("nan"), 5e-324, 1e5, 2.0**53]))
texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8), st.sampled_from(ODD_TEXTS)
)
texts_with_nul = st.builds("{}\0{}".format, texts, texts)
dates = st.dates()
moments = st.one_of(
    st.datetimes(timezones=zones, allow_imaginary=False),
    st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1), timezones=zones, allow_imaginary=False),
)
decimals = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False),
    st.decimals(-1000, 1000, places=2),
    st.sampled_from(
        [Decimal("0.1"), Decimal("1E+5"), Decimal("1E-30"), Decimal("0"), Decimal("12345678901234567890.5")]
    ),
)
durations = st.one_of(st.timedeltas(), st.timedeltas(dt.timedelta(days=-400), dt.timedelta(days=400)))
keys = st.one_of(texts, st.integers(-5, 5), st.booleans(), st.none(), st.tuples(st.integers(0, 3), texts))

scalars = st.one_of(
    st.none(),
    st.booleans(),
    integers,
    floats,
    texts,
    st.complex_numbers(),
    st.binary(max_size=12),
    st.binary(max_size=4).map(bytearray),
    dates,
    moments,
    st.times(),
    durations,
    decimals,
)

_DTYPES = ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16", ">i4", ">f8", ">M8[us]")
_UNITS = ("D", "h", "m", "s", "ms", "us", "ns")
_SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4)


def _ticks(unit: str, kind: str) -> Strategy:
    """datetime64 and timedelta64 in the range that dates have, and NaT."""
    far = {"D": 700_000, "h": 10**7, "m": 10**8}.get(unit, 6 * 10**10 * {"s": 1, "ms": 10**3}.get(unit, 10**6))
    low, high = (-far, far) if unit != "ns" else (-(2**63) + 1, 2**63 - 1)
    cells = st.one_of(st.integers(low, high), st.integers(-(10**6), 10**6), st.just(-(2**63)))
    return hnp.arrays(np.int64, _SHAPES, elements=cells).map(lambda values: values.view(f"{kind}8[{unit}]"))


def _texts(shape: tuple[int, ...]) -> Strategy:
    return hnp.arrays(object, shape, elements=texts.map(lambda text: text.rstrip("\0"))).map(
        lambda cells: cells.astype("U")
    )


def _bytes(shape: tuple[int, ...]) -> Strategy:
    # numpy's own bytes end before the first of the last zeros.
    return hnp.arrays(object, shape, elements=st.binary(max_size=5).map(lambda b: b.rstrip(b"\0"))).map(_fixed_bytes)


def _fixed_bytes(cells: Any) -> Any:
    width = max([1, *map(len, cells.reshape(-1).tolist())])
    return cells.astype(f"S{width}")


def _numbers(dtype: str) -> Strategy:
    return hnp.arrays(np.dtype(dtype), _SHAPES)


def one_scale(items: list[Any]) -> list[Any]:
    """Decimals of one column have one scale, in which they are equal, but not the same: here they have it at once."""
    found = [item for item in items if isinstance(item, Decimal)]
    if {type(item) for item in items} - {Decimal, type(None)} or not found:
        return items
    alike = [item for item in found if item.as_tuple().exponent == found[0].as_tuple().exponent]
    return [item if item is None or any(item is one for one in alike) else found[0] for item in items]


def _one_scale(cells: Any) -> Any:
    flat = np.empty(cells.size, dtype=object)
    flat[:] = one_scale(cells.reshape(-1).tolist())
    return flat.reshape(cells.shape)


def _objects(shape: tuple[int, ...]) -> Strategy:
    one_kind = st.sampled_from(
        [texts, st.integers(-(2**63), 2**63 - 1), floats, st.booleans(), dates, st.binary(max_size=4)]
    )
    cells = one_kind.flatmap(lambda kind: hnp.arrays(object, shape, elements=st.one_of(kind, st.none())))
    return st.one_of(cells, hnp.arrays(object, shape, elements=scalars).map(_one_scale))


arrays = st.one_of(
    st.sampled_from(_DTYPES[:-1]).flatmap(_numbers),
    st.sampled_from(_UNITS).flatmap(lambda unit: _ticks(unit, "M")),
    st.sampled_from(_UNITS).flatmap(lambda unit: _ticks(unit, "m")),
    _SHAPES.flatmap(_texts),
    _SHAPES.flatmap(_bytes),
    _SHAPES.flatmap(_objects),
)
arranged = st.one_of(
    arrays, arrays.map(np.asfortranarray), arrays.map(lambda array: array[::-1]), arrays.map(lambda array: array.T)
)
masked = (
    st.sampled_from(("?", "i4", "i8", "f8"))
    .flatmap(_numbers)
    .flatmap(lambda array: hnp.arrays(bool, array.shape).map(lambda mask: np.ma.MaskedArray(array, mask)))
)
numpy_scalars = (
    st.sampled_from(_DTYPES[:14]).flatmap(lambda dtype: hnp.arrays(np.dtype(dtype), 1)).map(lambda array: array[0])
)


def containers(leaves: Strategy) -> Strategy:
    """Lists, tuples, dictionaries and sets, nested."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=5),
            st.lists(inner, max_size=4).map(tuple),
            st.dictionaries(texts, inner, max_size=4),
            st.dictionaries(keys, inner, max_size=4),
        ),
        max_leaves=12,
    )


packed = st.one_of(*(st.lists(kind, max_size=6) for kind in (st.booleans(), integers, floats, texts)))
sets = st.one_of(st.sets(st.integers(-9, 9)), st.frozensets(texts, max_size=4))
ranges = st.builds(range, st.integers(-20, 20), st.integers(-20, 20), st.sampled_from((1, 2, -1, -3)))

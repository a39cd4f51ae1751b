"""Any array of a known type in canonical form: the same values, and one form for equal values."""

import datetime as dt
import struct
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflow.codec import arrays
from pyflow.codec.canonical import canonical
from pyflow.codec.types import COMPLEX128, arrow_type

SAMPLES = {
    pa.null(): [None],
    pa.bool_(): [True, False],
    pa.int8(): [1, -1],
    pa.float64(): [1.5, -0.0],
    pa.large_string(): ["", "ab", "ü"],
    pa.large_binary(): [b"", b"\0\xff"],
    pa.date32(): [dt.date(2024, 1, 1)],
    pa.timestamp("us", "UTC"): [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)],
    pa.decimal128(5, 2): [Decimal("1.10"), Decimal("-2.00")],
    pa.large_list(pa.large_string()): [[], ["a", None], None],
    pa.struct([("a", pa.int64()), ("b", pa.large_string())]): [{"a": 1, "b": None}, {"a": None, "b": "x"}],
    arrow_type(COMPLEX128): [{"re": 1.0, "im": None}, {"re": 0.0, "im": -2.0}],
    pa.dictionary(pa.int32(), pa.large_string()): ["u", "v"],
}


def buffers(array):
    found = [None if buffer is None else buffer.to_pybytes() for buffer in array.buffers()]
    if isinstance(array, pa.DictionaryArray):
        found += buffers(array.dictionary)
    return found


@pytest.mark.parametrize("kind", SAMPLES, ids=str)
@given(draw=st.data())
def test_slices_become_the_same_as_what_they_hold(kind, draw):
    values = draw.draw(st.lists(st.none() | st.sampled_from(SAMPLES[kind]), max_size=20))
    start, stop = sorted(draw.draw(st.tuples(st.integers(0, len(values)), st.integers(0, len(values)))))
    whole = pa.array(values, kind)
    cut = canonical(whole.slice(start, stop - start))
    assert cut.to_pylist() == values[start:stop]
    assert cut.type == kind
    assert cut.offset == 0
    cut.validate(full=True)
    if not isinstance(cut, pa.DictionaryArray):
        assert buffers(cut) == buffers(canonical(pa.array(values[start:stop], kind)))
    if cut.null_count == 0:
        assert cut.buffers()[0] is None
    assert canonical(cut).equals(cut)


@pytest.mark.parametrize(
    ("kind", "present", "under"),
    [
        (pa.float64(), 1.5, struct.pack("<Q", 0x7FF0_0000_0000_07A2)),
        (pa.float32(), 1.5, struct.pack("<I", 0x7FC0_0000)),
        (pa.int32(), 5, struct.pack("<i", -(2**31))),
        (pa.date32(), 5, struct.pack("<i", -(2**31))),
        (pa.int64(), 5, struct.pack("<q", -(2**63))),
        (pa.timestamp("us", "UTC"), 5, struct.pack("<q", -(2**63))),
        (pa.duration("ns"), 5, struct.pack("<q", -(2**63))),
        (pa.time64("us"), 5, bytes(8)),
        (pa.int16(), 5, bytes(2)),
        (pa.uint64(), 5, bytes(8)),
        (pa.decimal128(5, 2), Decimal("1.50"), bytes(16)),
    ],
    ids=str,
)
def test_what_lies_under_a_null(kind, present, under):
    array = pa.array([present, None], kind)
    found = canonical(array)
    assert found.equals(array)
    assert found.buffers()[1].to_pybytes()[-len(under) :] == under


def test_zeros_under_nulls_of_a_dictionary():
    indices = pa.Array.from_buffers(pa.int32(), 2, [pa.py_buffer(b"\x01"), pa.py_buffer(np.array([0, 9], "i4"))], 1)
    array = pa.DictionaryArray.from_buffers(
        pa.dictionary(pa.int32(), pa.large_utf8()), 2, indices.buffers(), pa.array(["a"], pa.large_utf8()), 1
    )
    assert canonical(array).indices.buffers()[1].to_pybytes() == bytes(8)


def test_junk_under_nulls():
    valid = pa.py_buffer(b"\x05")
    numbers = pa.Array.from_buffers(pa.int64(), 3, [valid, pa.py_buffer(np.array([1, 99, 3]))], 1)
    assert canonical(numbers).buffers()[1].to_pybytes() == np.array([1, -(2**63), 3]).tobytes()
    texts = pa.Array.from_buffers(
        pa.large_string(), 3, [valid, pa.py_buffer(np.array([1, 2, 4, 5])), pa.py_buffer(b"zabbc")], 1
    )
    assert buffers(canonical(texts)) == [b"\x05", np.array([0, 1, 1, 2]).tobytes(), b"ac"]
    truths = pa.Array.from_buffers(pa.bool_(), 3, [valid, pa.py_buffer(b"\xff")], 1)
    assert buffers(canonical(truths)) == [b"\x05", b"\x05"]


def test_dictionary_codes_are_int32():
    small = (
        pa.array(["a", "b", None])
        .cast(pa.large_string())
        .dictionary_encode()
        .cast(pa.dictionary(pa.int8(), pa.large_string()))
    )
    found = canonical(small)
    assert found.type.index_type == pa.int32()
    assert found.to_pylist() == ["a", "b", None]


def test_what_is_canonical_is_not_copied():
    values = np.arange(1000.0)
    array = arrays.fixed(arrays.FLOAT64, values)
    assert canonical(array).buffers()[1].address == values.ctypes.data

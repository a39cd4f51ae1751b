"""Logical types as data."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyflow.codec.types import (
    INTEGERS,
    PLAIN,
    UNITS,
    Logical,
    arrow_type,
    canonical_json,
    parse_logical,
    to_json,
    to_json_text,
)

HINTS = st.dictionaries(
    st.text(max_size=4),
    st.none() | st.integers() | st.text(max_size=4) | st.lists(st.integers(), max_size=2),
    max_size=2,
)
LEAVES = (
    st.sampled_from(PLAIN).map(lambda kind: {"type": kind})
    | st.builds(lambda p, s: {"type": "decimal", "precision": p, "scale": s}, st.integers(1, 38), st.integers(-38, 38))
    | st.builds(
        lambda u, z: {"type": "timestamp", "unit": u, "tz": z},
        st.sampled_from(UNITS),
        st.sampled_from([None, "", "UTC", "+05:30"]),
    )
    | st.builds(lambda u: {"type": "duration", "unit": u, "units": "mins"}, st.sampled_from(UNITS))
)
TYPES = st.recursive(
    LEAVES
    | st.builds(lambda leaf, hints, r: {**leaf, "python": {"dtype": "object", **hints}, "r": r}, LEAVES, HINTS, HINTS),
    lambda inner: (
        st.builds(lambda item: {"type": "list", "item": item}, inner)
        | st.builds(
            lambda levels, ordered: {"type": "category", "ordered": ordered, "levels": levels}, LEAVES, st.booleans()
        )
        | st.builds(
            lambda parts: {"type": "struct", "fields": [[f"f{k}", part] for k, part in enumerate(parts)]},
            st.lists(inner, max_size=3),
        )
    ),
    max_leaves=5,
)


@given(TYPES)
def test_what_is_parsed_is_written_the_same(data):
    logical = parse_logical(data)
    assert to_json(logical) == data
    assert to_json_text(logical) == canonical_json(data)
    assert isinstance(arrow_type(logical), pa.DataType)
    assert hash(logical) == hash(parse_logical(data))
    assert logical.plain.python == ()


@pytest.mark.parametrize(
    "data",
    [
        {"type": "int128"},
        {},
        None,
        {"type": "timestamp", "unit": "minutes", "tz": None},
        {"type": "timestamp"},
        {"type": "decimal"},
        {"type": "list"},
        {"type": "struct", "fields": [["a"]]},
        {"type": ["int64"]},
    ],
)
def test_what_is_no_type_is_refused(data):
    with pytest.raises(ValueError):
        parse_logical(data)


def test_hints():
    logical = Logical("int64").hinted(dtype="Int64", freq=None)
    assert logical.hint("dtype") == "Int64"
    assert logical.hint("freq") is None
    assert to_json(logical) == {"type": "int64", "python": {"dtype": "Int64"}}


def test_only_what_has_no_levels_or_fields_shares_a_pool():
    category = Logical("category", levels=Logical("string"))
    assert all(Logical(kind).shares_pool for kind in INTEGERS)
    assert Logical("list", item=Logical("int64")).shares_pool
    assert not category.shares_pool
    assert not Logical("list", item=category).shares_pool
    assert not Logical("struct", fields=(("a", Logical("int64")),)).shares_pool

"""How values choose a case."""

import enum
import math

import pytest

from pyflow.spec.graph import Transition
from pyflow.spec.switch import case_key, chosen_target


class Color(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("a b", "a b"),
        ("", ""),
        (Color.RED, "red"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (-0.0, "0"),
        (7.0, "7"),
        (0.1, "0.1"),
        (1e300, str(int(1e300))),
        (10**30, "1" + "0" * 30),
        (math.nan, None),
        (math.inf, None),
        (None, None),
        ([1], None),
        (b"a", None),
    ],
)
def test_a_value_as_a_key(value, key):
    assert case_key(value) == key


def switch(*keys):
    return Transition("switch", keys, condition="x", cases=tuple((key, key) for key in keys))


@pytest.mark.parametrize(
    ("keys", "value", "target"),
    [
        (("a", "b"), "b", "b"),
        (("a", "b"), "B", None),
        (("TRUE", "FALSE"), False, "FALSE"),
        (("True", "False"), True, "True"),
        (("TRUE", "b"), "true", None),
        (("1", "2"), 2.0, "2"),
        (("1", "2"), True, None),
        (("1", "2"), None, None),
    ],
)
def test_the_chosen_case(keys, value, target):
    assert chosen_target(switch(*keys), value) == target

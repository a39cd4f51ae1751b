"""Objects that are their data with their class beside it, and those that are kept whole."""

from __future__ import annotations

import enum
import os
import subprocess
import sys
import textwrap
import threading
import typing
from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pyflow.codec import PythonCodec, native, objects
from pyflow.codec.ipc import open_file
from pyflow.codec.nodes import open_tree
from pyflow.spec.errors import ArtifactError
from tests.conformance.artifact_files import describe

CODEC = PythonCodec()


@dataclass
class Point:
    x: float
    note: object = None

    @cached_property
    def far(self):
        return self.x > 10


@dataclass(frozen=True, slots=True)
class Fixed:
    x: int
    tags: set = field(default_factory=set)


class Pair(typing.NamedTuple):
    a: int
    b: str


class Colour(enum.Enum):
    RED = (255, 0, 0)


class Weight(float, enum.Enum):
    HALF = 0.5


class Level(enum.IntFlag):
    LOW = 1
    HIGH = 2


class Bag(dict):
    """A dictionary that says something else when it is asked for its items."""

    def items(self):
        return []


class Code(str):
    __slots__ = ()


class Counted(list):
    def __init__(self, items, count):
        super().__init__(items)
        self.count_of = count


class Ordered(OrderedDict):
    pass


class Reduced(dict):
    def __reduce__(self):
        return Reduced, (), {}, None, iter(self.items())


def tree_of(value):
    return describe(b"".join(CODEC.encode(value, "x").chunks))


PLAIN = {
    "dataclass": Point(1.5, ["a", None]),
    "nested": Point(1.5, Point(2.5, {"k": Fixed(1, {"b", "a"})})),
    "frozen-slots": Fixed(3, {1, 2}),
    "with-a-frame": Point(1.0, pd.DataFrame({"x": [1, 2]}, index=["a", "b"])),
    "named-tuple": Pair(1, "b"),
    "enum": Colour.RED,
    "float-enum": Weight.HALF,
    "flags": Level.LOW | Level.HIGH,
    "http": HTTPStatus.NOT_FOUND,
    "defaultdict": defaultdict(list, {"a": [1]}),
    "defaultdict-numbers": defaultdict(int, {1: 2}),
    "namespace": SimpleNamespace(a=1, b=None),
    "dict-subclass": Bag(a=1),
    "str-subclass": Code("ab"),
    "in-containers": {"p": [Pair(1, "x"), (Colour.RED,)], Colour.RED: 1},
    "in-a-column": pd.DataFrame({"p": [Pair(1, "x"), None]}),
}


def equal(left, right):
    if isinstance(left, Point):
        return type(right) is Point and equal(left.x, right.x) and equal(left.note, right.note)
    if isinstance(left, pd.DataFrame):
        return left.equals(right)
    return type(left) is type(right) and left == right


@pytest.mark.parametrize("value", PLAIN.values(), ids=PLAIN)
def test_an_object_comes_back_from_its_data(value):
    content = b"".join(CODEC.encode(value, "x").chunks)
    back = CODEC.decode(content)
    assert equal(value, back)
    assert b"".join(CODEC.encode(back, "x").chunks) == content


def kinds_in(tree):
    yield tree.get("type", "table"), tree.get("attr", {})
    for child in tree.get("children", ()):
        yield from kinds_in(child)


@pytest.mark.parametrize("value", PLAIN.values(), ids=PLAIN)
def test_its_data_are_there_once_and_open_to_everybody(value):
    found = list(kinds_in(tree_of(value)))
    natives = [attr for kind, attr in found if kind == "native"]
    assert sum(kind == "object" for kind, _ in found) == len(natives) > 0
    assert all("whole" not in attr for kind, attr in found if kind == "object")


def test_a_defaultdict_keeps_its_factory():
    back = CODEC.decode(b"".join(CODEC.encode(defaultdict(list, a=[1]), "x").chunks))
    assert back["new"] == []


def test_what_is_more_than_its_data_is_kept_whole_beside_them():
    for value in (Counted([1, 2], 2), Reduced(a=1), Ordered(b=1, a=2)):
        tree = tree_of(value)
        assert (tree["type"], tree["attr"]) == ("object", {"form": "subclass", "whole": True})
        assert tree["children"][1]["type"] in ("packed", "dict")
        back = CODEC.decode(b"".join(CODEC.encode(value, "x").chunks))
        assert type(back) is type(value)
        assert back == value
    counted = CODEC.decode(b"".join(CODEC.encode(Counted([1, 2], 2), "x").chunks))
    assert counted.count_of == 2


def test_attributes_beside_the_fields_are_kept():
    point = Point(20.0)
    assert point.far
    tree = tree_of(point)
    assert tree["attr"] == {"form": "dataclass", "whole": True}
    assert "far" in vars(CODEC.decode(b"".join(CODEC.encode(point, "x").chunks)))


@pytest.mark.parametrize(
    "value", [Point(1.0, len), Point(1.0, Point(2.0, lambda: 1)), Pair(1, np.array), [Point(1.0, len)]]
)
def test_an_object_with_more_than_data_is_native_as_a_whole(value):
    natives = [attr["class"][0] for kind, attr in kinds_in(tree_of(value)) if kind == "native"]
    assert [name.rpartition(".")[2] for name in natives] == [
        type(value[0] if isinstance(value, list) else value).__name__
    ]


def test_what_was_written_before_such_an_object_stays():
    value = [1.5, "a", Point(2.5, ["b", len]), 3.5, "c", Pair(4, "d")]
    back = CODEC.decode(b"".join(CODEC.encode(value, "x").chunks))
    assert back == value


def test_a_cycle_through_an_object_comes_back():
    point = Point(1.0, [])
    point.note.append(point)
    back = CODEC.decode(b"".join(CODEC.encode(point, "x").chunks))
    assert back.note[0] is back


def test_an_object_with_a_lock_is_refused_by_name():
    with pytest.raises(ArtifactError, match=r"p is a tests\.unit\.test_codec_objects\.Point, which cannot be kept"):
        CODEC.encode(Point(1.0, threading.Lock()), "p")


def test_the_data_stand_for_an_object_whose_class_is_missing_or_another(monkeypatch):
    content = b"".join(CODEC.encode({"p": Pair(1, "b"), "c": Colour.RED}, "x").chunks)
    monkeypatch.delattr(sys.modules[__name__], "Pair")
    monkeypatch.setattr(sys.modules[__name__], "Colour", enum.Enum("Colour", ["GREEN"], module=__name__))
    announced = []
    assert CODEC.decode(content, "model", announced.append) == {"p": {"a": 1, "b": "b"}, "c": "RED"}
    [text] = announced
    assert text.startswith(
        "model['p'] is an object of Python of class tests.unit.test_codec_objects.Pair cannot be opened"
    )
    assert "(and 1 more place)" in text
    assert text.endswith("(class_dropped)")


def test_describing_does_not_open_the_native(monkeypatch):
    content = b"".join(CODEC.encode(Pair(1, "b"), "x").chunks)
    monkeypatch.setattr(native, "open_native", lambda proxy: pytest.fail("opened"))
    found = CODEC.describe(content)
    assert (found.kind, found.type, found.preview) == ("dict", "tests.unit.test_codec_objects.Pair", "Pair(a=1, b='b')")


def test_taking_back_leaves_the_pools_as_they_were():
    before = ["a", 1.5, np.arange(3), Pair(1, "x")]
    value = [*before, Point(9.0, ["z", 2.5, np.arange(5), pd.Categorical(["c"]), len])]
    assert tree_of(value)["children"][:4] == tree_of(before)["children"]
    pools = open_tree(open_file(b"".join(CODEC.encode(value, "x").chunks))).pool
    found = {pool.logical.type: len(pool.array) for pool in pools}
    assert found == {"string": 2, "float64": 1, "int64": 4, "bytes": 2}


def test_plain_takes_nothing_else_apart():
    assert [objects.plain(value) for value in (object(), len, ValueError(1), Point)] == [None] * 4


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import flow_file
from pyflow.codec import PythonCodec, native
native.register_user_module("flow_file")
for value in flow_file.VALUES:
    print(b"".join(PythonCodec().encode(value, "x").chunks).hex())
"""
FILE = """
    import enum, typing
    from collections import defaultdict
    from dataclasses import dataclass, field

    @dataclass
    class Point:
        x: int
        tags: set = field(default_factory=set)

    @dataclass(frozen=True, slots=True)
    class Fixed:
        x: int
        inner: object = None

    class Pair(typing.NamedTuple):
        a: int
        b: frozenset

    class Colour(enum.Enum):
        RED = 1

    def make():
        return []

    VALUES = [
        Point(1, {"u", "v", "w", 1, None}), Fixed(2, Point(3, frozenset("abcdef"))), Pair(1, frozenset("xyz")),
        Colour.RED, defaultdict(make, a=1), {Point: 1}, [Point(1)] * 2,
    ]
"""


def test_equal_objects_give_equal_bytes_in_every_process(tmp_path):
    (tmp_path / "flow_file.py").write_text(textwrap.dedent(FILE))
    outputs = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])}
        command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
        ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert ended.returncode == 0, ended.stderr
        outputs.add(ended.stdout)
    assert len(outputs) == 1
    assert len(outputs.pop().splitlines()) == 7

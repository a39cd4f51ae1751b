"""Native objects: kept, refused, and found again in the user's own file."""

from __future__ import annotations

import io
import socket
import subprocess
import sys
import textwrap
import threading
from collections import namedtuple
from dataclasses import dataclass
from enum import Enum

import pytest

from pyflow.codec import PythonCodec, ipc, native, untree
from pyflow.spec.errors import ArtifactError

CODEC = PythonCodec()
Pair = namedtuple("Pair", "a b")


class Colour(Enum):
    RED = 1


@dataclass
class Point:
    x: int
    y: object


class Text(str):
    pass


def data(value):
    return b"".join(CODEC.encode(value, "x").chunks)


@pytest.mark.parametrize(
    "value", [Pair(1, 2), Colour.RED, Point(1, [2]), Text("a"), len, int, io.BytesIO, {"p": [Point(1, 2)]}]
)
def test_an_object_comes_back(value):
    back = CODEC.decode(data(value))
    assert back == value
    assert type(back) is type(value)


def test_closures_and_exceptions_come_back():
    offset = 5
    assert CODEC.decode(data(lambda x: x + offset))(1) == 6
    error = CODEC.decode(data(ValueError("bad genre", 7)))
    assert (type(error), error.args) == (ValueError, ("bad genre", 7))


def test_a_list_that_holds_itself_comes_back():
    value = [1]
    value.append(value)
    back = CODEC.decode(data(value))
    assert back[1] is back


def test_a_list_that_is_deeper_than_the_stack_is_refused_or_kept():
    value = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ArtifactError) as caught:
        CODEC.encode(value, "deep")
    assert caught.value.code == "artifact_unsupported"


def test_what_a_native_says_of_itself():
    proxies = []
    untree.decode(ipc.open_file(data(Point(1, len))), lambda proxy: proxies.append(proxy))
    [proxy] = proxies
    assert proxy.language == "python"
    assert proxy.cls == ("tests.unit.test_codec_native.Point",)
    assert proxy.preview == "Point(x=1, y=<built-in function len>)"
    assert proxy.size == len(proxy.bytes)
    assert proxy.version == ".".join(map(str, sys.version_info[:3]))
    assert native.open_native(proxy) == Point(1, len)


def test_addresses_are_not_part_of_a_preview():
    assert native.preview(object()) == "<object object>"


def test_a_preview_never_fails():
    class Broken:
        def __repr__(self):
            raise RuntimeError("no")

    assert native.preview(Broken()).endswith("Broken whose repr raises RuntimeError>")
    assert len(native.preview("a" * 5000)) == 1000
    assert CODEC.encode(Broken(), "x").preview


def test_another_language_stays_closed():
    proxy = native.NativeProxy("r", ("lm", "oldClass"), 100, "", "4.2.2", b"X")
    with pytest.raises(ArtifactError, match="object of R \\(class lm, oldClass\\)") as caught:
        native.open_native(proxy)
    assert caught.value.code == "native_unreadable"
    assert "pyflow.r" in caught.value.hint


def test_a_missing_package_is_named():
    made = subprocess.run([sys.executable, "-c", _GONE], capture_output=True, check=True)
    with pytest.raises(ArtifactError, match="No module named 'gone_package'") as caught:
        CODEC.decode(made.stdout)
    assert caught.value.code == "native_unreadable"
    assert "gone_package" in caught.value.hint


_GONE = """
import sys, types
from pyflow.codec import PythonCodec
module = types.ModuleType("gone_package")
exec("class Thing: pass", module.__dict__)
sys.modules["gone_package"] = module
sys.stdout.buffer.write(b"".join(PythonCodec().encode(module.Thing(), "x").chunks))
"""


# Refusals name artifact, place and type, and two ways out.


def generator():
    yield 1


@pytest.mark.parametrize(
    ("value", "kind", "advice"),
    [
        (threading.Lock(), "lock", "which is not stored"),
        (generator(), "generator", "list(...)"),
        ((number for number in [1]), "generator", "list(...)"),
        (memoryview(b"a"), "memoryview", "bytes(...)"),
    ],
)
def test_what_cannot_be_kept_is_refused(value, kind, advice):
    with pytest.raises(ArtifactError) as caught:
        CODEC.encode({"a": [1, value]}, "settings")
    error = caught.value
    assert error.code == "artifact_unsupported"
    assert error.message.startswith("settings['a'][1] is a ")
    assert kind in error.message
    assert advice in error.hint
    assert error.where.artifact == "settings"


def test_an_open_file_is_refused_even_where_cloudpickle_would_read_it(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("content")
    with path.open() as file, pytest.raises(ArtifactError, match=r"^artifact f: f is a (_io\.)?TextIOWrapper"):
        CODEC.encode(file, "f")


def test_a_socket_is_refused():
    with socket.socket() as one, pytest.raises(ArtifactError) as caught:
        CODEC.encode(one, "s")
    assert "connect in the step" in caught.value.hint


def test_a_lock_inside_of_an_object_is_refused():
    with pytest.raises(
        ArtifactError, match=r"Point, which cannot be kept as an artifact: cannot pickle '_thread.lock'"
    ):
        CODEC.encode(Point(1, threading.Lock()), "p")


def test_the_flow_itself_is_refused():
    flow = type("FlowSpec", (), {"__module__": "pyflow.define.flow", "method": lambda self: 1})()
    for value in (flow, flow.method, Point(1, flow)):
        with pytest.raises(ArtifactError, match="holds the flow itself") as caught:
            CODEC.encode(value, "x")
        assert "pass it as an argument" in caught.value.hint


# The user's own file.

_FILE = """
from dataclasses import dataclass
import threading
lock = threading.Lock()

@dataclass
class Movie:
    name: str

    def shout(self):
        return loud(self.name)

def loud(text):
    return text.upper()
"""

_USE = """
import importlib.util, sys
from pyflow.codec import PythonCodec, native

def load():
    spec = importlib.util.spec_from_file_location("pyflow_user_movies", "movies.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["pyflow_user_movies"] = module
    spec.loader.exec_module(module)
    native.register_user_module("pyflow_user_movies")
    return module

codec = PythonCodec()
"""


def python(script, folder):
    done = subprocess.run(
        [sys.executable, "-c", _USE + textwrap.dedent(script)], capture_output=True, text=True, cwd=folder, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def movies(tmp_path):
    (tmp_path / "movies.py").write_text(_FILE)
    script = "m = load(); open('m.arrow', 'wb').write(b''.join(codec.encode([m.Movie('up'), m.loud], 'm').chunks))"
    python(script, tmp_path)
    return tmp_path


def test_classes_of_the_loaded_file_are_the_same_classes(movies):
    python(
        """
        m = load()
        movie, loud = codec.decode(open('m.arrow', 'rb').read())
        assert type(movie) is m.Movie and movie == m.Movie('up') and loud is m.loud
        """,
        movies,
    )


def test_a_reader_without_the_file_gets_the_copy(movies):
    shown = python(
        """
        movie, loud = codec.decode(open('m.arrow', 'rb').read())
        print(type(movie).__name__, movie.shout(), loud('x'))
        """,
        movies,
    )
    assert shown.split() == ["Movie", "UP", "X"]


def test_equal_objects_of_two_processes_give_equal_bytes(movies):
    before = (movies / "m.arrow").read_bytes()
    python(
        "m = load(); open('m.arrow', 'wb').write(b''.join(codec.encode([m.Movie('up'), m.loud], 'm').chunks))", movies
    )
    assert (movies / "m.arrow").read_bytes() == before


def test_a_lock_at_the_top_of_the_file_does_no_harm(movies):
    (movies / "movies.py").write_text(_FILE.replace("return text.upper()", "return str(lock) + text"))
    python(
        """
        m = load()
        data = b''.join(codec.encode(m.Movie('up'), 'm').chunks)
        assert codec.decode(data) == m.Movie('up')
        """,
        movies,
    )

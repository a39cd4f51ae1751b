"""Masking of secrets: however the output is cut into pieces, no secret is in what comes out."""

import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyflow.hosts.masking import Mask
from pyflow.spec.secrets import MASK

LETTERS = st.text("ab\n", min_size=1, max_size=6)


def masked(mask, pieces):
    return b"".join([*map(mask.feed, pieces), mask.finish()])


@settings(max_examples=500, deadline=None)
@given(
    values=st.lists(LETTERS, min_size=1, max_size=3),
    text=st.text("abc\n", max_size=60),
    cuts=st.lists(st.integers(0, 60)),
)
def test_any_cut_gives_what_the_whole_gives_and_no_secret_is_left(values, text, cuts):
    data = text.encode()
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[a:b] for a, b in pairwise(places)]
    found = masked(Mask(values), pieces)
    assert found == masked(Mask(values), [data])
    for value in values:
        assert value.encode() not in found.replace(MASK.encode(), b"|")


@pytest.mark.parametrize(
    ("values", "text", "expected"),
    [
        (["hunter2"], "it is hunter2, yes", "it is *****, yes"),
        (["abc", "abcdef"], "abcdef abc", "***** *****"),
        (["aba"], "xababa", "x*****ba"),
        (["first line\nsecond line"], "| first line\n| second line", "| *****\n| *****"),
        (["a b/c"], "https://u:a%20b%2Fc@host", "https://u:*****@host"),
        (['say "hi"'], '{"x": "say \\"hi\\""}', '{"x": "*****"}'),
        (["tab\there"], r"'tab\there'", "'*****'"),
        (["grün"], "grün gr\\u00fcn", "***** *****"),
        (["", "x"], "", ""),
        ([], "nothing to hide", "nothing to hide"),
    ],
)
def test_what_is_masked(values, text, expected):
    assert masked(Mask(values), [text.encode()]).decode() == expected
    assert Mask(values).text(text) == expected


def test_what_cannot_be_the_beginning_of_a_secret_is_shown_at_once():
    mask = Mask(["secret"])
    assert [mask.feed(piece) for piece in (b"one sec", b"ond ", b"sec", b"ret.")] == [
        b"one ",
        b"second ",
        b"",
        b"*****.",
    ]


PROGRAM = """
import os, sys
from itertools import pairwise
from pathlib import Path
from pyflow.hosts.masking import Mask, divert

folder = Path(sys.argv[1])
for target, name in ((1, "stdout.log"), (2, "stderr.log")):
    os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND), target)
pipes = divert(Mask(["hunter2"]), folder, "task")
"""


def run(tmp_path, code):
    program = PROGRAM + dedent(code)
    done = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, timeout=60, check=False)
    logs = [(tmp_path / name).read_text() for name in ("stdout.log", "stderr.log")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stderr.log", "stdout.log"], "pipes are removed"
    return done.returncode, *logs


def test_all_that_a_process_its_children_and_c_code_print_is_masked(tmp_path):
    code, out, err = run(
        tmp_path,
        """
        import ctypes
        print("python hunter2", flush=True)
        os.write(1, b"descriptor hunt"); os.write(1, b"er2\\n")
        ctypes.CDLL(None).puts(b"c hunter2"); ctypes.CDLL(None).fflush(None)
        os.system("echo child hunter2; echo error hunter2 >&2")
        with pipes[0].open("w") as another: another.write("by path hunter2\\n")
        """,
    )
    assert code == 0
    assert out == "python *****\ndescriptor *****\nc *****\nchild *****\nby path *****\n"
    assert err == "error *****\n"


def test_a_lot_of_output_arrives_whole(tmp_path):
    code, out, err = run(tmp_path, "os.write(1, b'')\nfor _ in range(200): print('x' * 9_992 + ' hunter2', flush=True)")
    assert (code, err) == (0, "")
    assert out == ("x" * 9_992 + " *****\n") * 200


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("os._exit(7)", 7),
        ("sys.exit(3)", 3),
        ("os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("os.kill(os.getpid(), 15)", -signal.SIGTERM),
        ("os.abort()", -signal.SIGABRT),
    ],
)
def test_the_filter_ends_as_the_task_ends_and_after_its_output(tmp_path, ending, code):
    found, out, _ = run(tmp_path, f"print('last hunter2', flush=True)\n{ending}")
    assert (found, out) == (code, "last *****\n")


def test_a_task_dies_with_its_filter(tmp_path):
    program = PROGRAM + "print(os.getpid(), flush=True)\nimport time\ntime.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", program, tmp_path]) as process:
        log = tmp_path / "stdout.log"
        while not (log.exists() and log.read_text().endswith("\n")):
            assert process.poll() is None
        task = int(log.read_text())
        process.kill()
    for _ in range(200):
        if not Path(f"/proc/{task}").exists() or " Z " in Path(f"/proc/{task}/stat").read_text():
            return
        time.sleep(0.02)
    pytest.fail("the task outlived its filter")

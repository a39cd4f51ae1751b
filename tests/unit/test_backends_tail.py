"""Following a log: whole lines while it grows, and everything at the end."""

from __future__ import annotations

from pyflow.backends import tail as tails
from pyflow.backends.tail import Tail


def test_lines_come_when_they_are_whole(tmp_path):
    path = tmp_path / "log"
    tail = Tail(path)
    assert tail.read() == []
    with path.open("ab", buffering=0) as file:
        file.write(b"one\ntw")
        assert tail.read() == ["one"]
        file.write(b"o\n\nthree")
        assert tail.read() == ["two", ""]
    assert tail.finish() == ["three"]


def test_what_is_no_text_is_shown_escaped(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"a\0b \xff \xc3\xa9\r\n")
    assert Tail(path).finish() == ["a\\x00b \\xff é"]


def test_an_endless_line_is_shown_in_pieces(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"x" * (3 << 20))
    lines = Tail(path).finish()
    assert len(lines) > 1
    assert "".join(lines) == "x" * (3 << 20)


def test_far_behind_it_skips_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(tails, "BEHIND", 1 << 20)
    monkeypatch.setattr(tails, "CHUNK", 1 << 10)
    path = tmp_path / "log"
    path.write_bytes(b"0123456789abcde\n" * (1 << 17))
    tail = Tail(path)
    tail.read()
    lines = tail.finish()
    assert str(path) in lines[0]
    assert len(lines) < 100
    assert lines[-1] == "0123456789abcde"

"""Follows a log file while a task writes it, and gives its whole lines."""

from __future__ import annotations

import os
from pathlib import Path

# A task may print faster than a terminal shows: then the middle is left to the file.
CHUNK = 1 << 20
BEHIND = 16 << 20
LONGEST_LINE = 1 << 16


class Tail:
    """`read` gives the lines that were completed since the last call; `finish` also what stands after the last one.
    `read_to` is how many bytes of the file have been seen."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.read_to = 0
        self._fd = -1
        self._rest = b""

    def read(self) -> list[str]:
        return self._lines(self._take(CHUNK))

    def finish(self) -> list[str]:
        lines = self._skip()
        while data := self._take(CHUNK):
            lines += self._lines(data)
        if self._rest:
            lines.append(_text(self._rest))
            self._rest = b""
        self.close()
        return lines

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _take(self, size: int) -> bytes:
        if self._fd < 0:
            try:
                self._fd = os.open(self.path, os.O_RDONLY)
            except (FileNotFoundError, NotADirectoryError):
                return b""
        data = os.read(self._fd, size)
        self.read_to += len(data)
        return data

    def _skip(self) -> list[str]:
        """When much more is left than a person reads, go on near the end, and say so."""
        if self._fd < 0:
            return []
        left = os.fstat(self._fd).st_size - os.lseek(self._fd, 0, os.SEEK_CUR)
        if left <= BEHIND:
            return []
        os.lseek(self._fd, left - CHUNK, os.SEEK_CUR)
        self.read_to += left - CHUNK
        self._rest = b""
        return [f"[{left - CHUNK} bytes are not shown here; they are in {self.path}]"]

    def _lines(self, data: bytes) -> list[str]:
        if not data:
            return []
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            whole.append(self._rest)
            self._rest = b""
        return [_text(line) for line in whole]


def _text(line: bytes) -> str:
    """The line as text a terminal can show: what is not UTF-8, and NUL, as escapes."""
    return line.rstrip(b"\r").decode("utf-8", "backslashreplace").replace("\0", "\\x00")

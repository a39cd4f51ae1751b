"""Keeps secrets out of a task's logs: what the task and all that it starts print goes through a process that masks.

Masking has to be outside of the task, at its descriptors: C code and child processes print too. The secrets are in
clear only in pipes and memory, never on disk.
"""

from __future__ import annotations

import json
import os
import re
import select
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from copy import copy
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

from pyflow.process import kernel
from pyflow.spec.secrets import MASK

CHUNK = 1 << 16
# Lines of a secret are masked one by one as well; shorter ones say nothing, and would mask half of the log.
SHORTEST_LINE = 4


class Mask:
    """Replaces secrets in texts, and in a stream that comes in pieces: `feed` what came, `finish` at its end."""

    def __init__(self, values: Iterable[str]) -> None:
        found = {item.encode("utf-8", "surrogateescape") for value in values if value for item in _spellings(value)}
        self.patterns = sorted(found, key=lambda item: (-len(item), item))
        self.found = re.compile(b"|".join(map(re.escape, self.patterns)) or rb"(?!)")
        self.rest = b""

    def text(self, text: str) -> str:
        masked = self.found.sub(MASK.encode(), text.encode("utf-8", "surrogateescape"))
        return masked.decode("utf-8", "surrogateescape")

    def feed(self, data: bytes) -> bytes:
        """What may be shown now. The end is held back as long as it may be the beginning of a secret."""
        data, self.rest = self.rest + data, b""
        shown, place = [], 0
        while True:
            match, held = self.found.search(data, place), self._held(data, place)
            if match is None or match.start() >= held:
                self.rest = data[held:]
                return b"".join([*shown, data[place:held]])
            shown += [data[place : match.start()], MASK.encode()]
            place = match.end()

    def finish(self) -> bytes:
        rest, self.rest = self.rest, b""
        return self.found.sub(MASK.encode(), rest)

    def _held(self, data: bytes, place: int) -> int:
        """Where the longest end of `data` begins that a secret may go on from; its length if there is none."""
        longest = len(self.patterns[0]) if self.patterns else 1
        for start in range(max(place, len(data) - longest + 1), len(data)):
            end = data[start:]
            if any(len(item) > len(end) and item.startswith(end) for item in self.patterns):
                return start
        return len(data)


def _spellings(value: str) -> set[str]:
    """The value as it may be printed: as it is, by lines, as a literal, in JSON, in an address."""
    lines = {line.strip() for line in value.splitlines() if len(line.strip()) >= SHORTEST_LINE}
    escaped = {repr(value)[1:-1], json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    return {value, *lines, *escaped, quote(value, safe="", errors="surrogateescape")}


def divert(mask: Mask, folder: Path, name: str) -> tuple[Path, Path]:
    """Let this process's output, and all that is written to the two named pipes returned, be masked before it goes on.

    The process forks: the caller goes on in the child, the parent stays as the filter, with the pid by which the task
    is known, and ends as the child ends. `folder` and `name` say where the pipes are made.
    """
    pipes = folder / f"{name}.stdout", folder / f"{name}.stderr"
    for path in pipes:
        os.mkfifo(path, 0o600)
    readers = [os.open(path, os.O_RDONLY | os.O_NONBLOCK) for path in pipes]
    writers = [os.open(path, os.O_WRONLY) for path in pipes]
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    child = os.fork()
    if child:
        # The writers stay open here: a pipe whose last writer is gone would be read as ended again and again.
        _filter(child, mask, readers, wake_read, pipes)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    kernel.die_with_parent(parent)
    for target, writer in zip((1, 2), writers, strict=True):
        os.dup2(writer, target)
    for descriptor in (*readers, *writers, wake_read, wake_write):
        os.close(descriptor)
    return pipes


def _filter(child: int, mask: Mask, readers: list[int], wake: int, pipes: tuple[Path, Path]) -> NoReturn:
    """Copy until the child has ended, then end in the same way."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # they are for the task, which is in the same process group
    streams = {reader: (target, copy(mask)) for reader, target in zip(readers, (1, 2), strict=True)}
    status = None
    while status is None:
        ready, _, _ = select.select([*readers, wake], [], [])
        _copy(streams, ready)
        if wake in ready:
            os.read(wake, CHUNK)
            ended, found = os.waitpid(child, os.WNOHANG)
            status = found if ended else None
    while _copy(streams, readers):
        pass
    for target, own in streams.values():
        _write(target, own.finish())
    for path in pipes:
        path.unlink(missing_ok=True)
    _end_like(os.waitstatus_to_exitcode(status))


def _copy(streams: dict[int, tuple[int, Mask]], ready: list[int]) -> bool:
    """Copy what is there; False if nothing was."""
    any_data = False
    for reader in (item for item in ready if item in streams):
        try:
            data = os.read(reader, CHUNK)
        except BlockingIOError:
            continue
        target, own = streams[reader]
        _write(target, own.feed(data))
        any_data = any_data or bool(data)
    return any_data


def _write(target: int, data: bytes) -> None:
    """A log that cannot be written must not stop the task."""
    with suppress(OSError):
        while data:
            data = data[os.write(target, data) :]


def _end_like(code: int) -> NoReturn:
    """End with the exit status or the signal that the task ended with."""
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 128 - code)

"""JSON lines over a stream socket: one object, UTF-8, ended by a line feed (shared_spec/task.md)."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from typing import Any

from pyflow.spec.errors import HostError


class LineSocket:
    """Sends and receives JSON lines. `receive` waits for the next message; None is the end of the stream."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._buffer = bytearray()
        self._scanned = 0

    def fileno(self) -> int:
        return self.sock.fileno()

    def send(self, message: Mapping[str, Any]) -> None:
        """Raises OSError when the other side is gone."""
        self.sock.sendall(json.dumps(message, separators=(",", ":")).encode() + b"\n")

    def receive(self) -> dict[str, Any] | None:
        """The next message. Raises HostError (`protocol_error`) for what is not a JSON object."""
        while True:
            message = self.buffered()
            if message is not None:
                return message
            if not self.fill():
                return None

    def fill(self) -> bool:
        """Read what is there, waiting for at least one byte; False at the end of the stream."""
        try:
            data = self.sock.recv(1 << 20)
        except ConnectionResetError:
            return False
        self._buffer += data
        return bool(data)

    def buffered(self) -> dict[str, Any] | None:
        """A message that has arrived already, or None."""
        end = self._buffer.find(b"\n", self._scanned)
        if end < 0:
            self._scanned = len(self._buffer)
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._scanned = 0
        return _parse(line)

    def close(self) -> None:
        self.sock.close()


def _parse(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError as error:
        raise HostError(f"not a JSON line: {line[:200]!r} ({error})", code="protocol_error") from error
    if not isinstance(message, dict):
        raise HostError(f"not a JSON object: {line[:200]!r}", code="protocol_error")
    return message

"""The Codec port for Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from pyflow.codec import ipc, items, native, preview, untree
from pyflow.codec.tree import Encoder
from pyflow.ports import Buffer, Encoded


@dataclass(frozen=True)
class Description:
    """What can be said of an artifact without opening natives: kind, class and a short text."""

    kind: str
    type: str
    preview: str


class PythonCodec:
    """Implements ports.Codec."""

    def encode(self, value: Any, name: str) -> Encoded:
        """The value as an artifact named `name`; raises ArtifactError when it cannot be kept."""
        encoder = Encoder(name)
        chunks, kind = encoder.encode(value)
        shown = preview.preview(value)
        return Encoded(chunks, kind, preview.type_name(value), shown, tuple(encoder.warnings))

    def decode(self, source: Path | Buffer) -> Any:
        """The value of an artifact file or its bytes; changing the value never changes the file."""
        with ipc.naming(source):
            return untree.decode(ipc.open_file(source))

    def count(self, path: Path, language: str) -> int:
        """How many foreach items the artifact has; raises ArtifactError `foreach_not_iterable`."""
        return items.count(path, language)

    def item(self, path: Path, index: int, language: str) -> Encoded:
        """Foreach item `index` as an artifact of its own, without reading the rest."""
        return items.item(path, index, language)

    def update(self, value: Any, source: Path, name: str) -> Encoded | None:
        """`value`, which was decoded from `source`, as a new artifact, or None if it is still the same.

        A native is compared with how the stored one is written now: two pickles of one object may differ.
        """
        encoded = self.encode(value, name)
        if _same_bytes(encoded.chunks, [memoryview(ipc.open_file(source, whole=False).memory)]):
            return None
        again = self.encode(self.decode(source), name)
        return None if _same_bytes(encoded.chunks, again.chunks) else encoded

    def describe(self, source: Path | Buffer) -> Description:
        """Kind, type and preview from the file alone; natives of any language stay closed."""
        with ipc.naming(source):
            file = ipc.open_file(source)
            value = untree.decode(file, _keep_closed)
        shown = value.preview if isinstance(value, native.NativeProxy) else preview.preview(value)
        return Description(str(file.meta.get("kind")), preview.type_name(value), shown[: preview.LIMIT])


def _same_bytes(left: Sequence[Buffer], right: Sequence[Buffer]) -> bool:
    if sum(map(len, left)) != sum(map(len, right)):
        return False
    if len(left) == len(right) == 1:
        return pa.py_buffer(left[0]).equals(pa.py_buffer(right[0]))
    return b"".join(left) == b"".join(right)


def _keep_closed(proxy: native.NativeProxy) -> native.NativeProxy:
    return proxy

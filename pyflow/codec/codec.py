"""The Codec port for Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyflow.codec import columns, ipc, items, mapped, native, notes, preview, untree
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
        warnings = tuple(encoder.warnings)
        return Encoded(chunks, kind, preview.type_name(value), shown, warnings, preview.scalar(value))

    def decode(self, source: Path | Buffer, name: str = "", announce: notes.Announce = notes.warn) -> Any:
        """The value of an artifact file or its bytes; changing the value never changes the file. What it loses by being
        read in Python is announced, once for each code, as said of the artifact `name`."""
        found = notes.Notes()
        with ipc.naming(source):
            value = untree.decode(ipc.open_file(source), notes=found)
        for text in found.texts(name):
            announce(text)
        return value

    def columns(self, path: Path, wanted: Sequence[Any], name: str = "", announce: notes.Announce = notes.warn) -> Any:
        """Some columns of a table, without reading the others."""
        found = notes.Notes()
        with ipc.naming(path):
            value = columns.read(ipc.open_file(path, whole=False), wanted, found)
        for text in found.texts(name):
            announce(text)
        return value

    def unchanged(self, encoded: Encoded, source: Path, name: str) -> bool:
        """Whether an encoded value is what the artifact file holds, or what reading and writing it gives."""
        if mapped.same_bytes(encoded.chunks, mapped.file_chunks(source)):
            return True
        untouched = self.encode(self.decode(source, name, lambda text: None), name)
        return mapped.same_bytes(encoded.chunks, untouched.chunks)

    def count(self, path: Path, language: str) -> int:
        """How many foreach items the artifact has; raises ArtifactError `foreach_not_iterable`."""
        return items.count(path, language)

    def item(self, path: Path, index: int, language: str) -> Encoded:
        """Foreach item `index` as an artifact of its own, without reading the rest."""
        return items.item(path, index, language)

    def describe(self, source: Path | Buffer) -> Description:
        """Kind, type and preview from the file alone; natives of any language stay closed."""
        with ipc.naming(source):
            file = ipc.open_file(source)
            value = untree.decode(file, _keep_closed)
        shown = value.preview if isinstance(value, native.NativeProxy) else preview.preview(value)
        return Description(str(file.meta.get("kind")), preview.type_name(value), shown[: preview.LIMIT])


def _keep_closed(proxy: native.NativeProxy) -> native.NativeProxy:
    return proxy

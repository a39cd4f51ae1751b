"""The artifact file: one Arrow IPC file with one record batch and the `pyflow` key (artifact.md, section 1)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pyflow.codec import mapped
from pyflow.codec.arrays import Values
from pyflow.codec.types import canonical_json
from pyflow.ports import Buffer
from pyflow.spec.errors import ArtifactError, StoreError

VERSION = 1
KEY = b"pyflow"
_PANDAS = b"pandas"
_MAGIC = b"ARROW1"
# Below this size reading costs less than mapping, and a copy less than many chunks.
_SMALL = 1 << 17
_CACHED_METADATA = 4096
# Arrow asks before it writes more than 2^31 - 1 rows, because some readers know no more.
_OPTIONS = pa.ipc.IpcWriteOptions(allow_64bit=True)
# Values of type null that a file may have without as many bits for something else.
_MOST_NULLS = 1 << 24


def corrupt(why: str) -> StoreError:
    """The error for an artifact that cannot be read."""
    return StoreError(
        f"this artifact is damaged: {why}",
        code="artifact_corrupt",
        hint="Make it again by running the step that wrote it.",
    )


def write(
    meta: Mapping[str, Any],
    names: Sequence[str],
    columns: Sequence[pa.Array],
    pandas: Mapping[str, Any] | None = None,
) -> list[Buffer]:
    """The file's bytes as chunks, large ones in the memory of the `columns`, which are canonical and of one length.
    `pandas` is the content of the schema's second key, if it is to have one."""
    batch = _batch(meta, names, columns)
    if pandas is not None:
        keys = {**batch.schema.metadata, _PANDAS: canonical_json(pandas).encode()}
        batch = batch.replace_schema_metadata(keys)
    return _chunks(batch)


def write_checked(
    meta: Mapping[str, Any], names: Sequence[str], columns: Sequence[pa.Array]
) -> tuple[list[Buffer], ArtifactFile]:
    """The same, and the artifact as one who opens the file will find it: for metadata that come from outside."""
    batch = _batch(meta, names, columns)
    found = read_metadata(batch.schema.metadata[KEY])
    return _chunks(batch), ArtifactFile(found, batch, pa.py_buffer(b""))


def _batch(meta: Mapping[str, Any], names: Sequence[str], columns: Sequence[pa.Array]) -> pa.RecordBatch:
    text = canonical_json({"version": VERSION, **meta})
    make = _schema if len(text) <= _CACHED_METADATA else _schema.__wrapped__
    schema = make(text, tuple(names), tuple(column.type for column in columns))
    return pa.RecordBatch.from_arrays(list(columns), schema=schema)


def _chunks(batch: pa.RecordBatch) -> list[Buffer]:
    nulls = _too_many_nulls(batch, batch.nbytes)
    if nulls:
        raise ArtifactError(f"this value cannot be kept: {nulls}", hint="Store how many they are, or give them a type.")
    if batch.nbytes < _SMALL:
        sink = pa.BufferOutputStream()
        _write_batch(sink, batch)
        return [memoryview(sink.getvalue())]
    chunks = _Chunks()
    _write_batch(pa.PythonFile(chunks, mode="w"), batch)
    return chunks.joined()


def _write_batch(sink: Any, batch: pa.RecordBatch) -> None:
    with pa.ipc.new_file(sink, batch.schema, options=_OPTIONS) as writer:
        writer.write_batch(batch)


class _Chunks:
    """A file for Arrow's writer that keeps what is written: the columns' buffers as they are, not as a copy."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[Any] = []

    def write(self, part: Any) -> int:
        self._parts.append(part)
        return len(part)

    def flush(self) -> None:
        """Nothing is held back."""

    def joined(self) -> list[Buffer]:
        """The chunks, with the small ones between large ones made one."""
        result: list[Buffer] = []
        for small, parts in groupby(self._parts, key=lambda part: len(part) < _SMALL):
            views = [memoryview(part).cast("B") for part in parts]
            result += [b"".join(views)] if small else views
        return result


@lru_cache(maxsize=256)
def _schema(text: str, names: tuple[str, ...], types: tuple[pa.DataType, ...]) -> pa.Schema:
    fields = [pa.field(name, kind) for name, kind in zip(names, types, strict=True)]
    return pa.schema(fields, metadata={KEY: text.encode()})


@dataclass(frozen=True)
class ArtifactFile:
    """An open artifact: its metadata, its record batch, and the private memory that they lie in.

    The memory is a copy-on-write mapping: arrays made from it can be written to without changing the file,
    and only pages that are written to are copied.
    """

    meta: Mapping[str, Any]
    batch: pa.RecordBatch
    memory: pa.Buffer

    @cached_property
    def _bytes(self) -> Values:
        return np.frombuffer(self.memory, dtype=np.uint8)

    def writable(self, view: Values) -> Values:
        """The same values as `view`, an array that lies in this memory, as an array that may be written to."""
        start = view.__array_interface__["data"][0] - self.memory.address
        if view.nbytes == 0 or not 0 <= start <= self.memory.size - view.nbytes:
            return view.copy()
        return self._bytes[start : start + view.nbytes].view(view.dtype)


def open_file(source: Path | Buffer, *, whole: bool = True) -> ArtifactFile:
    """Open an artifact; raises StoreError `artifact_corrupt`, `artifact_version` or `blob_missing`.

    Every value is checked, or, if not `whole`, only what lies around them: then use `checked` on what is read.
    """
    memory = _map(source) if isinstance(source, Path) else pa.py_buffer(bytearray(source))
    with naming(source):
        return open_buffer(memory, whole=whole)


@contextmanager
def naming(source: Path | Buffer) -> Iterator[None]:
    """Errors about an artifact that is a file say which."""
    try:
        yield
    except StoreError as error:
        if not isinstance(source, Path) or str(source) in error.message:
            raise
        raise StoreError(f"{source}: {error.message}", code=error.code, hint=error.hint) from error


def _map(path: Path) -> pa.Buffer:
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size < _SMALL:
                return pa.py_buffer(bytearray(file.read()))
            return mapped.open_mapped(path, file.fileno(), size)
    except OSError as error:
        raise StoreError(f"cannot read artifact file {path}: {error.strerror}", code="blob_missing") from error


def open_buffer(memory: pa.Buffer, *, whole: bool = True) -> ArtifactFile:
    """Open an artifact that lies in memory, without a copy."""
    start = memoryview(memory)[: len(_MAGIC)]
    if bytes(start) != _MAGIC:
        raise corrupt("it is not an Arrow IPC file")
    try:
        reader = pa.ipc.open_file(pa.BufferReader(memory))
        meta = read_metadata((reader.schema.metadata or {}).get(KEY))
        if reader.num_record_batches != 1:
            raise corrupt(f"it has {reader.num_record_batches} record batches instead of one")
        batch = reader.get_batch(0)
        batch.validate(full=whole)
        nulls = _too_many_nulls(batch, memory.size)
        if nulls:
            raise corrupt(nulls)
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        raise corrupt(str(error).splitlines()[0] if str(error) else type(error).__name__) from error
    return ArtifactFile(meta, batch, memory)


def _too_many_nulls(batch: pa.RecordBatch, size: int) -> str:
    """Missing values of no type take no bytes in a file, so that a short one could ask for any amount of memory: what
    is wrong with it, if that is so."""
    most = max(_MOST_NULLS, 8 * size)
    waiting = list(batch.columns) if "null" in str(batch.schema.types) else []
    while waiting:
        array = waiting.pop()
        if pa.types.is_null(array.type) and len(array) > most:
            return f"it has {len(array)} missing values of no type in {size} bytes"
        if pa.types.is_struct(array.type):
            waiting += [array.field(number) for number in range(array.type.num_fields)]
        elif pa.types.is_large_list(array.type):
            waiting.append(array.values)
    return ""


def checked(array: pa.Array) -> pa.Array:
    """The same array, every value of it checked."""
    try:
        array.validate(full=True)
    except pa.ArrowException as error:
        raise corrupt(str(error)) from error
    return array


def read_metadata(text: bytes | None) -> Mapping[str, Any]:
    """The parsed `pyflow` key."""
    if text is None:
        raise corrupt("its schema has no key 'pyflow'")
    try:
        meta = json.loads(text)
        version = meta["version"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise corrupt(f"its key 'pyflow' cannot be read ({type(error).__name__})") from error
    check_version(version)
    return meta


def check_version(version: Any) -> None:
    """Refuse formats that this code does not know."""
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise corrupt(f"its format version is {version!r:.50}")
    if version > VERSION:
        raise StoreError(
            f"this artifact has format version {version}; this pyflow reads up to {VERSION}",
            code="artifact_version",
            hint="Update pyflow (pip install -U pyflow-rflow) to read it.",
        )

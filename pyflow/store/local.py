"""Blobs in a local folder (shared_spec/store.md, section 1).

A blob appears by a rename, so readers see all of it or nothing; a writer that dies leaves at most a `.tmp-` file.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import Any, cast

from blake3 import blake3

from pyflow.ports import Buffer
from pyflow.spec.errors import MAKE_ROOM, StoreError

TEMPORARY = ".tmp-"
LOCK = ".lock"
# Blobs that were written or used again less than so many seconds ago are never removed.
YOUNG = 60.0
DIGEST = re.compile(r"[0-9a-f]{64}")
SHARD = re.compile(r"[0-9a-f]{2}")

# From this size a blob is written before it is known whether it is there already.
_LARGE = 1 << 20
# What is written and hashed at a time: fits the processor's cache.
_BLOCK = 1 << 20

# What a checked file is recognised by. As long as these stay the same, it is not hashed again.
Identity = tuple[int, int, int]


class LocalStore:
    """Implements ports.Store in `root`/blobs. Nothing is made before the first put."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.blobs = root / "blobs"
        # Hashing a large blob takes as long as reading it, and a task may open it many times: once for each process
        # is what the check is worth. A changed file has another identity.
        self._checked: dict[str, Identity] = {}

    def put(self, chunks: Iterable[Buffer]) -> tuple[str, int]:
        if isinstance(chunks, Sequence) and sum(view.nbytes for view in _views(chunks)) < _LARGE:
            # Hashing is far cheaper than making a file that turns out to be there. A large blob is hashed while it is
            # written: of a file that is removed before it is synced nothing reaches the disk.
            digest, size = _hash_chunks(chunks)
            if self._has_sound(digest, size):
                return digest, size
        return self._write(chunks)

    def get(self, digest: str, *, whole: bool = True) -> Path:
        path = self.path(digest)
        try:
            found = path.stat()
            if not whole or self._checked.get(digest) == _identity(found):
                return path
            actual = _hash_file(path)
        except (FileNotFoundError, NotADirectoryError):
            raise self._missing(digest, path) from None
        except OSError as error:
            raise StoreError(
                f"blob {digest} cannot be read: {path}: {error.strerror or error}", code="store_read"
            ) from error
        if actual != digest:
            raise StoreError(
                f"blob {digest} is damaged: the file {path} ({found.st_size} bytes) has digest {actual}",
                code="artifact_corrupt",
                hint="Restore it from a copy, or run the flow again: a task that makes the same value writes it anew.",
            )
        self._checked[digest] = _identity(found)
        return path

    def exists(self, digest: str) -> bool:
        return bool(DIGEST.fullmatch(digest)) and self.path(digest).is_file()

    def list(self) -> Iterator[str]:
        for folder in _scan(self.blobs):
            if SHARD.fullmatch(folder.name) and folder.is_dir():
                yield from (blob.name for blob in _scan(folder.path) if DIGEST.fullmatch(blob.name))

    def path(self, digest: str) -> Path:
        """Where the blob lies or would lie. A digest may come from outside: it is checked before it becomes a path."""
        if not DIGEST.fullmatch(digest):
            raise StoreError(
                f"there is no blob {digest!r}: a digest has 64 hexadecimal digits; the store is {self.root}",
                code="blob_missing",
            )
        return self.blobs / digest[:2] / digest

    def _write(self, chunks: Iterable[Buffer]) -> tuple[str, int]:
        temporary: Path | None = None
        digest = ""
        try:
            self.blobs.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=TEMPORARY, dir=self.blobs)
            temporary = Path(name)
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                digest, size = _write_chunks(file, chunks)
                if not self._has_sound(digest, size):
                    os.fchmod(file.fileno(), 0o444)
                    os.fsync(file.fileno())
                    self._publish(temporary, digest)
        except OSError as error:
            raise self._unwritable(digest, error) from error
        finally:
            if temporary is not None:
                with suppress(OSError):  # a place that has turned read-only keeps it
                    temporary.unlink(missing_ok=True)
        return digest, size

    def _publish(self, temporary: Path, digest: str) -> None:
        """A rename replaces a damaged blob too; who has the old file open keeps it."""
        path = self.path(digest)
        path.parent.mkdir(exist_ok=True)
        identity = _identity(temporary.stat())
        os.replace(temporary, path)
        self._checked[digest] = identity

    def _has_sound(self, digest: str, size: int) -> bool:
        """Whether the blob is there, undamaged, and stays; a damaged one counts as missing, so that put repairs it."""
        try:
            if self.path(digest).stat().st_size != size:
                return False
            self.get(digest)
            return self._keep(self.path(digest))
        except (OSError, StoreError):
            return False

    def _keep(self, path: Path) -> bool:
        """Make a blob that is used again young, so that garbage collection leaves it: nobody refers to it yet.

        False if it went away, or is somebody else's: then it is written anew.
        """
        if time.time() - path.stat().st_mtime < YOUNG:
            return True
        with sweeping(self.blobs, exclusive=False):
            os.utime(path)
        self._checked[path.name] = _identity(path.stat())
        return True

    def _missing(self, digest: str, path: Path) -> StoreError:
        return StoreError(
            f"blob {digest} is not in the store: there is no file {path}",
            code="blob_missing",
            hint="It was removed, or the run's metadata belongs to another store.",
        )

    def _unwritable(self, digest: str, error: OSError) -> StoreError:
        what = f"blob {digest}" if digest else "a blob"
        return StoreError(
            f"cannot store {what} in {self.blobs}: {error.strerror or error}",
            code="store_write",
            hint=MAKE_ROOM,
        )


@contextmanager
def sweeping(blobs: Path, *, exclusive: bool) -> Iterator[None]:
    """Inside a `with`: who removes blobs is alone (exclusive), or nobody removes any."""
    descriptor = os.open(blobs / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def _write_chunks(file: FileIO, chunks: Iterable[Buffer]) -> tuple[str, int]:
    """Write and hash in one pass.

    Each block is copied before, so that both see the same bytes whatever the user's threads do to the value. One thread
    does both: with a second one the processor works a fifth more, and many tasks write at the same time.
    """
    hasher, size = blake3(), 0
    for block in _blocks(chunks):
        hasher.update(block)
        _write_all(file, block)
        size += block.nbytes
    return hasher.hexdigest(), size


def _blocks(chunks: Iterable[Buffer]) -> Iterator[memoryview]:
    """The chunks in blocks of one piece of memory; a block is gone when the next is asked for."""
    memory = memoryview(bytearray(_BLOCK))
    filled = 0
    for view in _views(chunks):
        while view.nbytes:
            length = min(view.nbytes, _BLOCK - filled)
            memory[filled : filled + length] = view[:length]
            view, filled = view[length:], filled + length
            if filled == _BLOCK:
                yield memory
                filled = 0
    if filled:
        yield memory[:filled]


def _write_all(file: FileIO, block: memoryview) -> None:
    while block.nbytes:
        block = block[file.write(block) :]


def _hash_chunks(chunks: Iterable[Buffer]) -> tuple[str, int]:
    hasher, size = blake3(), 0
    for view in _views(chunks):
        hasher.update(view)
        size += view.nbytes
    return hasher.hexdigest(), size


def _views(chunks: Iterable[Buffer]) -> Iterator[memoryview]:
    """Each chunk as bytes, whatever its items are."""
    return (memoryview(chunk).cast("B") for chunk in chunks)


def _hash_file(path: Path) -> str:
    # Read, not mapped: a file that is cut short while it is mapped would end the process.
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, cast("Any", blake3)).hexdigest()


def _identity(found: os.stat_result) -> Identity:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _scan(folder: Path | str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except FileNotFoundError:
        return

"""A package's bytes: an uncompressed tar whose bytes depend on names, contents and executable bits alone.

An extraction is read-only and all its files have one time, so that one that was written to is known by its looks.
What has not changed since an earlier package is a hard link to the extraction of that one: most runs follow a small
edit, and linking is several times faster than writing.
"""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from pyflow.code.choose import SourceFile

# The time of every extracted file (1980-01-01): writing to a file gives it another one.
TIME_NS = 315_532_800_000_000_000


class Member(NamedTuple):
    """A file of an archive: its bytes stand at `offset`; equal `hash` and `executable`: the same file."""

    size: int
    offset: int
    executable: bool
    hash: str


Members = Mapping[str, Member]


class Extracted(NamedTuple):
    """An archive that was extracted in `folder`, of which nothing is sure."""

    folder: Path
    members: Members


def pack(files: Iterable[SourceFile]) -> tuple[bytes, dict[str, Member]]:
    """The archive of these files as they are now, and where they stand in it. Raises OSError for one that cannot be
    read."""
    chunks: list[bytes] = []
    members: dict[str, Member] = {}
    length = 0
    for file in sorted(files, key=lambda item: item.name):
        content = _read(file)
        info = tarfile.TarInfo(file.name)
        info.size, info.mode = len(content), 0o755 if file.executable else 0o644
        header = info.tobuf(tarfile.PAX_FORMAT)
        hash = blake2b(content, digest_size=16).hexdigest()
        members[file.name] = Member(len(content), length + len(header), file.executable, hash)
        chunks += (header, content, bytes(-len(content) % tarfile.BLOCKSIZE))
        length += sum(map(len, chunks[-3:]))
    length += 2 * tarfile.BLOCKSIZE
    chunks.append(bytes(2 * tarfile.BLOCKSIZE + -length % tarfile.RECORDSIZE))
    return b"".join(chunks), members


def _read(file: SourceFile) -> bytes:
    """Most files are small, and come in one piece."""
    descriptor = os.open(file.path, os.O_RDONLY)
    try:
        pieces = [os.read(descriptor, file.size + 1)]
        while pieces[-1]:
            pieces.append(os.read(descriptor, 1 << 20))
    finally:
        os.close(descriptor)
    return b"".join(pieces)


def contents(blob: Path) -> dict[str, bytes]:
    """The files of an archive by name."""
    with tarfile.open(blob) as archive:
        return {member.name: _content(archive, member) for member in archive if member.isfile()}


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    assert file is not None
    return file.read()


def extract(blob: Path, target: Path) -> None:
    """Write the files into the folder `target`, which is made. A name that leads out of it is refused (ValueError).

    Only regular files are written: an archive of ours has no others. tarfile's own filters came with Python 3.11.4.
    """
    target.mkdir(parents=True, exist_ok=True)
    root = target.resolve()
    with tarfile.open(blob) as archive:
        for member in archive:
            path = (root / member.name).resolve()
            if not path.is_relative_to(root):
                raise ValueError(f"{member.name!r} leads out of {target}")
            if member.isfile():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(_content(archive, member))
                path.chmod(member.mode & 0o755)


def extract_once(blob: Path, target: Path, members: Members, earlier: Extracted | None = None) -> None:
    """Make `target` hold the archive, whole or not at all. One that is there already is used if it is undamaged.

    What is the same in `earlier` is linked, the rest written.
    """
    if _is_whole(target, members):
        # Garbage collection leaves what is young: the run that is going to use it is not recorded yet.
        os.utime(target)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".tmp-", dir=target.parent))
    try:
        temporary.chmod(0o755)
        _fill(temporary, blob.read_bytes(), members, earlier)
        if target.exists() and not _is_whole(target, members):
            shutil.rmtree(target, ignore_errors=True)
        try:
            temporary.rename(target)
        except OSError:
            if not _is_whole(target, members):
                raise  # else somebody else was faster
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _fill(folder: Path, data: bytes, members: Members, earlier: Extracted | None) -> None:
    for inner in {os.path.dirname(name) for name in members}:
        os.makedirs(f"{folder}/{inner}", exist_ok=True)
    for name, member in members.items():
        path = f"{folder}/{name}"
        if earlier is None or not _link(earlier, name, member, path):
            _write(path, data[member.offset : member.offset + member.size], member)


def _link(earlier: Extracted, name: str, member: Member, path: str) -> bool:
    """Whether the file could be taken from an earlier extraction, in which it must be the same and undamaged."""
    before, there = earlier.members.get(name), f"{earlier.folder}/{name}"
    if before is None or (before.hash, before.executable) != (member.hash, member.executable):
        return False
    try:
        if _is_sound(there, member):
            os.link(there, path)
            return True
    except OSError:
        pass  # it is gone, or cannot be linked here
    return False


def _write(path: str, content: bytes, member: Member) -> None:
    with open(path, "xb", buffering=0) as file:
        file.write(content)
        os.fchmod(file.fileno(), _mode(member))
    os.utime(path, ns=(TIME_NS, TIME_NS))


def _mode(member: Member) -> int:
    return 0o555 if member.executable else 0o444


def _is_whole(target: Path, members: Members) -> bool:
    try:
        return all(_is_sound(f"{target}/{name}", member) for name, member in members.items())
    except OSError:
        return False


def _is_sound(path: str, member: Member) -> bool:
    """Whether nobody has written to an extracted file; raises OSError if it is not there."""
    found = os.stat(path)
    looks = found.st_size, found.st_mtime_ns, found.st_mode & 0o777
    return looks == (member.size, TIME_NS, _mode(member))

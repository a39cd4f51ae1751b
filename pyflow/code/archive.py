"""A package's bytes: an uncompressed tar whose bytes depend on names, contents and executable bits alone."""

from __future__ import annotations

import io
import shutil
import tarfile
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from pyflow.code.choose import SourceFile


def pack(files: Iterable[SourceFile]) -> bytes:
    """The archive of these files as they are now. Raises OSError for one that cannot be read."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for file in sorted(files, key=lambda item: item.name):
            content = Path(file.path).read_bytes()
            member = tarfile.TarInfo(file.name)
            member.size, member.mode = len(content), 0o755 if file.executable else 0o644
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def sizes(blob: Path) -> dict[str, int]:
    """The files of an archive and their sizes in bytes, by name."""
    with tarfile.open(blob) as archive:
        return {member.name: member.size for member in archive if member.isfile()}


def contents(blob: Path) -> dict[str, bytes]:
    """The files of an archive by name."""
    with tarfile.open(blob) as archive:
        return {member.name: _read(archive, member) for member in archive if member.isfile()}


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
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
                path.write_bytes(_read(archive, member))
                path.chmod(member.mode & 0o755)


def extract_once(blob: Path, target: Path, expected: Mapping[str, int]) -> None:
    """Make `target` hold the archive, whole or not at all. One that is there already is used if it is undamaged."""
    if _is_whole(target, expected):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".tmp-", dir=target.parent))
    try:
        temporary.chmod(0o755)
        extract(blob, temporary)
        if target.exists() and not _is_whole(target, expected):
            shutil.rmtree(target, ignore_errors=True)
        try:
            temporary.rename(target)
        except OSError:
            if not _is_whole(target, expected):
                raise  # else somebody else was faster
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _is_whole(target: Path, expected: Mapping[str, int]) -> bool:
    try:
        return all((target / name).stat().st_size == size for name, size in expected.items())
    except OSError:
        return False

"""Files that lie in this process's memory, and which of their pages have been written to.

A file is mapped privately: arrays made from it may be written to like any others; the kernel then copies the page and
the file stays. Whether an array still holds what its file holds is therefore known without looking at the values:
the kernel's page table tells copied pages apart (`pagemap`, Linux). Where it cannot be read, bytes are compared.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa

from pyflow.ports import Buffer

_PAGE = mmap.PAGESIZE
# A page that is swapped out, or present and not the file's own, has been written to.
_SWAPPED, _PRESENT, _OF_FILE = (np.uint64(1 << bit) for bit in (62, 63, 61))
# What is compared at a time fits the processor's cache.
_BLOCK = 1 << 18


@dataclass(frozen=True)
class _Place:
    address: int
    size: int
    path: Path


# A mapping lives as long as an array in it does; then it is forgotten here too.
_places: WeakKeyDictionary[mmap.mmap, _Place] = WeakKeyDictionary()


def open_mapped(path: Path, descriptor: int, size: int) -> pa.Buffer:
    """The bytes of an open file, which may be written to without changing it. `path` is a blob: it never changes."""
    memory = mmap.mmap(descriptor, size, access=mmap.ACCESS_COPY)
    buffer = pa.py_buffer(memory)
    _places[memory] = _Place(buffer.address, size, path)
    return buffer


def same_bytes(first: Sequence[Buffer], second: Sequence[Buffer]) -> bool:
    """Whether two files are equal, each given as chunks; what both have from one place of one file is not looked at."""
    if sum(map(_size, first)) != sum(map(_size, second)):
        return False
    return all(_same_file(left, right) or _equal(left, right) for left, right in _pairs(first, second))


def file_chunks(path: Path) -> list[Buffer]:
    """The bytes of a file as chunks for `same_bytes`."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        return [memoryview(open_mapped(path, file.fileno(), size))] if size else []


def _size(chunk: Buffer) -> int:
    return memoryview(chunk).nbytes


def _pairs(first: Sequence[Buffer], second: Sequence[Buffer]) -> Iterator[tuple[memoryview, memoryview]]:
    """Both files in pieces of the same length."""
    rest = memoryview(b"")
    chunks = iter(second)
    for chunk in first:
        left = memoryview(chunk).cast("B")
        while len(left):
            while not len(rest):
                rest = memoryview(next(chunks)).cast("B")
            length = min(len(left), len(rest))
            yield left[:length], rest[:length]
            left, rest = left[length:], rest[length:]


def _equal(left: memoryview, right: memoryview) -> bool:
    """memoryviews compare item by item, which is slow."""
    a, b = np.frombuffer(left, np.uint8), np.frombuffer(right, np.uint8)
    starts = range(0, len(a), _BLOCK)
    return all(np.array_equal(a[start : start + _BLOCK], b[start : start + _BLOCK]) for start in starts)


def _same_file(left: memoryview, right: memoryview) -> bool:
    """Whether both lie at one place of one file and neither has been written to."""
    if len(left) < _PAGE:
        return False
    found, other = _find(left), _find(right)
    if found is None or other is None or found != other:
        return False
    return _untouched(left) and (right.obj is left.obj or _untouched(right))


def _find(view: memoryview) -> tuple[Path, int] | None:
    """The file that the bytes lie in, and where."""
    address = _address(view)
    for place in _places.values():
        if 0 <= address - place.address <= place.size - len(view):
            return place.path, address - place.address
    return None


def _address(view: memoryview) -> int:
    return int(np.frombuffer(view, np.uint8).__array_interface__["data"][0])


def _untouched(view: memoryview) -> bool:
    """Whether no page under the bytes has been written to; False also when that cannot be known."""
    address = _address(view)
    first, last = address // _PAGE, (address + len(view) - 1) // _PAGE
    try:
        with open("/proc/self/pagemap", "rb", buffering=0) as file:
            data = os.pread(file.fileno(), 8 * (last - first + 1), 8 * first)
    except OSError:
        return False
    pages = np.frombuffer(data, np.uint64)
    if len(pages) != last - first + 1:
        return False
    copied = ((pages & _SWAPPED) != 0) | ((pages & (_PRESENT | _OF_FILE)) == _PRESENT)
    return not copied.any()

"""Blobs that are read from two stores and written to the first: what somebody tries out beside a store's runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from pyflow.ports import Buffer, Store


class OverlayStore:
    """Implements ports.Store. Nothing is ever written to `base`."""

    def __init__(self, own: Store, base: Store) -> None:
        self.own = own
        self.base = base

    def put(self, chunks: Iterable[Buffer]) -> tuple[str, int]:
        return self.own.put(chunks)

    def get(self, digest: str, *, whole: bool = True) -> Path:
        store = self.own if self.own.exists(digest) or not self.base.exists(digest) else self.base
        return store.get(digest, whole=whole)

    def exists(self, digest: str) -> bool:
        return self.own.exists(digest) or self.base.exists(digest)

    def list(self) -> Iterator[str]:
        yield from (known := set(self.own.list()))
        yield from (digest for digest in self.base.list() if digest not in known)

"""Runs, tasks, attempts and artifacts of one store (shared_spec/store.md, section 2)."""

from __future__ import annotations

from pathlib import Path

from pyflow.metadata.liveness import run_is_alive
from pyflow.metadata.sqlite import SqliteMetadata
from pyflow.ports import Metadata

__all__ = ["open_metadata"]


def open_metadata(root: Path, *, readonly: bool = False) -> Metadata:
    """The metadata of the store in `root`.

    A reader (`readonly`) works on a store that is read-only or does not exist yet, where it finds nothing; it sees what
    writers commit later. Raises StoreError `store_version` (made by a newer pyflow), `store_write` or `store_read`.
    """
    return SqliteMetadata(root, readonly=readonly, alive=lambda flow, run: run_is_alive(root, flow, run))

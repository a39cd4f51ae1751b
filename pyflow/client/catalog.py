"""What the client reads from: metadata, blobs and the codec of one store."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pyflow.codec import PythonCodec
from pyflow.metadata import open_metadata
from pyflow.ports import Codec, Metadata, Store
from pyflow.store import FOLDER, find_root, open_store, store_config


@dataclass(frozen=True)
class Catalog:
    """Everything a client object needs to answer; `place` says in messages where was looked."""

    metadata: Metadata
    store: Store
    codec: Codec
    place: str


def open_catalog(root: Path) -> Catalog:
    """The catalog of the store in `root`, for reading."""
    return Catalog(
        metadata=open_metadata(root, readonly=True),
        store=open_store(store_config(root)),
        codec=PythonCodec(),
        place=f"The store is {root}.",
    )


def default_catalog() -> Catalog:
    """The catalog of the store that is found from the working directory; an empty one if there is none."""
    here = Path.cwd()
    root = find_root(here)
    if root is not None:
        return _opened(root)
    place = f"There is no store ({FOLDER}) in {here} or above it: run a flow there, or set PYFLOW_ROOT to a store."
    nothing = open_catalog(here / FOLDER)
    return Catalog(nothing.metadata, nothing.store, nothing.codec, place)


def get_metadata() -> str:
    """Where the client reads from, as `local@/home/ann/project`."""
    root = find_root(Path.cwd())
    return f"local@{root.parent if root else Path.cwd()}"


# One for each store that was asked for: a notebook may change its working directory.
_opened = lru_cache(maxsize=8)(open_catalog)

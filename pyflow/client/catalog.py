"""What the client reads from: metadata, blobs and the codec of one store."""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from pyflow.metadata import open_metadata
from pyflow.ports import Codec, Metadata, Store
from pyflow.spec.errors import NotFoundError, UserError
from pyflow.store import FOLDER, find_root, is_root, open_store, store_config

# Most questions open no value.
CODEC = "pyflow.codec:PythonCodec"


@lru_cache(maxsize=1)
def _codec() -> Codec:
    return pkgutil.resolve_name(CODEC)()


@dataclass(frozen=True)
class Catalog:
    """Everything a client object needs to answer; `place` says in messages where was looked, `root` is the store."""

    metadata: Metadata
    store: Store
    place: str
    root: str

    @property
    def codec(self) -> Codec:
        """What opens values; loaded when the first one is opened."""
        return _codec()


def open_catalog(root: Path) -> Catalog:
    """The catalog of the store in `root`, for reading."""
    return Catalog(
        metadata=open_metadata(root, readonly=True),
        store=open_store(store_config(root)),
        place=f"The store is {root}.",
        root=str(root),
    )


def default_catalog() -> Catalog:
    """The catalog of the store that metadata() named, else of the one that is found from the working directory; an
    empty one if there is none."""
    here = Path.cwd()
    root = _chosen[0] if _chosen else find_root(here)
    if root is not None:
        return _opened(root)
    place = f"There is no store ({FOLDER}) in {here} or above it: run a flow there, or set PYFLOW_ROOT to a store."
    return replace(open_catalog(here / FOLDER), place=place)


def reopened(root: str) -> Catalog:
    """The catalog of the store in `root`, which is kept open."""
    return _opened(Path(root))


def metadata(place: str) -> str:
    """Read from this store from now on: `local@FOLDER`, a folder with a store in it. Returns the same as get_metadata.

    Raises UserError `metadata_unknown` for another kind, NotFoundError if there is no store.
    """
    kind, _, folder = place.rpartition("@")
    if kind not in ("", "local"):
        raise UserError(f"there is no metadata of kind {kind!r}", code="metadata_unknown", hint="Write local@FOLDER.")
    root = Path(folder).expanduser().absolute()
    if not is_root(root):
        root = root / FOLDER
    if not is_root(root):
        raise NotFoundError(f"there is no store in {folder}", hint=f"Name a folder that has {FOLDER} in it.")
    _chosen[:] = [root]
    return get_metadata()


def default_metadata() -> str:
    """Read from the store of the working directory again; returns the same as get_metadata."""
    _chosen.clear()
    return get_metadata()


def get_metadata() -> str:
    """Where the client reads from, as `local@/home/ann/project`."""
    root = _chosen[0] if _chosen else find_root(Path.cwd())
    return f"local@{root.parent if root else Path.cwd()}"


# What metadata() chose; empty as long as it has not been called.
_chosen: list[Path] = []
# One for each store that was asked for: a notebook may change its working directory.
_opened = lru_cache(maxsize=8)(open_catalog)

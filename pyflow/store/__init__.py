"""Where blobs lie (shared_spec/store.md): find or make a store's folder, open the store of a configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pyflow.ports import Store
from pyflow.spec.errors import StoreError
from pyflow.store.local import LocalStore
from pyflow.store.overlay import OverlayStore
from pyflow.store.root import FOLDER, create_root, find_root, is_root, make_beside, store_config

__all__ = ["FOLDER", "STORES", "create_root", "find_root", "is_root", "make_beside", "open_store", "store_config"]

STORES: Mapping[str, Callable[[Mapping[str, Any]], Store]] = {
    "local": lambda config: LocalStore(Path(config["root"])),
    "overlay": lambda config: OverlayStore(LocalStore(Path(config["root"])), LocalStore(Path(config["base"]))),
}


def open_store(config: Mapping[str, Any]) -> Store:
    """The store of a configuration such as `{"type": "local", "root": "/home/ann/.pyflow"}`.

    Opening touches nothing: a store that is missing or read-only can be opened, and reading it works as far as it goes.
    """
    kind = str(config.get("type"))
    if kind not in STORES:
        raise StoreError(
            f"there is no store of type {kind!r}", code="store_type", hint=f"Known types: {', '.join(sorted(STORES))}."
        )
    return STORES[kind](config)

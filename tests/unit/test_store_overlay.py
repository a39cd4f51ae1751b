"""The store beside another one: the suite of all stores, and that the base is only read."""

from __future__ import annotations

from pyflow.store import create_root, make_beside, open_store, store_config
from tests.suites import store_suite

test_store = store_suite.suite(
    lambda folder: open_store({"type": "overlay", "root": str(folder), "base": str(folder / "base")})
)


def test_blobs_of_both_are_read_and_one_is_written(tmp_path):
    root = create_root(tmp_path)
    base = open_store(store_config(root))
    digest, _ = base.put([b"base"])
    overlay = open_store(store_config(make_beside(root, "spin")))
    own, _ = overlay.put([b"own"])
    assert overlay.get(digest).read_bytes() == b"base"
    assert overlay.get(own).read_bytes() == b"own"
    assert overlay.exists(digest) and overlay.exists(own) and not base.exists(own)
    assert set(overlay.list()) == {digest, own} and set(base.list()) == {digest}

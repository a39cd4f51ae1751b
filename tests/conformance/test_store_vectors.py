"""Digests and paths of shared_spec/store.md, section 1, as the local store makes them."""

import base64

import pytest

from pyflow.store import create_root, open_store
from tests.conformance.vectors import case_id, cases

CASES = cases("store")

# From the test vectors that BLAKE3's authors publish: not computed by the package that the store uses.
OFFICIAL = {
    0: "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
    1: "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
    1023: "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11",
    1024: "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
    1025: "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444",
    2048: "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a",
}


def content(given):
    if "counting" in given:
        return bytes(number % 251 for number in range(given["counting"]))
    return given["text"].encode() if "text" in given else base64.b64decode(given["base64"])


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_a_blob_has_its_digest_and_its_place(case, tmp_path):
    root = create_root(tmp_path)
    data = content(case["input"])
    digest, size = open_store({"type": "local", "root": str(root)}).put([data[:5], data[5:]])
    assert {"digest": digest, "size": size} == {key: case["expect"][key] for key in ("digest", "size")}
    assert (root / case["expect"]["path"]).read_bytes() == data


@pytest.mark.parametrize("length", OFFICIAL)
def test_the_vectors_agree_with_the_official_ones(length):
    [case] = [case for case in CASES if case["input"].get("counting") == length]
    assert case["expect"]["digest"] == OFFICIAL[length]

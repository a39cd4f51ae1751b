from __future__ import annotations

import os

import pytest

from pyflow.spec.errors import StoreError
from pyflow.store import open_store
from pyflow.store.local import LocalStore
from tests.suites import store_suite
from tests.suites.store_suite import files, finish, kill, run_python

test_store = store_suite.suite(lambda folder: open_store({"type": "local", "root": str(folder)}))

PUT = """
    import sys
    from pathlib import Path
    from pyflow.spec.errors import StoreError
    from pyflow.store.local import LocalStore
    store = LocalStore(Path(sys.argv[1]))
"""


def test_unknown_type():
    with pytest.raises(StoreError, match="no store of type 'tape'") as caught:
        open_store({"type": "tape"})
    assert "local" in caught.value.hint


def test_opening_makes_nothing(tmp_path):
    store = LocalStore(tmp_path / "nowhere")
    assert list(store.list()) == []
    assert not store.exists("ab" * 32)
    assert not (tmp_path / "nowhere").exists()


def test_writers_in_processes(tmp_path):
    code = (
        PUT
        + """
    for number in range(60):
        store.put([b"%d" % (number % 10) * 50_000])
    """
    )
    for process in [run_python(code, tmp_path) for _ in range(4)]:
        finish(process)
    assert len(files(tmp_path)) == 10
    store = LocalStore(tmp_path)
    assert sorted(store.get(digest).read_bytes()[:1] for digest in store.list()) == sorted(
        b"0123456789"[i : i + 1] for i in range(10)
    )


def test_kill_in_the_middle_of_a_put(tmp_path):
    code = (
        PUT
        + """
    def chunks():
        yield b"abc" * 100_000
        print("writing", flush=True)
        import time
        time.sleep(60)
    store.put(chunks())
    """
    )
    process = run_python(code, tmp_path)
    assert process.stdout.readline() == "writing\n"
    kill(process)
    store = LocalStore(tmp_path)
    assert list(store.list()) == []
    assert [path.name[:5] for path in files(tmp_path)] == [".tmp-"]
    digest, _ = store.put([b"abc" * 100_000])
    assert list(store.list()) == [digest]


def test_read_only_folder(tmp_path):
    digest, _ = LocalStore(tmp_path).put([b"abc"])
    code = (
        PUT
        + """
    print(store.get(sys.argv[2]).read_bytes())
    print(store.put([b"abc"])[0])
    try:
        store.put([b"new"])
    except StoreError as error:
        print(error.code, error)
    """
    )
    os.chmod(tmp_path / "blobs", 0o555)
    try:
        output = finish(run_python(code, tmp_path, digest, unprivileged=True))
    finally:
        os.chmod(tmp_path / "blobs", 0o755)
    assert output.startswith(
        f"b'abc'\n{digest}\nstore_write cannot store a blob in {tmp_path}/blobs: Permission denied\n"
    )
    assert len(files(tmp_path)) == 1


def test_full_disk(tmp_path):
    # A limit on the size of files makes write() fail in the middle of a blob, as a full disk does.
    code = (
        PUT
        + """
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    for chunks in ([b"a" * 1_000_000], (b"b" * 1000 for _ in range(1000))):
        try:
            store.put(chunks)
        except StoreError as error:
            print(error.code, error.message)
    """
    )
    output = finish(run_python(code, tmp_path))
    assert output == f"store_write cannot store a blob in {tmp_path}/blobs: File too large\n" * 2
    assert files(tmp_path) == []


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "blobs").write_text("")
    with pytest.raises(StoreError) as caught:
        LocalStore(tmp_path).put([b"abc"])
    assert caught.value.code == "store_write"
    assert str(tmp_path) in str(caught.value)


def test_a_blob_is_hashed_once(tmp_path, monkeypatch):
    from pyflow.store import local

    digest, _ = LocalStore(tmp_path).put([b"abc"])
    hashed = []
    hash_file = local._hash_file
    monkeypatch.setattr(local, "_hash_file", lambda path: hashed.append(path) or hash_file(path))
    store = LocalStore(tmp_path)
    for _ in range(3):
        store.get(digest)
        store.put([b"abc"])
    assert len(hashed) == 1

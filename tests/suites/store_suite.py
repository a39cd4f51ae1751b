"""The contract of ports.Store.

    test_store = store_suite.suite(lambda folder: LocalStore(folder))

`make(folder)` opens the store of that folder; called again it opens the same store, as another process would.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import blake3
import pytest

from pyflow.spec.errors import StoreError

MISSING = "ab" * 32


def suite(make):
    """A pytest test with one case for each promise of the port."""

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
    def test(case, tmp_path):
        case(make, tmp_path)

    return test


def put_then_get(make, folder):
    digest, size = make(folder).put([b"abc", memoryview(b"def"), bytearray(b"")])
    assert (digest, size) == (blake3.blake3(b"abcdef").hexdigest(), 6)
    assert make(folder).get(digest).read_bytes() == b"abcdef"


def chunks_of_wide_items_are_counted_in_bytes(make, folder):
    import array

    numbers = array.array("d", [1.0, 2.0])
    digest, size = make(folder).put([memoryview(numbers)])
    assert size == 16
    assert make(folder).get(digest).read_bytes() == numbers.tobytes()


def chunking_does_not_change_the_name(make, folder):
    store = make(folder)
    assert store.put([b"a", b"b"]) == store.put([b"ab"]) == store.put(iter([b"", b"ab"]))
    assert len(list(store.list())) == 1


def empty_blob(make, folder):
    digest, size = make(folder).put([])
    assert size == 0
    assert make(folder).get(digest).read_bytes() == b""


def a_stream_is_read_once(make, folder):
    digest, size = make(folder).put(bytes([number % 256]) * 1000 for number in range(3000))
    assert size == 3_000_000
    assert make(folder).get(digest).stat().st_size == size


def exists_and_list(make, folder):
    store = make(folder)
    assert list(store.list()) == []
    digests = {store.put([text])[0] for text in (b"a", b"b", b"c")}
    assert set(make(folder).list()) == digests
    assert all(store.exists(digest) for digest in digests)
    assert not store.exists(MISSING)
    assert not store.exists("../../etc/passwd")


def a_missing_blob_is_named(make, folder):
    for digest in (MISSING, "../../../etc/passwd"):
        with pytest.raises(StoreError) as caught:
            make(folder).get(digest)
        assert caught.value.code == "blob_missing"
        assert digest in str(caught.value)
        assert str(folder) in str(caught.value)


def a_blob_cannot_be_changed(make, folder):
    store = make(folder)
    path = store.get(store.put([b"abc"])[0])
    assert path.stat().st_mode & 0o777 == 0o444


def damage_is_seen_and_repaired(make, folder):
    store = make(folder)
    digest, _ = store.put([b"abcdef"])
    for damaged in (b"abcdeX", b"abc", b""):
        overwrite(store.get(digest), damaged)
        for reader in (make(folder), store):
            with pytest.raises(StoreError) as caught:
                reader.get(digest)
            assert caught.value.code == "artifact_corrupt"
            assert digest in str(caught.value)
            assert "blobs" in str(caught.value)
        assert make(folder).put([b"abcdef"])[0] == digest
        assert make(folder).get(digest).read_bytes() == b"abcdef"


def what_is_read_in_part_is_not_checked(make, folder):
    digest, _ = make(folder).put([b"abcdef"])
    overwrite(make(folder).get(digest), b"abcdeX")
    assert make(folder).get(digest, whole=False).read_bytes() == b"abcdeX"
    with pytest.raises(StoreError) as caught:
        make(folder).get(digest)
    assert caught.value.code == "artifact_corrupt"
    with pytest.raises(StoreError) as caught:
        make(folder).get(MISSING, whole=False)
    assert caught.value.code == "blob_missing"


def large_blobs(make, folder):
    chunks = [b"a" * 3_000_001, b"", memoryview(bytes(range(256)) * 10_000), b"z"]
    content = b"".join(chunks)
    digest, size = make(folder).put(chunks)
    assert (digest, size) == (blake3.blake3(content).hexdigest(), len(content))
    assert make(folder).get(digest).read_bytes() == content
    assert make(folder).put(iter([content])) == (digest, size)
    assert len(list(make(folder).list())) == 1


def a_blob_that_rots_is_written_anew(make, folder):
    """Also where size and time of the file are as before, for whoever opens the store next, in one piece or as a stream."""
    content = [b"abc", b"def"]
    digest, _ = make(folder).put(content)
    for chunks in (content, iter(content)):
        path = make(folder).get(digest)
        before = path.stat()
        overwrite(path, b"abcdeg")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert make(folder).put(chunks) == (digest, 6)
        assert make(folder).get(digest).read_bytes() == b"abcdef"
        assert make(folder).get(digest).stat().st_mode & 0o777 == 0o444
    assert len(files(folder)) == 1


def putting_again_writes_nothing(make, folder):
    store = make(folder)
    before = store.get(store.put([b"abc"])[0]).stat()
    for chunks in ([b"abc"], iter([b"abc"])):
        after = store.get(make(folder).put(chunks)[0]).stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def a_failing_source_leaves_nothing(make, folder):
    def chunks():
        yield b"abc"
        raise ZeroDivisionError

    make(folder).put([b"other"])
    with pytest.raises(ZeroDivisionError):
        make(folder).put(chunks())
    assert len(files(folder)) == 1


def writers_at_the_same_time_agree(make, folder):
    contents = [b"%d" % (number % 7) * 100_000 for number in range(42)]
    with ThreadPoolExecutor(8) as pool:
        digests = list(pool.map(lambda content: make(folder).put([content])[0], contents))
    assert digests == [blake3.blake3(content).hexdigest() for content in contents]
    assert set(make(folder).list()) == set(digests)
    assert all(
        make(folder).get(digest).read_bytes() == content for digest, content in zip(digests, contents, strict=True)
    )


CASES = [
    put_then_get,
    chunks_of_wide_items_are_counted_in_bytes,
    chunking_does_not_change_the_name,
    empty_blob,
    a_stream_is_read_once,
    exists_and_list,
    a_missing_blob_is_named,
    a_blob_cannot_be_changed,
    damage_is_seen_and_repaired,
    a_blob_that_rots_is_written_anew,
    what_is_read_in_part_is_not_checked,
    large_blobs,
    putting_again_writes_nothing,
    a_failing_source_leaves_nothing,
    writers_at_the_same_time_agree,
]


def overwrite(path, content):
    """Damage a read-only file in place."""
    path.chmod(0o644)
    path.write_bytes(content)
    path.chmod(0o444)


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def run_python(code, *arguments, unprivileged=False, **options):
    """Run code in a process of its own; `unprivileged` without root's right to write everywhere."""
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    if unprivileged and os.geteuid() == 0:
        command = ["setpriv", "--inh-caps=-all", "--bounding-set=-all", *command]
    options = {"cwd": Path(__file__).parents[2], **options}  # where `tests` is found
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def finish(process, status=0):
    output, errors = process.communicate(timeout=60)
    assert process.returncode == status, errors
    return output


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)

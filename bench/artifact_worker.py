"""One side of the artifact benchmark: a Python process that makes tables and moves them in one way after the other.

Reads a request a line, `{"op": "write", "how": "feather"}`, and answers with seconds, or with why it cannot. Each way
is a pair of functions, which import what they need: the process may be in an environment that has no more than that.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import resource
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tables

Way = tuple[Callable[[Path, Any], Any], Callable[[Path], Any] | None]
BLOCK = 1 << 20


def pyflow_write(folder: Path, table: Any) -> Any:
    from pyflow.codec import PythonCodec
    from pyflow.store.local import LocalStore

    digest, size = LocalStore(folder / "store").put(PythonCodec().encode(table, "table").chunks)
    (folder / "digest").write_text(digest)
    return size


def pyflow_read(folder: Path) -> Any:
    from pyflow.codec import PythonCodec
    from pyflow.store.local import LocalStore

    return PythonCodec().decode(LocalStore(folder / "store").get((folder / "digest").read_text()))


def layout_write(folder: Path, _: Any) -> Any:
    """What the runner does for an R step that reads: the layout of the stored table; its digest was checked before."""
    from pyflow.codec import layout
    from pyflow.store.local import LocalStore

    path = LocalStore(folder / "store").get((folder / "digest").read_text(), whole=False)
    (folder / "layout.json").write_text(json.dumps(layout.layout_of(path)))


def layout_read(folder: Path) -> Any:
    """What the runner does with what an R step wrote: the artifact from its buffers, stored."""
    from pyflow.codec import layout
    from pyflow.store.local import LocalStore

    encoded = layout.from_layout(json.loads((folder / "back.json").read_text()) | {"type": "data.frame", "preview": ""})
    return LocalStore(folder / "back").put(encoded.chunks)


def metaflow_store(folder: Path) -> Any:
    from metaflow.datastore.content_addressed_store import ContentAddressedStore
    from metaflow.plugins.datastores.local_storage import LocalStorage

    return ContentAddressedStore("data", LocalStorage(str(folder / "metaflow")))


def metaflow_write(folder: Path, table: Any) -> Any:
    # Its TaskDataStore pickles with protocol 4 and gives the bytes to this store, which compresses them with gzip.
    (saved,) = metaflow_store(folder).save_blobs(iter([pickle.dumps(table, protocol=4)]))
    (folder / "key").write_text(saved.key)


def metaflow_read(folder: Path) -> Any:
    ((_, blob),) = metaflow_store(folder).load_blobs([(folder / "key").read_text()])
    return pickle.loads(blob)


def pickle_write(folder: Path, table: Any) -> Any:
    with (folder / "pickle").open("wb") as file:
        pickle.dump(table, file, protocol=5)


def pickle_read(folder: Path) -> Any:
    with (folder / "pickle").open("rb") as file:
        return pickle.load(file)


def feather_write(folder: Path, table: Any) -> Any:
    table.to_feather(folder / "feather", compression="uncompressed")


def feather_read(folder: Path) -> Any:
    import pandas as pd

    return pd.read_feather(folder / "feather")


def mapped_write(folder: Path, table: Any) -> Any:
    feather_write(folder, table)


def mapped_read(folder: Path) -> Any:
    """The limit of reading: pyarrow on mapped memory and a check of the file's digest."""
    import hashlib

    import pyarrow as pa
    from blake3 import blake3

    with (folder / "feather").open("rb", buffering=0) as file:
        hashlib.file_digest(file, blake3)
    with pa.memory_map(str(folder / "feather")) as source:
        return pa.ipc.open_file(source).read_all().to_pandas(split_blocks=True)


def plain(folder: Path, data: bytes, *, digest: bool, sync: bool) -> None:
    """The limit of writing: a plain file, with its digest or without, on the disk when it returns or not."""
    from blake3 import blake3

    if digest:
        blake3(data).hexdigest()
    view = memoryview(data)
    with (folder / "plain").open("wb", buffering=0) as file:
        for start in range(0, len(view), BLOCK):
            file.write(view[start : start + BLOCK])
        if sync:
            os.fsync(file.fileno())


def plain_way(**options: bool) -> Way:
    return (lambda folder, data: plain(folder, data, **options), None)


def rpy2_write(folder: Path, table: Any) -> Any:
    """pandas to R."""
    from rpy2 import robjects
    from rpy2.robjects import pandas2ri

    with (robjects.default_converter + pandas2ri.converter).context():
        _kept["r"] = robjects.conversion.get_conversion().py2rpy(table)


def rpy2_read(folder: Path) -> Any:
    from rpy2 import robjects
    from rpy2.robjects import pandas2ri

    with (robjects.default_converter + pandas2ri.converter).context():
        return robjects.conversion.get_conversion().rpy2py(_kept["r"])


WAYS: dict[str, Way] = {
    "pyflow": (pyflow_write, pyflow_read),
    "layout": (layout_write, layout_read),
    "metaflow": (metaflow_write, metaflow_read),
    "pickle 5": (pickle_write, pickle_read),
    "feather": (feather_write, feather_read),
    "mapped + digest": (mapped_write, mapped_read),
    "copy in memory": (lambda folder, data: bytearray(data), None),
    "plain write": plain_way(digest=False, sync=False),
    "plain + digest": plain_way(digest=True, sync=False),
    "plain + digest + sync": plain_way(digest=True, sync=True),
    "rpy2 pandas2ri": (rpy2_write, rpy2_read),
}
# What each way leaves, which is taken away before it is measured again: overwriting takes time of its own.
LEFT = {
    ("write", "pyflow"): "store",
    ("read", "layout"): "back",
    ("write", "metaflow"): "metaflow",
    ("write", "pickle 5"): "pickle",
    ("write", "feather"): "feather",
    ("write", "mapped + digest"): "feather",
    **{("write", how): "plain" for how in ("plain write", "plain + digest", "plain + digest + sync")},
}
LIMITS = ("copy in memory", "plain write", "plain + digest", "plain + digest + sync")
_kept: dict[str, Any] = {}


def make(request: dict[str, Any]) -> dict[str, Any]:
    _kept.clear()
    table = tables.make(request["shape"], request["size"], nullable=request.get("nullable", True))
    _kept["table"] = table
    return {"rows": len(table)}


def move(request: dict[str, Any]) -> dict[str, Any]:
    """Carry out one way, `write` or `read`; seconds of wall and CPU."""
    write, read = WAYS[request["how"]]
    folder = Path(request["folder"])
    value = _kept.get("table")
    if request["how"] in LIMITS:
        if "bytes" not in _kept:
            # The bytes of the same artifact.
            (blob,) = (path for path in (folder / "store").rglob("*") if path.is_file())
            _kept["bytes"] = blob.read_bytes()
        value = _kept["bytes"]
    action = (lambda: write(folder, value)) if request["op"] == "write" else (lambda: read(folder))
    if request.get("warm"):
        action()
    _take_away(folder, request)
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    action()
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    return {"wall": wall, "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def _take_away(folder: Path, request: dict[str, Any]) -> None:
    name = LEFT.get((request["op"], request["how"]))
    if name is not None and (folder / name).is_dir():
        shutil.rmtree(folder / name)
    elif name is not None:
        (folder / name).unlink(missing_ok=True)


def main() -> None:
    # What libraries print must not come between the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        request = json.loads(line)
        try:
            with contextlib.redirect_stdout(sys.stderr):
                answer = make(request) if request["op"] == "make" else move(request)
        except Exception as error:  # noqa: BLE001 - the answer says what was not possible
            answer = {"error": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()

from __future__ import annotations

import ast
import gc
import os
import sqlite3
import time
from contextlib import closing

import pytest

from pyflow.metadata import database, open_metadata
from pyflow.spec.errors import StoreError
from pyflow.spec.records import RunCreated, RunFinished
from pyflow.spec.search import Compare, Field, Search
from tests.suites import metadata_suite
from tests.suites.metadata_suite import FLOW, done, names, ref, run_row, started, taken
from tests.suites.store_suite import finish, kill, run_python

test_metadata = metadata_suite.suite(open_metadata)

SETUP = """
    import sys
    from pathlib import Path
    from pyflow.metadata import open_metadata
    from pyflow.metadata.liveness import hold_run_lock
    from pyflow.spec.errors import StoreError
    from pyflow.spec.records import *
    from tests.suites.metadata_suite import FLOW, done, finished, ref, run_row, started
    root = Path(sys.argv[1])
"""


@pytest.fixture
def metadata(tmp_path):
    opened = open_metadata(tmp_path)
    yield opened
    opened.close()


def reader(folder):
    return open_metadata(folder, readonly=True)


def test_reader_sees_what_a_writer_commits(tmp_path):
    early = reader(tmp_path)
    assert early.flows() == []
    assert list(tmp_path.iterdir()) == []
    writer = open_metadata(tmp_path)
    assert early.runs() == []
    writer.record([RunCreated(run_row())])
    assert [row.run for row in early.runs()] == ["1"]
    writer.record([RunFinished(FLOW, "1", "success", 2.0)])
    assert early.runs()[0].status == "success"
    writer.close()
    assert early.flows() == [FLOW]
    early.close()


def test_reader_of_a_store_that_does_not_exist(tmp_path):
    assert reader(tmp_path / "nowhere").runs() == []


def test_reader_cannot_write(tmp_path, metadata):
    with pytest.raises(StoreError, match="readonly"):
        reader(tmp_path).record([RunCreated(run_row())])


@pytest.mark.parametrize("state", ["closed", "open", "killed"])
def test_reader_of_a_read_only_folder(tmp_path, state):
    code = (
        SETUP
        + """
    metadata = open_metadata(root, readonly=True)
    print(metadata.runs()[0].run, [row.name for row in metadata.artifacts(FLOW, "1")])
    try:
        open_metadata(root).record([RunCreated(run_row("2"))])
    except StoreError as error:
        print(error.code, str(root) in error.message)
    """
    )
    writer = open_metadata(tmp_path)
    writer.record([RunCreated(run_row()), *done("1", "start", {"a": ref("a")})])
    if state == "closed":
        writer.close()
        assert not (tmp_path / "metadata.db-wal").exists()
    if state == "killed":
        (tmp_path / "metadata.db-shm").unlink()
    for path in (*tmp_path.glob("metadata*"), tmp_path):
        os.chmod(path, 0o555 if path == tmp_path else 0o444)
    try:
        output = finish(run_python(code, tmp_path, unprivileged=True))
    finally:
        os.chmod(tmp_path, 0o755)
    assert output == "1 ['a']\nstore_write True\n"


def test_newer_and_older_versions_are_refused(tmp_path, metadata):
    connection = sqlite3.connect(tmp_path / "metadata.db")
    for version in (3, 0):
        connection.execute(f"PRAGMA user_version = {version}")
        for readonly in (True, False):
            with pytest.raises(StoreError, match=f"has version {version}") as caught:
                open_metadata(tmp_path, readonly=readonly).flows()
            assert caught.value.code == "store_version"
    connection.close()


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "metadata.db").write_text("something else, long enough to be looked at" * 100)
    for readonly in (True, False):
        with pytest.raises(StoreError, match=r"metadata\.db cannot be .*: file is not a database"):
            open_metadata(tmp_path, readonly=readonly).flows()


def test_folder_is_missing(tmp_path):
    with pytest.raises(StoreError, match="nowhere") as caught:
        open_metadata(tmp_path / "nowhere")
    assert caught.value.code == "store_write"


def test_full_disk_leaves_the_last_transaction(tmp_path):
    code = (
        SETUP
        + """
    import resource
    metadata = open_metadata(root)
    metadata.record([RunCreated(run_row())])
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    try:
        metadata.record([done(str(n), "fit", {"a": ref("a" * 200 + str(n))})[0] for n in range(10_000)])
    except StoreError as error:
        print(error.code, str(root) in error.message)
    print(len(metadata.tasks(FLOW, "1")))
    """
    )
    assert finish(run_python(code, tmp_path)) == "store_write True\n0\n"


def test_runs_written_by_several_processes(tmp_path):
    code = (
        SETUP
        + """
    run = sys.argv[2]
    metadata = open_metadata(root)
    with hold_run_lock(root, FLOW, run):
        metadata.record([RunCreated(run_row(run))])
        for n in range(150):
            metadata.record([started(str(n), "fit", run=run)])
            metadata.record([finished(str(n), "fit", {"a": ref("a"), "n": ref(run + str(n))}, run=run)])
        metadata.record([RunFinished(FLOW, run, "success", 500.0)])
    """
    )
    processes = [run_python(code, tmp_path, run) for run in range(1, 5)]
    metadata = reader(tmp_path)
    while any(process.poll() is None for process in processes):
        for row in metadata.runs(FLOW):
            tasks = metadata.tasks(FLOW, row.run)
            assert row.status in ("running", "success")
            assert all(task.status in ("running", "success") for task in tasks)
        time.sleep(0.05)
    for process in processes:
        finish(process)
    assert [(row.run, row.status) for row in metadata.runs(FLOW)] == [(str(run), "success") for run in (4, 3, 2, 1)]
    for run in "1234":
        assert len(metadata.artifacts(FLOW, run)) == 300
        assert {task.status for task in metadata.tasks(FLOW, run)} == {"success"}
    metadata.close()


def test_processes_make_one_database(tmp_path):
    code = (
        SETUP
        + """
    open_metadata(root).record([RunCreated(run_row(sys.argv[2]))])
    """
    )
    for process in [run_python(code, tmp_path, run) for run in range(8)]:
        finish(process)
    assert len(reader(tmp_path).runs()) == 8
    assert not list(tmp_path.glob(".tmp*"))


def test_killed_engine(tmp_path):
    code = (
        SETUP
        + """
    import time
    with hold_run_lock(root, FLOW, "1"):
        metadata = open_metadata(root)
        metadata.record([RunCreated(run_row()), *done("1", "start", {"a": ref("a")}), started("2", "fit")])
        print("running", flush=True)
        time.sleep(60)
    """
    )
    process = run_python(code, tmp_path)
    assert process.stdout.readline() == "running\n"
    metadata = reader(tmp_path)
    assert metadata.runs()[0].status == "running"
    assert metadata.runs(status="interrupted") == []
    assert [row.status for row in metadata.tasks(FLOW, "1")] == ["success", "running"]
    kill(process)
    assert metadata.runs()[0].status == "interrupted"
    assert [row.run for row in metadata.runs(status="interrupted")] == ["1"]
    assert metadata.runs(status="running") == []
    assert [row.status for row in metadata.tasks(FLOW, "1")] == ["success", "interrupted"]
    assert [row.status for row in metadata.attempts(FLOW, "1")] == ["success", "interrupted"]
    assert names(metadata, "1") == {"a": (ref("a"), False)}
    metadata.close()


def test_a_store_may_be_moved(tmp_path, metadata):
    begin = started("1", "start")
    folder = f"{tmp_path}/runs/{FLOW}/1/start/1/0"
    object.__setattr__(begin.attempt, "folder", folder)
    metadata.record([RunCreated(run_row()), begin])
    assert metadata.attempts(FLOW, "1")[0].folder == folder
    metadata.close()
    (tmp_path / "moved").mkdir()
    (tmp_path / "metadata.db").rename(tmp_path / "moved" / "metadata.db")
    assert reader(tmp_path / "moved").attempts(FLOW, "1")[0].folder == f"{tmp_path}/moved/runs/{FLOW}/1/start/1/0"


def test_inherited_artifacts_cost_no_rows(tmp_path, metadata):
    shared = {f"name{n}": ref(str(n)) for n in range(50)}
    metadata.record([RunCreated(run_row()), *done("1", "start", shared)])
    for n in range(100):
        metadata.record(done(f"fit{n}", "fit", shared | {"y": ref(f"y{n}")}, ["y"], inputs=("1",)))
        metadata.record(done(f"score{n}", "score", shared | {"y": ref(f"y{n}")}, [], inputs=(f"fit{n}",)))
    connection = sqlite3.connect(tmp_path / "metadata.db")
    assert connection.execute("SELECT count(*) FROM artifacts").fetchone() == (150,)
    connection.close()
    assert len(metadata.artifacts(FLOW, "1")) == 50 + 2 * 100 * 51


def test_connection_is_not_carried_across_a_fork(tmp_path, metadata):
    metadata.record([RunCreated(run_row())])
    child = os.fork()
    if child == 0:
        metadata.record([RunCreated(run_row("2"))])
        os._exit(0 if len(metadata.runs()) == 2 else 1)
    assert os.waitpid(child, 0)[1] == 0
    metadata.record([RunFinished(FLOW, "1", "success", 500.0)])
    assert [row.status for row in metadata.runs(run="1")] == ["success"]
    assert len(metadata.runs()) == 2


def test_a_run_does_not_need_the_one_that_it_took_tasks_from(tmp_path, metadata):
    values = {"a": ref("a"), "b": ref("b")}
    metadata.record([RunCreated(run_row()), *done("1", "start", values), *done("2", "fit", values, [], inputs=("1",))])
    metadata.record([RunCreated(run_row("2")), taken("1", "start", "1"), taken("2", "fit", "2", inputs=("1",))])
    connection = sqlite3.connect(tmp_path / "metadata.db")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("DELETE FROM runs WHERE run = '1'")
    connection.commit()
    connection.close()
    assert metadata.tasks(FLOW, "1") == []
    assert {task: names(metadata, task, run="2") for task in "12"} == {
        "1": {"a": (ref("a"), False), "b": (ref("b"), False)},
        "2": {"a": (ref("a"), True), "b": (ref("b"), True)},
    }


VERSION_1 = """
    DROP INDEX artifacts_by_blob; DROP INDEX attempts_by_base;
    ALTER TABLE blobs DROP COLUMN number; ALTER TABLE blobs DROP COLUMN text; PRAGMA user_version = 1;
"""


@pytest.fixture
def version_1(tmp_path):
    """A store as version 1 left it, with a scalar of each type."""
    writer = open_metadata(tmp_path)
    scalars = {"i": ("int", "12"), "big": ("int", str(2**80)), "f": ("float", "0.25"), "nan": ("float", "nan")}
    scalars |= {"t": ("bool", "True"), "n": ("bool", "False"), "s": ("str", "text"), "r": ("integer", "3")}
    own = {name: ref(preview, type=type) for name, (type, preview) in scalars.items()}
    writer.record([RunCreated(run_row()), *done("1", "start", own)])
    writer.close()
    with closing(sqlite3.connect(tmp_path / "metadata.db")) as connection:
        connection.executescript(VERSION_1)
    return tmp_path


UPGRADED = {"i": 12, "big": None, "f": 0.25, "nan": None, "t": True, "n": False, "s": None, "r": None}


@pytest.mark.parametrize("readonly", [True, False])
def test_version_1_is_upgraded(version_1, readonly):
    with closing(open_metadata(version_1, readonly=readonly)) as metadata:
        assert {row.name: row.ref.scalar for row in metadata.artifacts(FLOW, "1")} == UPGRADED
        assert len(metadata.find_artifacts(Search(Compare(Field("value"), ">", 0.1)))) == 3
    with closing(sqlite3.connect(version_1 / "metadata.db")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        made = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY name").fetchall()
    fresh = sqlite3.connect(":memory:")
    fresh.executescript(database.schema())
    assert made == fresh.execute("SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY name").fetchall()


def test_version_1_in_a_read_only_place_is_upgraded_in_memory(version_1):
    code = (
        SETUP
        + """
    metadata = open_metadata(root, readonly=True)
    print({row.name: row.ref.scalar for row in metadata.artifacts(FLOW, "1")})
    """
    )
    before = (version_1 / "metadata.db").read_bytes()
    for path in (*version_1.glob("metadata*"), version_1):
        os.chmod(path, 0o555 if path == version_1 else 0o444)
    try:
        output = finish(run_python(code, version_1, unprivileged=True))
    finally:
        os.chmod(version_1, 0o755)
    assert ast.literal_eval(output) == {**UPGRADED}
    assert (version_1 / "metadata.db").read_bytes() == before


def test_an_upgrade_that_fails_leaves_version_1(version_1, monkeypatch):
    broken = database.upgrade().replace("PRAGMA user_version = 2", "SELECT nothing")
    monkeypatch.setattr(database, "upgrade", lambda: broken)
    with pytest.raises(StoreError, match="nothing"):
        open_metadata(version_1)
    with closing(sqlite3.connect(version_1 / "metadata.db")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert "number" not in {row[1] for row in connection.execute("PRAGMA table_info(blobs)")}


def test_several_upgrade_at_once(version_1):
    code = SETUP + "\n    print(len(open_metadata(root).artifacts(FLOW, '1')))\n"
    processes = [run_python(code, version_1) for _ in range(4)]
    assert [finish(process) for process in processes] == ["8\n"] * 4


def test_a_reader_that_nobody_has_closes_the_database(tmp_path):
    open_metadata(tmp_path).close()
    reader = open_metadata(tmp_path, readonly=True)
    assert reader.flows() == []
    del reader
    gc.collect()
    files = [os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if os.path.lexists(f"/proc/self/fd/{name}")]  # fmt: skip
    assert not [file for file in files if file.startswith(str(tmp_path))]

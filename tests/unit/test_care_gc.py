"""Garbage collection: what goes, and above all what stays."""

import os
import time

import pytest

from pyflow import delete_runs, pin, pins, store_check, store_gc, store_repair, store_stats, unpin
from pyflow.care import gc
from pyflow.metadata import open_metadata
from pyflow.metadata.liveness import hold_run_lock
from pyflow.spec.errors import NotFoundError, UserError
from pyflow.spec.records import RUNNING, SUCCESS, RunCreated, RunRow
from pyflow.store.sweep import blobs, remove
from tests.written import FLOW, WrittenStore, graph

OLD = 10 * 86400


@pytest.fixture
def written(tmp_path):
    """Two runs that are over, each with a value of its own and one that they share."""
    store = WrittenStore(tmp_path)
    for run, value in (("1", "first"), ("2", "second")):
        store.begin(run)
        store.parameters(run, alpha=1)
        store.task(run, "start", "1", own=value * 100, both="shared" * 100)
        store.end(run, SUCCESS)
    store.stack.close()
    yield store
    store.metadata.close()


def age(root, seconds=OLD):
    """Let everything that lies in the store be older."""
    then = time.time() - seconds
    for folder, _, names in os.walk(root, topdown=False):
        for name in [*names, "."]:
            os.utime(os.path.join(folder, name), (then, then))


def digests(written):
    return set(written.blobs.list())


def lost_blob(written, value="nobody's"):
    digest = written.put("x", value * 50).digest
    return digest


def test_what_a_run_refers_to_stays(written):
    lost = lost_blob(written)
    age(written.root)
    before = digests(written)
    shown = store_gc()
    assert (shown["removed"], shown["blobs"]) == (False, 1) and digests(written) == before
    done = store_gc(delete=True)
    assert (done["removed"], done["blobs"], done["size"]) == (True, 1, shown["size"])
    assert digests(written) == before - {lost}
    assert store_gc(delete=True)["blobs"] == 0


def test_what_is_young_stays_and_a_grace_period_has_a_least_length(written):
    lost_blob(written)
    assert store_gc(delete=True)["blobs"] == 0
    age(written.root, 7200)
    assert store_gc(delete=True)["blobs"] == 0
    assert store_gc(delete=True, grace="1h")["blobs"] == 1
    with pytest.raises(UserError, match="too short"):
        store_gc(grace="1s")


def test_a_value_that_is_stored_again_becomes_young(written):
    lost = lost_blob(written)
    age(written.root)
    assert lost_blob(written) == lost
    assert store_gc(delete=True)["blobs"] == 0


def test_a_blob_used_again_while_garbage_is_collected_stays(written):
    lost = lost_blob(written)
    age(written.root)
    listed = [blob for blob in blobs(written.root) if blob.digest == lost]
    lost_blob(written)
    assert list(remove(written.root, listed, time.time() - 86400)) == [] and written.blobs.exists(lost)


def test_what_was_stored_since_the_oldest_run_that_goes_on_stays(written):
    begun = time.time() - OLD - 100
    with hold_run_lock(written.root, FLOW, "3"):
        written.metadata.record([RunCreated(RunRow(FLOW, "3", RUNNING, "ann", begun, None, graph()))])
        lost = lost_blob(written)
        age(written.root)
        assert store_gc(delete=True)["blobs"] == 0
    # Its engine is gone: the run is interrupted, and nobody waits for the value.
    assert store_gc(delete=True)["blobs"] == 1 and not written.blobs.exists(lost)


def test_deleted_runs_leave_shared_values(written):
    own = {row.ref.digest for row in written.metadata.artifacts(FLOW, "1", "start") if row.name == "own"}
    assert delete_runs(f"{FLOW}/1") == [f"{FLOW}/1"]
    assert not (written.root / "runs" / FLOW / "1").exists()
    age(written.root)
    before = digests(written)
    assert store_gc(delete=True)["blobs"] == 1
    assert digests(written) == before - own
    assert [run.run for run in open_metadata(written.root, readonly=True).runs()] == ["2"]
    assert store_check(read_data=True) == []


@pytest.mark.parametrize("paths", [(f"{FLOW}/9",), (f"{FLOW}/1", f"{FLOW}/9")])
def test_all_named_runs_are_deleted_or_none(written, paths):
    with pytest.raises(NotFoundError, match="there is no run"):
        delete_runs(*paths)
    assert len(written.metadata.runs()) == 2


def test_pins_keep_runs_and_values(written):
    pin(f"{FLOW}/1", "the paper")
    pin(f"{FLOW}/2/start/1/own", "the table")
    assert [(item.path, item.note) for item in pins()] == [
        (f"{FLOW}/1", "the paper"),
        (f"{FLOW}/2/start/1/own", "the table"),
    ]
    with pytest.raises(UserError, match="pinned"):
        delete_runs(f"{FLOW}/1")
    kept = pins()[1].digest
    assert store_gc(keep_last=0, delete=True)["runs"] == [f"{FLOW}/2"]
    age(written.root)
    store_gc(delete=True)
    assert written.blobs.exists(kept)
    unpin(f"{FLOW}/2/start/1/own")
    assert store_gc(delete=True)["blobs"] == 1 and not written.blobs.exists(kept)
    for path in (f"{FLOW}/1/start", f"{FLOW}/7", f"{FLOW}/1/start/1/nothing"):
        with pytest.raises(UserError):
            pin(path)
    with pytest.raises(NotFoundError, match="not pinned"):
        unpin(f"{FLOW}/2")


def test_the_last_runs_stay_and_the_old_ones_go(written):
    assert store_gc(keep_last=1)["runs"] == [f"{FLOW}/1"]
    assert store_gc(older_than="1d")["runs"] == [f"{FLOW}/2", f"{FLOW}/1"]
    assert store_gc(older_than="1d", keep_last=1)["runs"] == [f"{FLOW}/1"]
    assert store_gc(keep_last=0, flow="Other")["runs"] == []
    with pytest.raises(UserError):
        store_gc(flow=FLOW)


def test_leftovers_of_killed_writers_and_deleters_go(written):
    (written.root / "blobs" / ".tmp-killed").write_bytes(b"x" * 1000)
    (written.root / "runs" / FLOW / "gone" / "start").mkdir(parents=True)
    (written.root / "code" / ("ab" * 32)).mkdir(parents=True)
    age(written.root)
    done = store_gc(delete=True)
    assert (done["leftovers"], done["folders"]) == (1, 2)
    assert not list((written.root / "blobs").glob(".tmp-*")) and not (written.root / "runs" / FLOW / "gone").exists()


def test_code_that_a_run_is_about_to_use_stays(written, monkeypatch):
    folder = written.root / "code" / ("cd" * 32)
    folder.mkdir(parents=True)
    (folder / "flow.py").write_text("")
    age(written.root)
    is_old = gc._is_old
    # A run takes it between the look at its age and its removal.
    with monkeypatch.context() as patch:
        patch.setattr(gc, "_is_old", lambda path, before: (is_old(path, before), os.utime(path))[0])
        assert store_gc(delete=True)["folders"] == 0 and (folder / "flow.py").exists()
    age(written.root)
    assert store_gc(delete=True)["folders"] == 1 and not list((written.root / "code").iterdir())


def test_damage_is_found_told_and_mended(written):
    row = next(row for row in written.metadata.artifacts(FLOW, "1", "start") if row.name == "own")
    path = written.blobs.path(row.ref.digest)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    missing = next(row for row in written.metadata.artifacts(FLOW, "2", "start") if row.name == "own")
    written.blobs.path(missing.ref.digest).unlink()
    assert [problem.kind for problem in store_check()] == ["missing"]
    problems = {problem.kind: problem for problem in store_check(read_data=True)}
    assert problems["damaged"].used_by == (f"{FLOW}/1/start/1/own",)
    assert problems["missing"].used_by == (f"{FLOW}/2/start/1/own",)
    store_repair()
    assert (written.root / "damaged" / row.ref.digest).exists()
    written.put("own", "first" * 100)
    written.put("own", "second" * 100)
    assert store_check(read_data=True) == []


def test_a_dead_run_is_recorded_as_interrupted(written):
    with hold_run_lock(written.root, FLOW, "4"):
        pass
    written.begin("4")
    written.stack.close()
    assert [problem.kind for problem in store_check()] == ["dead_run"]
    assert [problem.mended for problem in store_repair()] == [True]
    assert store_check() == [] and written.metadata.runs(FLOW, "4")[0].finished_at is not None


def test_stats_tell_what_takes_the_space(written):
    rows = {row.name: row for row in store_stats()}
    assert (rows["own"].values, rows["own"].blobs, rows["own"].shared) == (2, 2, 0)
    assert (rows["both"].values, rows["both"].blobs) == (2, 1)
    assert sum(row.size for row in rows.values()) == sum(blob.size for blob in blobs(written.root))
    assert store_stats("Other") == []


def test_without_a_store_there_is_an_error(tmp_path):
    with pytest.raises(NotFoundError, match="no store"):
        store_gc()

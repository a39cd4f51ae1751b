from __future__ import annotations

import os
import subprocess

import pytest

from pyflow.metadata import liveness
from pyflow.metadata.liveness import hold_run_lock, run_is_alive
from pyflow.spec.errors import StoreError
from tests.suites.store_suite import kill, run_python


def test_alive_while_held(tmp_path):
    assert not run_is_alive(tmp_path, "F", "1")
    with hold_run_lock(tmp_path, "F", "1"):
        assert run_is_alive(tmp_path, "F", "1")
        assert not run_is_alive(tmp_path, "F", "2")
    assert (tmp_path / "runs/F/1/lock").exists()
    assert not run_is_alive(tmp_path, "F", "1")


def test_only_one_holds_it(tmp_path, monkeypatch):
    monkeypatch.setattr(liveness, "PATIENCE", 0.05)
    with hold_run_lock(tmp_path, "F", "1"), pytest.raises(StoreError, match="runs/F/1/lock") as caught:
        with hold_run_lock(tmp_path, "F", "1"):
            pass
    assert caught.value.code == "run_locked"


def test_a_killed_holder_is_dead(tmp_path):
    code = """
        import sys, time
        from pathlib import Path
        from pyflow.metadata.liveness import hold_run_lock
        with hold_run_lock(Path(sys.argv[1]), "F", "1"):
            print("held", flush=True)
            time.sleep(60)
    """
    process = run_python(code, tmp_path)
    assert process.stdout.readline() == "held\n"
    assert run_is_alive(tmp_path, "F", "1")
    kill(process)
    assert not run_is_alive(tmp_path, "F", "1")


def test_a_program_it_started_does_not_hold_it(tmp_path):
    with hold_run_lock(tmp_path, "F", "1"):
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        assert not run_is_alive(tmp_path, "F", "1")
    finally:
        child.kill()
        child.wait()


def test_place_that_cannot_be_written(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(StoreError) as caught, hold_run_lock(tmp_path, "F", "1"):
        pass
    assert caught.value.code == "store_write"
    assert os.fspath(tmp_path) in caught.value.message

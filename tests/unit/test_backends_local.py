"""The local backend passes the suite in both isolations, and outlives the death of its fork server."""

from __future__ import annotations

import pytest

from pyflow.backends.local import LocalBackend
from pyflow.environments.none import NoEnvironment
from pyflow.ports import Ended, Started
from tests.suites.backend_suite import BackendSuite, is_alive, kill_server_of, wait_until


class TestFork(BackendSuite):
    def backend(self):
        return LocalBackend(NoEnvironment(), "fork")

    def test_a_killed_fork_server_takes_its_tasks_and_is_started_again(self, prepared, tmp_path, file):
        prepared.start(self.request(tmp_path, file, "stubborn"))
        pid = next(event.pid for event in prepared.wait(10) if isinstance(event, Started))
        wait_until(lambda: (tmp_path / "waiting").exists())
        kill_server_of(pid)
        ended = self.events(prepared)[-1]
        assert ended.error.code == "host_lost"
        wait_until(lambda: not is_alive(pid))
        prepared.start(self.request(tmp_path, file, "ok", "2"))
        assert [event.result.ok for event in self.events(prepared) if isinstance(event, Ended)] == [True]


class TestSpawn(BackendSuite):
    def backend(self):
        return LocalBackend(NoEnvironment(), "spawn")


def test_r_that_is_not_installed_is_said_with_the_way_out(monkeypatch, tmp_path):
    monkeypatch.setenv("PYFLOW_RSCRIPT", "no-such-rscript")
    with pytest.raises(Exception, match="R is not installed") as caught:
        NoEnvironment().interpreter("r")
    assert caught.value.code == "r_missing"
    assert "apt-get install" in caught.value.hint

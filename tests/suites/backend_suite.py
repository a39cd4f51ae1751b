"""What every Backend must do. Use it: subclass BackendSuite, give `backend()`, and let pytest collect the subclass."""

from __future__ import annotations

import os
import signal
import textwrap
import time
from pathlib import Path

import pytest

from pyflow.ports import Ended, Output, Started
from pyflow.spec.errors import DefinitionError
from pyflow.spec.graph import Function, Graph, Step, Transition
from pyflow.spec.task import TaskRequest

STEPS = """
import os, signal, subprocess, sys, time
from pathlib import Path

def ok(self):
    print("hello"); print("oops", file=sys.stderr)
    self.x = 1

def last_line_without_end(self):
    sys.stdout.write("no line feed")

def exits(self):
    os._exit(3)

def killed(self):
    os.kill(os.getpid(), signal.SIGSEGV)

def waits(self):
    Path("waiting").touch()
    time.sleep(60)

def polite(self):
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit("told to stop"))
    Path("waiting").touch()
    time.sleep(60)

def stubborn(self):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path("waiting").touch()
    time.sleep(60)

def leaves_a_child(self):
    child = subprocess.Popen(["sleep", "61"])
    Path("child").write_text(str(child.pid))

def leaves_a_daemon(self):
    child = subprocess.Popen(["sleep", "62"], start_new_session=True)
    Path("child").write_text(str(child.pid))

def writes_from_c(self):
    os.system("echo from a child process")
"""


def graph_of(file: Path, *functions: str) -> Graph:
    steps = tuple(
        Step(name, "python", Function(str(file), name), Transition("end"), file=str(file)) for name in functions
    )
    return Graph("F", "python", None, steps)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


class BackendSuite:
    def backend(self):
        raise NotImplementedError

    @pytest.fixture
    def file(self, tmp_path):
        path = tmp_path / "steps.py"
        path.write_text(textwrap.dedent(STEPS))
        return path

    @pytest.fixture
    def prepared(self, file):
        backend = self.backend()
        names = [line[4:].partition("(")[0] for line in STEPS.splitlines() if line.startswith("def ")]
        backend.prepare(graph_of(file, *names))
        yield backend
        backend.close()

    def request(self, tmp_path, file, step, task="1"):
        return TaskRequest(
            flow="F",
            run="1",
            step=step,
            task=task,
            attempt=0,
            language="python",
            function={"file": str(file), "name": step},
            flow_file=None,
            join=False,
            transition={"kind": "end", "targets": [], "foreach": None},
            store={"type": "local", "root": str(tmp_path / "store")},
            folder=str(tmp_path / "runs" / step / task / "0"),
        )

    def events(self, backend, count=1, seconds=30.0):
        """All events until `count` attempts have ended."""
        found, deadline = [], time.monotonic() + seconds
        while sum(isinstance(event, Ended) for event in found) < count:
            assert time.monotonic() < deadline, found
            found += backend.wait(0.2)
        return found

    def run_one(self, backend, tmp_path, file, step):
        backend.start(self.request(tmp_path, file, step))
        return self.events(backend)

    def test_an_attempt_starts_prints_and_ends(self, prepared, tmp_path, file):
        events = self.run_one(prepared, tmp_path, file, "ok")
        assert isinstance(events[0], Started)
        assert events[0].pid > 0
        lines = {(event.stream, line) for event in events if isinstance(event, Output) for line in event.lines}
        assert lines == {("stdout", "hello"), ("stderr", "oops")}
        assert isinstance(events[-1], Ended)
        assert events[-1].result.ok
        assert set(events[-1].result.artifacts) == {"x"}

    def test_the_last_line_needs_no_end(self, prepared, tmp_path, file):
        events = self.run_one(prepared, tmp_path, file, "last_line_without_end")
        assert [event.lines for event in events if isinstance(event, Output)] == [("no line feed",)]

    def test_output_of_child_processes_is_captured(self, prepared, tmp_path, file):
        events = self.run_one(prepared, tmp_path, file, "writes_from_c")
        assert [event.lines for event in events if isinstance(event, Output)] == [("from a child process",)]

    @pytest.mark.parametrize(("step", "words"), [("exits", "exit status 3"), ("killed", "SIGSEGV")])
    def test_no_result_is_a_crash_that_says_how(self, prepared, tmp_path, file, step, words):
        ended = self.run_one(prepared, tmp_path, file, step)[-1]
        assert ended.result is None
        assert ended.error.code == "step_crashed"
        assert words in ended.error.message

    def test_a_folder_that_cannot_be_written_is_said(self, prepared, tmp_path, file):
        (tmp_path / "runs").write_text("in the way")
        ended = self.run_one(prepared, tmp_path, file, "ok")[-1]
        assert (ended.result, ended.error.code) == (None, "store_write")
        assert f"cannot be written in {tmp_path}/runs/ok/1/0: Not a directory" in ended.error.message

    def test_attempts_run_at_the_same_time(self, prepared, tmp_path, file):
        for task in ("1", "2", "3"):
            prepared.start(self.request(tmp_path, file, "waits", task))
        started = []
        while len(started) < 3:
            started += [event for event in prepared.wait(5) if isinstance(event, Started)]
        assert len({event.pid for event in started}) == 3
        assert all(os.getpgid(event.pid) == event.pid for event in started)
        for task in ("1", "2", "3"):
            prepared.stop(f"{task}.0", 0)
        assert all(event.result is None for event in self.events(prepared, 3) if isinstance(event, Ended))

    def test_stop_asks_first(self, prepared, tmp_path, file):
        prepared.start(self.request(tmp_path, file, "polite"))
        wait_until(lambda: (tmp_path / "waiting").exists())
        prepared.stop("1.0", 30)
        ended = self.events(prepared, seconds=10)[-1]
        assert ended.result.error.code == "step_exit"

    def test_stop_insists_after_the_grace_time(self, prepared, tmp_path, file):
        prepared.start(self.request(tmp_path, file, "stubborn"))
        wait_until(lambda: (tmp_path / "waiting").exists())
        began = time.monotonic()
        prepared.stop("1.0", 0.5)
        ended = self.events(prepared, seconds=10)[-1]
        assert "SIGKILL" in ended.error.message
        assert time.monotonic() - began >= 0.5

    def test_stopping_what_is_not_there_does_nothing(self, prepared):
        prepared.stop("77.0", 0)

    @pytest.mark.parametrize("step", ["leaves_a_child", "leaves_a_daemon"])
    def test_nothing_that_a_task_started_is_left(self, prepared, tmp_path, file, step):
        assert self.run_one(prepared, tmp_path, file, step)[-1].result.ok
        pid = int((tmp_path / "child").read_text())
        wait_until(lambda: not is_alive(pid))

    def test_close_ends_what_runs_and_may_be_called_twice(self, prepared, tmp_path, file):
        prepared.start(self.request(tmp_path, file, "stubborn"))
        wait_until(lambda: (tmp_path / "waiting").exists())
        pid = next(event.pid for event in prepared.wait(5) if isinstance(event, Started))
        prepared.close()
        prepared.close()
        wait_until(lambda: not is_alive(pid))

    def test_a_missing_function_is_found_before_anything_runs(self, file):
        backend = self.backend()
        with pytest.raises(DefinitionError, match="no function 'nowhere'") as caught:
            backend.prepare(graph_of(file, "nowhere"))
        backend.close()
        assert caught.value.code == "function_missing"

    def test_a_file_that_does_not_load_shows_its_own_error(self, tmp_path):
        path = tmp_path / "broken.py"
        path.write_text("def ok(self): pass\nimport no_such_package\n")
        backend = self.backend()
        with pytest.raises(DefinitionError, match="No module named 'no_such_package'") as caught:
            backend.prepare(graph_of(path, "ok"))
        backend.close()
        assert 'broken.py", line 2' in str(caught.value)


def kill_server_of(pid: int) -> int:
    """Kill the fork server that started `pid`; returns the server's pid."""
    parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(parent, signal.SIGKILL)
    return parent

"""The R host against a real R fork server: what a step may do, and every way in which it may end."""

import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pytest

from pyflow.backends.servers import ForkServer
from pyflow.codec import PythonCodec
from pyflow.hosts import r as r_host
from pyflow.hosts.r import RHost
from pyflow.ports import Interpreter
from pyflow.runner.r_step import run_r_step
from pyflow.runner.session import Session
from pyflow.spec.errors import DefinitionError, HostError
from pyflow.spec.task import ArtifactRef, Input, TaskRequest
from pyflow.store import create_root, open_store

CODE = r"""
runif(1)
plus <- function(self) self$y <- self$x + 1
table <- function(self) { self$df$double <- self$df$n * 2; self$model <- lm(dist ~ speed, cars) }
prints <- function(self) {
  cat("printed\n"); message("told"); warning("careful"); system("echo child; echo child-error >&2")
  system("printf 'a\\000b\\n'")
}
fails <- function(self) {
  self$before <- "kept"
  stop("bad genre")
}
quits <- function(self) q("no", status = 3)
quits_well <- function(self) quit("no")
crashes <- function(self) tools::pskill(Sys.getpid(), 11)
killed <- function(self) tools::pskill(Sys.getpid(), 9)
recurses <- function(self) { f <- function(n) f(n + 1); f(1) }
busy <- function(self) while (TRUE) {}
deaf <- function(self) suspendInterrupts(while (TRUE) {})
sleeps <- function(self) { cat("asleep\n"); Sys.sleep(60) }
namespaces <- function(self) self$y <- sort(loadedNamespaces())
draws <- function(self) self$y <- runif(1)
leaves <- function(self) self$y <- as.integer(system("sleep 60 > /dev/null 2>&1 & echo $!", intern = TRUE))
folder <- function(self) self$y <- tempdir()
lists <- function(self) self$y <- self$nothing
"""


@dataclass
class World:
    """A fork server that has loaded CODE, and a store."""

    server: ForkServer
    socket: str
    file: Path
    folder: Path

    def run(self, name, values=None, **changes):
        """Run function `name`: (error, session, texts of stdout and stderr)."""
        folder = self.folder / f"{name}-{time.monotonic_ns()}"
        folder.mkdir()
        session = self.session(name, values or {}, folder, changes)
        error = run_r_step(session)
        return error, session, *(read(folder / f"{stream}.log") for stream in ("stdout", "stderr"))

    def session(self, name, values, folder, changes):
        store = open_store({"type": "local", "root": str(self.folder / ".pyflow")})
        refs = {}
        for key, value in values.items():
            encoded = PythonCodec().encode(value, key)
            digest, size = store.put(encoded.chunks)
            refs[key] = ArtifactRef(digest, encoded.kind, size)
        request = TaskRequest(
            flow="TestFlow",
            run="17",
            step="work",
            task=folder.name,
            attempt=0,
            language="r",
            function={"file": str(self.file), "name": name},
            flow_file=None,
            join=False,
            transition={"kind": "end", "targets": []},
            store={},
            folder=str(folder),
            inputs=(Input("start", "1", refs),),
            hosts={"r": self.socket, "scratch": str(self.folder)},
        )
        return Session(replace(request, **changes), store, PythonCodec())


def read(path):
    return path.read_text(errors="replace") if path.exists() else ""


def value(session, name):
    return session.codec.decode(session.path(session.own[name]))


def start(folder, rlib, code=CODE, functions=()):
    folder.mkdir(parents=True, exist_ok=True)
    create_root(folder)
    file = folder / "code.R"
    file.write_text(code)
    path = str(folder / "r.sock")
    named = [{"file": str(file), "name": name} for name in functions]
    load = {"op": "load", "files": [str(file)], "functions": named, "flow": "TestFlow", "socket": path}
    interpreter = Interpreter(("Rscript",), {"R_LIBS": str(rlib)})
    server = ForkServer("r", interpreter, load, folder / "server.log")
    try:
        server.wait_ready()
    except Exception:
        server.close()
        raise
    return World(server, path, file, folder)


@pytest.fixture(scope="module")
def world(tmp_path_factory, rlib):
    world = start(tmp_path_factory.mktemp("r"), rlib)
    yield world
    world.server.close()


@pytest.fixture
def own_world(tmp_path, rlib):
    world = start(tmp_path / "own", rlib)
    yield world
    world.server.close()


def gone(pid, seconds=5.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def in_background(world, name):
    """Begin a task in a thread; returns (host pid, thread, results) when the R function is running."""
    results = []
    folder = world.folder / f"background-{name}-{time.monotonic_ns()}"
    folder.mkdir()
    # 0: a group of its own. A task's group is killed at the end, and there is no runner here that leads one.
    host = RHost.fork(world.socket, group=0, logs=(folder / "stdout.log", folder / "stderr.log"))
    run = {
        "op": "run", "step": "work", "file": str(world.file), "function": name, "flow": "TestFlow", "join": False,
        "names": [], "read_only": [], "reserved": [], "inputs": [], "foreach": None, "scratch": str(folder / "scratch"),
        "seed": 1, "environment": {}, "current": {}, "constants": False,
    }  # fmt: skip
    thread = threading.Thread(target=lambda: results.append(host.converse(run, lambda message: {"ok": True})))
    thread.start()
    time.sleep(0.3)
    return host, thread, results


def test_values_go_to_r_and_come_back(world):
    error, session, _, _ = world.run("plus", {"x": 41})
    assert error is None
    assert value(session, "y") == 42


def test_a_table_is_changed_in_r_and_a_model_is_a_native_object(world):
    error, session, _, _ = world.run("table", {"df": pd.DataFrame({"n": [1.5, 2.5], "s": ["a", None]})})
    assert error is None
    assert value(session, "df")["double"].tolist() == [3.0, 5.0]
    assert session.own["model"].kind == "native"
    assert session.own["model"].type == "lm"


def test_output_of_r_its_warnings_and_its_children_is_in_the_logs(world):
    error, _, out, err = world.run("prints")
    assert error is None
    assert out == "printed\nchild\na\x00b\n"
    assert err.splitlines() == ["told", "Warning in prints(self) : careful", "child-error"]


def test_an_error_is_told_with_its_place_and_what_was_set_before_is_kept(world):
    error, session, _, _ = world.run("fails")
    line = CODE.splitlines().index('  stop("bad genre")') + 1
    assert (error.type, error.message, error.code, error.language) == ("simpleError", "bad genre", "step_failed", "r")
    assert (error.file, error.line, error.call) == (str(world.file), line, "fails(self)")
    assert error.traceback.splitlines()[0] == f"Error in fails(self) at code.R:{line}: bad genre"
    assert value(session, "before") == "kept"


@pytest.mark.parametrize(
    ("name", "code", "part"),
    [
        ("quits", "step_exit", "status 3"),
        ("quits_well", "step_exit", "status 0"),
        ("crashes", "step_crashed", "signal 11 (SIGSEGV)"),
        ("killed", "step_crashed", "signal 9 (SIGKILL)"),
        ("recurses", "step_failed", ""),
        ("nothing_of_that_name", "function_missing", "nothing_of_that_name"),
        ("lists", "artifact_missing", "`nothing`"),
    ],
)
def test_every_end_is_told(world, name, code, part):
    error, session, _, _ = world.run(name)
    assert error.code == code
    assert part in error.message
    assert session.own == {}


def test_a_timeout_interrupts_r(world):
    began = time.monotonic()
    for name in ("busy", "sleeps"):
        error, _, _, _ = world.run(name, timeout=0.5)
        assert error.code == "step_timeout"
        assert "0.5 s" in error.message
        assert error.traceback.startswith(f"TimeoutException: {error.message}\nCalls")
    assert time.monotonic() - began < 4
    assert "sleeps(self)" in error.traceback


def test_code_that_does_not_heed_the_interrupt_is_killed(world, monkeypatch):
    monkeypatch.setattr(r_host, "GRACE", 0.3)
    error, _, _, _ = world.run("deaf", timeout=0.3)
    assert error.code == "step_timeout"


def test_a_hundred_tasks_leave_nothing_behind(world):
    for x in range(100):
        error, session, _, _ = world.run("plus", {"x": x})
        assert error is None
        assert value(session, "y") == x + 1
    children = Path(f"/proc/{world.server.process.pid}/task/{world.server.process.pid}/children")
    deadline = time.monotonic() + 5
    while children.read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert children.read_text() == ""
    assert len(os.listdir(f"/proc/{world.server.process.pid}/fd")) < 20


def test_tasks_run_at_the_same_time(world):
    with ThreadPoolExecutor(8) as pool:
        sessions = list(pool.map(lambda x: (x, world.run("plus", {"x": x})), range(24)))
    assert all(value(session, "y") == x + 1 for x, (_, session, _, _) in sessions)


def test_random_numbers_differ_between_tasks(world):
    draws = {value(world.run("draws")[1], "y") for _ in range(5)}
    assert len(draws) == 5


def test_a_task_loads_neither_cli_nor_reticulate(world):
    loaded = value(world.run("namespaces")[1], "y")
    assert "rflow" in list(loaded)
    assert not {"cli", "reticulate", "rlang", "Matrix"} & set(loaded)


def test_what_a_step_leaves_behind_is_ended(own_world):
    _, session, _, _ = own_world.run("leaves")
    assert gone(value(session, "y"))


def test_temporary_folders_go_with_their_tasks(own_world):
    folders = [Path(value(own_world.run("folder")[1], "y")) for _ in range(2)]
    own_world.run("quits")
    own_world.run("crashes")
    assert folders[0] != folders[1]
    assert folders[0].parent.is_dir()  # the server's own
    assert not any(folder.exists() for folder in folders)
    own_world.server.close()
    assert not folders[0].parent.exists()


def test_the_end_of_the_server_ends_its_tasks(own_world):
    host, thread, results = in_background(own_world, "busy")
    os.kill(own_world.server.process.pid, signal.SIGKILL)
    thread.join(timeout=5)
    assert results[0].code == "host_lost"
    assert gone(host.pid)
    host.close()


def test_closing_the_control_socket_ends_the_tasks(own_world):
    host, thread, results = in_background(own_world, "busy")
    own_world.server.close()
    thread.join(timeout=5)
    assert results[0].code in ("host_lost", "step_crashed")
    assert gone(host.pid)
    assert own_world.server.process.returncode == 0
    host.close()


def test_a_task_whose_runner_is_gone_is_ended(own_world):
    host, thread, _ = in_background(own_world, "busy")
    host.lines.sock.shutdown(socket.SHUT_RDWR)
    assert gone(host.pid)
    thread.join(timeout=5)
    host.close()


def test_a_server_that_is_not_there_is_host_lost(tmp_path):
    with pytest.raises(HostError, match="does not answer") as caught:
        RHost.fork(str(tmp_path / "none.sock"), group=0, logs=(tmp_path / "out", tmp_path / "err"))
    assert caught.value.code == "host_lost"


def test_what_is_not_the_protocol_is_protocol_error():
    ours, theirs = socket.socketpair()
    with theirs:
        host = RHost(r_host.LineSocket(ours), os.getpid())
        theirs.sendall(b"Error: something else\n")
        error = host.converse({"op": "run", "step": "work"}, lambda message: {"ok": True})
        assert error.code == "protocol_error"
        host.close()


@pytest.mark.parametrize(
    ("code", "kind", "part"),
    [
        ("x <- 1\nlibrary(no.such.package)\n", "definition", "code.R:2"),
        ("x <- 1\nf <- function( {\n", "definition", "code.R:2"),
        ("f <- function(self) 1\n", "function_missing", "`fit`"),
    ],
)
def test_a_file_that_does_not_load_is_a_definition_error(tmp_path, rlib, code, kind, part):
    with pytest.raises(DefinitionError, match=part) as caught:
        start(tmp_path / "bad", rlib, code, functions=["fit"])
    assert caught.value.code == kind

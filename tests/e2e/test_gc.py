"""Garbage collection beside runs that go on, killed at any point; the same from Python, R and the terminal."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.e2e.forms import FlowText, Step

FLOW = FlowText(
    "GcFlow",
    (
        Step("start", "self.items = list(range(5))", "self$items <- 0:4", next="work", foreach="items"),
        Step("work", "import time\nself.value = ['v%d' % self.input] * 2000\ntime.sleep(0.3)", "self$value <- rep(paste0('v', self$input), 2000)\nSys.sleep(0.3)", next="join"),
        Step("join", "self.all = [i.value[0] for i in inputs]", "self$all <- lapply(inputs, \\(i) i$value[[1]])", next="end", join=True),
        Step("end"),
    ),
)  # fmt: skip
RUNS = 20


def pyflow(project, *args):
    command = [sys.executable, "-m", "pyflow", *args]
    return subprocess.run(command, cwd=project.folder, env=project.environment, capture_output=True, text=True)


def age(folder):
    then = time.time() - 10 * 86400
    for path, _, names in os.walk(folder):
        for name in names:
            os.utime(os.path.join(path, name), (then, then))


def test_twenty_runs_lose_nothing_while_garbage_is_collected_and_killed(project):
    project.write(**FLOW.files("python"))
    project.run()
    assert pyflow(project, "delete", project.latest.pathspec, "--yes").returncode == 0
    # Everything that the runs are going to store is there, old, and nobody refers to it.
    age(project.root / "blobs")
    runs = [subprocess.Popen(project.command("run"), cwd=project.folder, env=project.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(RUNS)]  # fmt: skip
    order = random.Random(5)
    while any(run.poll() is None for run in runs):
        command = [sys.executable, "-m", "pyflow", "gc", "--yes", "--grace", "60s"]
        collector = subprocess.Popen(command, cwd=project.folder, env=project.environment, stdout=subprocess.DEVNULL)
        try:
            collector.wait(order.uniform(0.2, 2.0))
        except subprocess.TimeoutExpired:
            collector.send_signal(signal.SIGKILL)
            collector.wait()
    assert [run.returncode for run in runs] == [0] * RUNS
    assert len(project.flow.runs()) == RUNS
    for run in project.flow.runs():
        assert run.data.all == [f"v{i}" for i in range(5)]
        assert [task.data.value for task in run["work"]] == [[f"v{i}"] * 2000 for i in range(5)]
    checked = pyflow(project, "store", "check", "--read-data")
    assert checked.returncode == 0, checked.stdout


def test_space_is_really_freed(project, form, run_flow):
    run_flow(FLOW)
    used = sum(path.stat().st_size for path in (project.root / "blobs").rglob("*") if path.is_file())
    shown = json.loads(pyflow(project, "gc", "--keep-last", "0", "--json").stdout)
    assert shown["runs"] == [project.latest.pathspec] and shown["removed"] is False
    assert pyflow(project, "gc", "--keep-last", "0", "--yes").returncode == 0
    age(project.root / "blobs")
    done = json.loads(pyflow(project, "gc", "--yes", "--json").stdout)
    assert done["size"] >= used - 100 and done["kept_blobs"] == 0
    assert not [path for path in (project.root / "blobs").rglob("*") if path.is_file() and path.name != ".lock"]
    assert project.run().successful


@pytest.fixture(params=["python", "r"])
def form(request):
    return request.param


def test_the_same_from_r_and_from_the_terminal(project, rlib, form, run_flow):
    run = run_flow(FLOW)
    code = """
    suppressMessages(library(rflow))
    pin("RUN", "the paper")
    refused <- tryCatch(delete_runs("RUN"), rflow_error_run_pinned = \\(e) "pinned")
    stats <- store_stats()
    found <- list(gc = unclass(store_gc(keep_last = 0)), pins = pins()[c("path", "note")], refused = refused,
      stats = stats, check = nrow(store_check(read_data = TRUE)))
    unpin("RUN")
    found$left <- nrow(pins())
    found$printed <- capture.output(print(store_gc(keep_last = 0)))
    cat(jsonlite::toJSON(found, auto_unbox = TRUE, digits = NA))
    """
    told = project.r(code.replace("RUN", run.pathspec))
    assert told["refused"] == "pinned" and told["pins"] == [{"path": run.pathspec, "note": "the paper"}]
    assert (told["check"], told["left"]) == (0, 0)
    assert told["printed"][0] == f"Would remove run {run.pathspec}"
    shown = json.loads(pyflow(project, "gc", "--json").stdout)
    assert {name: told["gc"][name] for name in ("blobs", "size", "kept_blobs")} == {
        name: shown[name] for name in ("blobs", "size", "kept_blobs")
    }
    assert told["stats"] == json.loads(pyflow(project, "store", "stats", "--json").stdout)
    assert "GcFlow/work/value" in pyflow(project, "store", "stats").stdout
    assert pyflow(project, "pin", "add", run.pathspec, "--note", "why").returncode == 0
    assert "why" in pyflow(project, "pin", "list").stdout
    assert pyflow(project, "pin", "remove", run.pathspec).returncode == 0
    assert pyflow(project, "pin", "remove", run.pathspec).returncode == 1
    assert pyflow(project, "store", "repair").stdout == "The store is sound.\n"

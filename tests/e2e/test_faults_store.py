"""A disk that is full and a store that turns read-only: the run ends and says what to do, nothing that was written is
lost, nothing counts as done that was not recorded, and `resume` finishes the run when the disk is well again."""

from __future__ import annotations

import gc
import shutil
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from tests.e2e.disks import MB, failing_disk, memory_disk, read_only, with_mounts
from tests.e2e.forms import FlowText, Step
from tests.e2e.project import Project, kill, wait_for

# Two items are done at once; one waits for `go` before it leaves a large value; one waits for good, with a child.
WORK_PY = """
note(str(self.input))
if self.input == 2:
    wait_for("go")
    self.data = list(range(400_000))
if self.input == 3 and not os.path.exists(OUTSIDE + "/well"):
    subprocess.Popen(["sleep", "300"])
    wait_for("never")
self.word = "word " + str(self.input)
"""
WORK_R = """
note(self$input)
if (self$input == 2) {
  wait_for("go")
  self$data <- as.numeric(1:400000)
}
if (self$input == 3 && !file.exists(file.path(OUTSIDE, "well"))) {
  system("sleep 300", wait = FALSE)
  wait_for("never")
}
self$word <- paste("word", self$input)
"""
TOP_PY = """
import os, subprocess, time
OUTSIDE = {outside!r}

def note(name):
    with open(OUTSIDE + "/ran-" + name, "a") as file:
        print(name, file=file)

def wait_for(name):
    while not os.path.exists(OUTSIDE + "/" + name):
        time.sleep(0.02)
"""
TOP_R = """
OUTSIDE <- "{outside}"
note <- function(name) cat(name, "\\n", sep = "", file = paste0(OUTSIDE, "/ran-", name), append = TRUE)
wait_for <- function(name) while (!file.exists(file.path(OUTSIDE, name))) Sys.sleep(0.02)
"""


def with_outside(text, outside):
    return replace(text, top_py=TOP_PY.format(outside=str(outside)), top_r=TOP_R.format(outside=str(outside)))


FLOW = FlowText(
    "DiskFlow",
    (
        Step(
            "start",
            'note("start")\nprint("begun")\nself.items = [0, 1, 2, 3]',
            'note("start")\ncat("begun\\n")\nself$items <- 0:3',
            next="work",
            foreach="items",
        ),
        Step("work", WORK_PY, WORK_R, next="join"),
        Step(
            "join",
            'note("join")\nself.words = [item.word for item in inputs]',
            'note("join")\nself$words <- unname(unlist(gather_inputs(inputs, "word")))',
            next="end",
            join=True,
        ),
        Step("end"),
    ),
)


class Story:
    """A flow in a folder that lies on a small disk, and what its steps and its command leave outside of it."""

    def __init__(self, folder, form, request):
        self.outside = folder / "outside"
        self.outside.mkdir()
        self.form = form
        self.project = None
        self.library = request.getfixturevalue("rlib") if form != "python" else None

    def begin(self, disk, text=FLOW):
        self.project = Project(disk.folder / "project", self.library)
        self.project.output_file = self.outside / "output.txt"
        self.project.write(**with_outside(text, self.outside).files(self.form))
        return self.project

    @contextmanager
    def at_work(self):
        """The run, when two items are done and two wait."""
        with self.project.started("run", "--max-workers", "4") as process:
            wait_for(
                lambda: (
                    process.poll() is not None or (self._statuses("work").count("success") == 2 and self._all_ran())
                ),
                60,
                lambda: self.project.output,
            )
            assert process.poll() is None, self.project.output
            yield process

    def _statuses(self, step):
        runs = self.project.flow.runs() if self.project.statuses() else []
        return [task.status for task in runs[0][step]] if runs and step in runs[0] else []

    def _all_ran(self):
        return all((self.outside / f"ran-{item}").exists() for item in range(4))

    def go(self):
        (self.outside / "go").touch()

    def ran(self):
        """How often each task has run so far."""
        return {path.name[4:]: len(path.read_text().split()) for path in self.outside.glob("ran-*")}

    def ended(self, process, *reasons):
        """The run has ended by itself, as it should."""
        assert process.wait(timeout=40) == 1, self.project.output
        self.project.no_process_left()
        said = self.project.output
        assert any(reason in said for reason in reasons), said
        assert "mistake in pyflow" not in said and "Done!" not in said
        run = self.project.latest
        assert run.status in ("failed", "interrupted")
        prog = "python flow.py" if self.project.file == "flow.py" else "Rscript flow.R"
        assert f"{prog} resume --origin-run-id {run.id}" in said, said
        self.kept(run)
        return run

    def kept(self, run):
        """Everything that was done is there, and nothing else counts as done."""
        assert run["start"].task.successful and run["start"].task.stdout.strip().endswith("begun")
        assert [task.status for task in run["work"]][:2] == ["success", "success"]
        assert [task.data.word for task in list(run["work"])[:2]] == ["word 0", "word 1"]
        assert not [task for task in list(run["work"])[2:] if task.status in ("success", "running")]
        assert "join" not in run
        assert not list((self.project.root / "blobs").glob(".tmp-*"))
        self.sound()

    def sound(self):
        """SQLite finds nothing wrong with the metadata; seen in a copy, so that nothing is mended by looking."""
        copy = self.outside / "copy"
        copy.mkdir()
        for path in self.project.root.glob("metadata.db*"):
            shutil.copy(path, copy)
        with closing(sqlite3.connect(copy / "metadata.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        shutil.rmtree(copy)

    def resumed(self, origin):
        """`resume` of run `origin` does what was not done, and only that."""
        (self.outside / "well").touch()
        done = self.project.call("resume")
        assert done.code == 0, done.text
        run = self.project.latest
        assert (run.successful, run.origin) == (True, origin)
        assert list(run.data.words) == [f"word {item}" for item in range(4)]
        assert self.ran() == {"start": 1, "0": 1, "1": 1, "2": 2, "3": 2, "join": 1}
        assert len(list(run["work"])[2].data.data) == 400_000
        self.project.no_process_left()
        self.sound()
        assert not list((self.project.root / "blobs").glob(".tmp-*"))


@pytest.fixture
def story(tmp_path, form, request):
    story = Story(tmp_path, form, request)
    yield story
    if story.project is not None:
        story.project.kill_all()


MIXED = ("python_with_r", "r_with_python")
# What the system, SQLite and we say.
FULL = ("No space left on device", "database or disk is full")
READ_ONLY = ("Read-only file system", "readonly database")


@pytest.mark.parametrize("left", [0, 128 * 1024])
@with_mounts
def test_the_disk_is_full(tmp_path, story, left):
    with memory_disk(tmp_path / "disk", 24 * MB) as disk:
        story.begin(disk)
        with story.at_work() as process:
            disk.fill(left)
            story.go()
            run = story.ended(process, *FULL)
        disk.free()
        story.resumed(run.id)


@pytest.mark.parametrize("form", MIXED, indirect=True)
@with_mounts
def test_the_store_turns_read_only(tmp_path, story):
    """What is open stays writable, so the run's end is recorded."""
    with memory_disk(tmp_path / "disk", 24 * MB) as disk:
        project = story.begin(disk)
        with story.at_work() as process:
            with read_only(project.root):
                story.go()
                run = story.ended(process, *READ_ONLY)
                assert (run.status, run.exception.code) == ("failed", "store_write")
            story.resumed(run.id)


@pytest.mark.parametrize("form", MIXED, indirect=True)
@with_mounts
def test_the_file_system_turns_read_only(tmp_path, story):
    """As after an error of the disk: what is open cannot be written either."""
    with failing_disk(tmp_path / "disk", 32 * MB) as disk:
        project = story.begin(disk)
        project.environment["TMPDIR"] = str(story.outside)  # R does not even start without one
        with story.at_work() as process:
            disk.sync()
            disk.fail()
            story.go()
            run = story.ended(process, *READ_ONLY)
            assert run.status == "interrupted"
            # Looking at what is there needs no room.
            assert project.call("logs", f"{run.id}/start").out == "begun\n"
            run = run.id
        gc.collect()  # what we have looked at is open until then
        disk.repair()
        story.resumed(run)


@pytest.mark.parametrize("form", ["python", "r"], indirect=True)
@with_mounts
def test_the_power_is_cut(tmp_path, story):
    """What the disk had not yet written is gone; the store is sound, and the run can be resumed with what is left."""
    with failing_disk(tmp_path / "disk", 32 * MB) as disk:
        project = story.begin(disk)
        project.environment["TMPDIR"] = str(story.outside)
        with story.at_work() as process:
            disk.fail()
            kill(process.pid)
            process.wait()
            project.no_process_left()
        gc.collect()
        disk.repair()
        project.write(**with_outside(FLOW, story.outside).files(story.form))
        story.go()
        (run,) = project.flow.runs()
        assert run.status == "interrupted"
        story.sound()
        (story.outside / "well").touch()
        done = project.call("resume")
        assert done.code == 0, done.text
        assert list(project.latest.data.words) == [f"word {item}" for item in range(4)]


PRINTING = FlowText(
    "PrintingFlow",
    (
        Step("start", "self.kept = 'kept'", "self$kept <- 'kept'", next="speak"),
        Step(
            "speak",
            """
            while not os.path.exists(OUTSIDE + "/well"):
                print("x" * 9_999)
            """,
            """
            line <- strrep("x", 9999)
            for (i in 1:4000) if (!file.exists(file.path(OUTSIDE, "well"))) cat(line, "\n", sep = "")
            """,
            next="end",
        ),
        Step("end"),
    ),
)


@pytest.mark.parametrize("form", ["python", "r"], indirect=True)
@with_mounts
def test_a_step_fills_the_disk_with_what_it_prints(tmp_path, story):
    with memory_disk(tmp_path / "disk", 24 * MB) as disk:
        project = story.begin(disk, PRINTING)
        done = project.call("--quiet", "run")
        assert done.code == 1
        assert any(reason in done.err for reason in FULL), done.err
        assert "mistake in pyflow" not in done.text
        project.no_process_left()
        run = project.latest
        assert f"resume --origin-run-id {run.id}" in done.err
        assert run["start"].task.data.kept == "kept"
        assert not run["speak"].task.successful
        # Every byte that there was room for is in the log.
        log = next((project.root / "runs").glob(f"PrintingFlow/{run.id}/speak/*/0/stdout.log"))
        assert log.stat().st_size > 16 * MB
        story.sound()
        log.unlink()
        (story.outside / "well").touch()
        assert project.call("resume").code == 0
        assert project.latest["speak"].task.successful


# The disk is full for a moment only, and results could be kept again.
HOLE = FlowText(
    "PrintingFlow",
    (
        Step("start", "self.kept = 'kept'", "self$kept <- 'kept'", next="speak"),
        Step(
            "speak",
            """
            try:
                for _ in range(100):
                    print("x" * 9_999)
            finally:
                if os.path.exists("../filler"):
                    os.unlink("../filler")
            """,
            """
            for (i in 1:100) cat(strrep("x", 9999), "\\n", sep = "")
            unlink("../filler")
            """,
            next="end",
        ),
        Step("end"),
    ),
)


@pytest.mark.parametrize("form", ["python", "r"], indirect=True)
@with_mounts
def test_a_log_with_a_hole_is_no_success(tmp_path, story):
    with memory_disk(tmp_path / "disk", 24 * MB) as disk:
        project = story.begin(disk, HOLE)
        project.run()
        disk.fill(left=500_000)
        done = project.call("run")
        assert not disk.filler.exists()
        assert done.code == 1
        run = project.latest
        assert (run.status, run.exception.code) == ("failed", "store_write")
        assert "to its log" in run.exception.message
        assert f"resume --origin-run-id {run.id}" in done.err
        assert project.call("resume").code == 0


@pytest.mark.parametrize("form", ["python", "r"], indirect=True)
@pytest.mark.parametrize("fault", ["full", "read_only"])
@with_mounts
def test_a_run_cannot_begin(tmp_path, story, fault):
    """On a store with runs, and on one that is to be made."""
    with memory_disk(tmp_path / "disk", 24 * MB) as disk:
        project = story.begin(disk, PRINTING)
        (story.outside / "well").touch()
        for before in ([], ["success"]):
            assert project.statuses() == before
            with unwritable(disk, project, fault):
                done = project.call("run")
                assert done.code == 1, done.text
                assert any(reason in done.err for reason in (*FULL, *READ_ONLY)), done.err
                assert "mistake in pyflow" not in done.err
                assert "Make room" in done.err or "you may write to" in done.err, done.err
                assert "resume" not in done.err
                assert project.statuses() == before
                project.no_process_left()
            run = project.run()
            assert run.data.kept == "kept"


@contextmanager
def unwritable(disk, project, fault):
    if fault == "read_only":
        with read_only(project.root if project.root.exists() else project.folder):
            yield
        return
    disk.fill()
    yield
    disk.free()


@pytest.mark.parametrize("form", ["python"], indirect=True)
@with_mounts
def test_what_the_command_prints_goes_to_a_full_disk(tmp_path, story):
    """The run is not affected: its own place has room."""
    with memory_disk(tmp_path / "disk", MB) as disk:
        project = story.project = Project(tmp_path / "project")
        project.write(**with_outside(FLOW, story.outside).files("python"))
        for name in ("go", "well"):
            (story.outside / name).touch()
        project.output_file = disk.folder / "output.txt"
        disk.fill()
        with project.started("run", "--max-workers", "4") as process:
            assert process.wait(timeout=60) == 0
        assert project.latest.successful
        assert project.output == ""

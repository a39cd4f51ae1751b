"""A folder with a flow in it, its command line as a real process, and its results through the client."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pyflow.client import Flow, Run
from pyflow.client.catalog import open_catalog

COMMANDS = {".py": (sys.executable,), ".R": ("Rscript",)}
MARK = "PYFLOW_E2E_MARK"


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    @property
    def json(self):
        return json.loads(self.out)


class Project:
    """Files, processes and results of one folder. Every process that it starts, and their children, carry its mark."""

    def __init__(self, folder: Path, r_library: Path | None = None) -> None:
        self.folder = folder
        self.output_file = folder / "output.txt"
        self.mark = uuid.uuid4().hex
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PYFLOW_")}
        self.environment |= {
            MARK: self.mark,
            "PYFLOW_PYTHON": sys.executable,
            "PYFLOW_USER": "ann",
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "LC_ALL": "C.UTF-8",
        }
        if r_library is not None:
            self.environment["R_LIBS"] = str(r_library)
        (folder / "tmp").mkdir(parents=True)
        if r_library is not None:
            (folder / ".rlib").symlink_to(r_library)  # found before one beside the Python in use

    def write(self, **files: str | bytes) -> None:
        """`write(flow_py="...")` writes flow.py."""
        for name, text in files.items():
            data = text if isinstance(text, bytes) else text.encode()
            (self.folder / ".".join(name.rsplit("_", 1))).write_bytes(data)

    @property
    def file(self) -> str:
        return "flow.py" if (self.folder / "flow.py").exists() else "flow.R"

    def command(self, *args: str, file: str | None = None) -> list[str]:
        file = file or self.file
        return [*COMMANDS[Path(file).suffix], file, *args]

    def call(self, *args: str, file: str | None = None, timeout: float = 120, **environment: str) -> Done:
        """Run a command of the flow to its end."""
        done = subprocess.run(
            self.command(*args, file=file),
            cwd=self.folder,
            env=self.environment | environment,
            capture_output=True,
            timeout=timeout,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def in_python(self, file: str, timeout: float = 120) -> Done:
        """Run a Python file in the folder, as a session would."""
        done = subprocess.run(
            [sys.executable, file], cwd=self.folder, env=self.environment, capture_output=True, timeout=timeout
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def run(self, *args: str, **options) -> Run:
        """Run the flow, which must succeed; gives the run."""
        done = self.call("run", *args, **options)
        assert done.code == 0, done.text
        run = self.latest
        assert run.successful
        return run

    def r(self, code: str, timeout: float = 120):
        """Run lines of R in the project's folder; gives what they print, which must be JSON."""
        self.write(script_R=code)
        done = subprocess.run(
            ["Rscript", "script.R"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @contextmanager
    def started(self, *args: str, file: str | None = None) -> Iterator[subprocess.Popen[str]]:
        """Start a command and leave it running; whatever is left of it at the end is killed."""
        with self.output_file.open("wb") as output:
            process = subprocess.Popen(
                self.command(*args, file=file),
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            self.kill_all()
            process.wait()

    @property
    def output(self) -> str:
        """What the command that was `started` has printed so far."""
        return self.output_file.read_text(errors="replace")

    def wait_for_files(self, process: subprocess.Popen[str], *names: str) -> None:
        """Wait until the running steps have made these files; a process that has ended will make none."""
        paths = [self.folder / name for name in names]
        wait_for(lambda: all(path.exists() for path in paths) or process.poll() is not None, 60, lambda: self.output)
        assert all(path.exists() for path in paths), self.output

    # Processes

    def processes(self) -> dict[int, str]:
        """Command lines of all living processes that descend from this project's, by pid."""
        return {pid: line for pid in _pids() if self._is_ours(pid) and (line := _command_line(pid)) is not None}

    def _is_ours(self, pid: int) -> bool:
        try:
            return f"{MARK}={self.mark}".encode() in Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            return False

    def kill_all(self) -> None:
        for pid in self.processes():
            kill(pid)

    def no_process_left(self, seconds: float = 5.0) -> None:
        wait_for(lambda: not self.processes(), seconds, lambda: f"still there: {self.processes()}")

    # Results

    @property
    def root(self) -> Path:
        return self.folder / ".pyflow"

    def client(self, name: str) -> Flow:
        return Flow(name, open_catalog(self.root))

    @property
    def flow(self) -> Flow:
        """The only flow of the store."""
        (name,) = self._flows()
        return self.client(name)

    @property
    def latest(self) -> Run:
        run = self.flow.latest_run
        assert run is not None
        return run

    def statuses(self) -> list[str]:
        """Of all runs, the newest first; empty if none was begun."""
        return [run.status for run in self.flow.runs()] if self.root.exists() and self._flows() else []

    def _flows(self) -> list[str]:
        return open_catalog(self.root).metadata.flows()

    def nothing_half_written(self) -> None:
        """No temporary file is left, and what is not there was not counted as a success."""
        assert not [str(path) for path in self.root.rglob("*tmp*")]
        assert not list((self.folder / "tmp").iterdir())


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def wait_for(
    condition: Callable[[], object], seconds: float = 30.0, otherwise: Callable[[], str] = lambda: "waited too long"
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.02)


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _command_line(pid: int) -> str | None:
    """None for what has ended, zombies included."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return None
    return None if state in "ZX" else line

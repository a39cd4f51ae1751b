"""Somebody who reads a page from its beginning to its end and does what stands there, in an empty folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import ROOT, Block
from tests.docs.sessions import Session, SessionFailed

SECONDS = 120
# Where the pages say that the reader works: in /home/ann/project.
HOME = "/home/ann"
ID = re.compile(r"\b1[67]\d{14}\b")
# What differs from run to run: times, durations, process ids, digests, and the space that they take.
VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(\.\d+)?([+-]\d\d:\d\d)?"), "TIME"),
    (re.compile(r"\b\d+(\.\d+)? ?(ms|s|min)\b"), "SPAN"),
    (re.compile(r"\(pid \d+\)"), "(pid N)"),
    (re.compile(r"\b([0-9a-f]{64}|[0-9a-f]{12})\b"), "DIGEST"),
    (re.compile(r"\b\d+(\.\d+)? (bytes|B|kB|MB|GB)\b"), "SIZE"),
    (re.compile(r"[ \t]+"), " "),
)


class Wrong(AssertionError):
    """The page does not say what happens."""


class Reader:
    """`folder`: where the reader works, `here` the working directory; sessions and `ids` know what the page has told so far."""

    def __init__(self, folder: Path, library: Path) -> None:
        self.home, self.folder, self.hidden = folder, folder / "project", folder / "sessions"
        self.folder.mkdir(parents=True)
        self.here = self.folder
        bin_folder = _commands(folder / "bin")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYFLOW_")}
        self.environment = kept | {
            "PATH": f"{bin_folder}:{os.environ['PATH']}",
            "PYFLOW_PYTHON": sys.executable,
            "PYFLOW_USER": "ann",
            "CHECKOUT": str(ROOT),
            "PYFLOW_CONFIG_HOME": str(folder / ".config" / "pyflow"),
            "R_LIBS": str(library),
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "120",
            "DB_PASSWORD": "correct horse battery",
        }
        self.sessions: dict[str, Session] = {}
        self.ids: dict[str, str] = {}  # run ids of the page, and what they are here
        self.written: dict[str, Block] = {}
        self.commands = ""

    def read(self, block: Block) -> str:
        """Do what a block says. Gives what a console printed. Raises Wrong."""
        if block.title is not None:
            self._write(block)
            return ""
        if block.language == "console":
            return self._console(block)
        code = self._with_ids(re.sub(r"^#> .*$", "", block.code, flags=re.MULTILINE))
        if block.language in ("bash", "sh"):
            self.commands += code
            self._shell(block, f"set -e\n{code}")
            return ""
        self._session(block, code)
        return ""

    def run_the_rest(self) -> None:
        """Run the flows that no command of the page has named."""
        for title, block in self.written.items():
            if is_flow(block) and Path(title).name not in self.commands:
                program = "python" if title.endswith(".py") else "Rscript"
                self.here = (self.folder / title).parent
                self._shell(block, f"{program} {Path(title).name} run")

    def close(self) -> None:
        for session in self.sessions.values():
            session.close()

    def _write(self, block: Block) -> None:
        assert block.title is not None
        path = self.folder / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.code, "utf-8")
        if path.suffix == ".sh":
            path.chmod(0o755)
        self.written[block.title] = block
        beside = ROOT / "pyflow/tutorials" / block.title
        for data in beside.parent.glob("*.csv"):  # what an episode reads
            shutil.copy(data, path.parent)

    def _console(self, block: Block) -> str:
        printed = ""
        for command, expected in dialogue(block.code):
            self.commands += f"{command}\n"
            if command.startswith("cd ") and "&" not in command:
                self.here = self.here / command[3:]
                printed += f"$ {command}\n"
                continue
            failing = "Error" in expected or "FAILED" in expected
            actual = self._shell(block, self._with_ids(command), may_fail=failing)
            self._match(block, command, expected, actual)
            printed += f"$ {command}\n{actual}"
        return printed

    def _session(self, block: Block, code: str) -> None:
        if block.language not in self.sessions:
            self.sessions[block.language] = Session(block.language, self.here, self.environment, self.hidden)
        try:
            actual = self.sessions[block.language].say(code, SECONDS)
        except SessionFailed as error:
            raise Wrong(f"{block.place}: the code fails:\n{error}") from None
        shown = [line[3:] for line in block.code.splitlines() if line.startswith("#> ")]
        if shown:
            expected = "\n...\n".join(["...", *shown, "..."])
            self._match(block, "the code", expected, self._as_told(actual))

    def _shell(self, block: Block, script: str, *, may_fail: bool = False) -> str:
        try:
            done = subprocess.run(
                ["bash", "-c", script], cwd=self.here, env=self.environment, text=True, timeout=SECONDS,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Wrong(f"{block.place}: {script} takes longer than {SECONDS} s") from None
        if (done.returncode != 0) != may_fail:
            raise Wrong(f"{block.place}: {script}\nends with {done.returncode}:\n{done.stdout}")
        return self._as_told(done.stdout)

    def _as_told(self, printed: str) -> str:
        """What was printed, with the places of the page."""
        return printed.replace(str(self.home), HOME).replace(sys.executable, f"{HOME}/.venv/bin/python")

    def _with_ids(self, text: str) -> str:
        """The text with the run ids that are here; one that no output has shown is the newest run."""
        return ID.sub(lambda found: self.ids.get(found[0]) or self._newest(found[0]), text)

    def _newest(self, name: str) -> str:
        found = sorted(path.name for path in self.folder.rglob(".pyflow/runs/*/*") if ID.fullmatch(path.name))
        if found:
            self.ids[name] = found[-1]
        return self.ids.get(name, name)

    def _match(self, block: Block, command: str, expected: str, actual: str) -> None:
        wanted = [_plain(line) for line in expected.splitlines() if line.strip()]
        given = [_plain(line) for line in actual.splitlines() if line.strip()]
        if not wanted:
            return
        # Tasks that run side by side print in any order.
        if not self._same(wanted, given) and not self._same(sorted(wanted), sorted(given)):
            raise Wrong(f"{block.place}: {command}\nthe page says:\n{expected}\nit is:\n{actual}")

    def _same(self, wanted: list[str], given: list[str]) -> bool:
        if not wanted:
            return not given
        if wanted[0] == "...":
            return any(self._same(wanted[1:], given[start:]) for start in range(len(given) + 1))
        return bool(given) and self._same_line(wanted[0], given[0]) and self._same(wanted[1:], given[1:])

    def _same_line(self, wanted: str, given: str) -> bool:
        names, actual = ID.findall(wanted), ID.findall(given)
        if ID.sub("RUN", wanted) != ID.sub("RUN", given):
            return False
        if any(self.ids.get(name, id) != id for name, id in zip(names, actual, strict=True)):
            return False
        self.ids.update(zip(names, actual, strict=True))
        return True


def dialogue(text: str) -> list[tuple[str, str]]:
    """Commands, and what stands below each."""
    parts = re.split(r"^\$ (.*(?:\\\n.*)*)\n", text, flags=re.MULTILINE)
    return [(command.replace("\\\n", ""), expected) for command, expected in zip(parts[1::2], parts[2::2], strict=True)]


def is_flow(block: Block) -> bool:
    """Whether a file runs a flow when it is called."""
    return "__main__" in block.code if block.language == "python" else block.code.rstrip().endswith("run()")


def _plain(line: str) -> str:
    for pattern, name in VARYING:
        line = pattern.sub(name, line)
    return line.strip()


def _commands(folder: Path) -> Path:
    """`python` and `pyflow` as an activated environment has them."""
    folder.mkdir()
    for name, command in (("python", f'"{sys.executable}"'), ("pyflow", f'"{sys.executable}" -m pyflow')):
        (folder / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (folder / name).chmod(0o755)
    return folder

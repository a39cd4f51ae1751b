"""Damaged artifacts read by Python and by R: python -m tests.properties.fuzz --examples 10000 [--seed 0] [--r].

Every damaged file must end as a value or a typed error, in bounded time and memory, and never end the process.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyflow.codec.layout import layout_of
from pyflow.spec.errors import PyflowError
from tests.properties.damage import damaged, mutated
from tests.properties.r_process import RProcess

VECTORS = Path(__file__).parents[2] / "shared_spec" / "vectors" / "artifact"
SLOW = 10.0
MEMORY = 600 << 20
R_CODES = frozenset(
    "layout_invalid artifact_corrupt artifact_version integer_precision native_unreadable artifact_unsupported package_missing".split()
)


@dataclass(frozen=True)
class Finding:
    """What went wrong with the damaged file of a number."""

    number: int
    way: str
    what: str


class Reader:
    """The process of reader.py; started again when a file has ended it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.properties.reader"]
        environment = {**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system"}
        root = Path(__file__).parents[2]
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=root,
            env=environment,
        )

    def read(self, data: bytes) -> list[str]:
        """What is wrong with how this file was read; nothing if all is well."""
        path = self.folder / "damaged.arrow"
        path.unlink(missing_ok=True)
        path.write_bytes(data)
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], 6 * SLOW)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            self.close()
            how = f"ended with {self.process.returncode}" if ready else f"was not done in {6 * SLOW} s"
            self.process = self._start()
            return [f"the reader {how}"]
        answer = json.loads(line)
        wrong = [f"{name}: {end}" for name, end in answer.items() if isinstance(end, str) and end.startswith("!")]
        if answer["seconds"] > SLOW:
            wrong.append(f"took {answer['seconds']:.1f} s")
        if answer["grown"] > MEMORY:
            wrong.append(f"took {answer['grown'] >> 20} MB")
        self.ends = answer
        return wrong

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def sound_files() -> list[bytes]:
    """The files that the damaged ones are made of: the golden vectors."""
    return [path.read_bytes() for path in sorted(VECTORS.glob("*.arrow")) if not path.name.startswith("bad-")]


def damaged_files(start: int, count: int) -> Iterator[tuple[int, str, bytes]]:
    files = sound_files()
    for number in range(start, start + count):
        way, data = damaged(files[number % len(files)], number)
        yield number, way, data


def in_python(start: int, count: int, folder: Path) -> tuple[list[Finding], Counter[str]]:
    """Read so many damaged files with Python."""
    reader, findings, ends = Reader(folder), [], Counter[str]()
    for number, way, data in damaged_files(start, count):
        wrong = reader.read(data)
        findings += [Finding(number, way, text) for text in wrong]
        ends["wrong" if wrong else reader.ends["decode"]] += 1
    reader.close()
    return findings, ends


def layouts(start: int, count: int, folder: Path) -> Iterator[tuple[int, str, Any]]:
    """Layouts of damaged files that Python takes for sound, and damaged layouts of sound files."""
    files = sound_files()
    path = folder / "damaged.arrow"
    for number, way, data in damaged_files(start, count):
        path.unlink(missing_ok=True)
        path.write_bytes(data)
        try:
            yield number, way, layout_of(path)
        except PyflowError:
            source = random.Random(number)
            path.write_bytes(files[number % len(files)])
            layout = layout_of(path)
            for _ in range(source.choice((1, 1, 2, 4))):
                layout = mutated(layout, source)
            yield number, "layout", layout


def in_r(start: int, count: int, folder: Path) -> tuple[list[Finding], Counter[str]]:
    """Read so many damaged layouts with R."""
    findings: list[Finding] = []
    ends: Counter[str] = Counter()
    r = RProcess(folder, memory=8 << 30)
    for number, way, layout in layouts(start, count, folder):
        try:
            answer = r.ask("read", layout=layout)
        except AssertionError as error:
            findings.append(Finding(number, way, str(error)[:300]))
            if r.process.poll() is not None:
                r = RProcess(folder, memory=8 << 30)
            continue
        code = answer.get("error", {}).get("code", "value")
        ends[str(code)] += 1
        if code not in R_CODES | {"value"}:
            findings.append(Finding(number, way, f"{code}: {answer['error']['message'][:200]}"))
    r.close()
    return findings, ends


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--r", action="store_true", help="R reads them instead of Python")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        read = in_r if options.r else in_python
        findings, ends = read(options.seed, options.examples, Path(folder))
    for finding in findings:
        print(f"{finding.number} ({finding.way}): {finding.what}")
    print(f"{options.examples} files: {dict(ends.most_common())}; {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())

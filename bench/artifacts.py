"""How fast values move: from Python step to Python step, and between Python and R, against other ways and the limits.

All ways take turns in one run. For each the seconds of wall and CPU (medians), and the ratios to the targets. Metaflow,
and the bridges that need an older pandas, are installed into environments of their own under .setup/; so is nanoarrow
for R, where Debian's package can be had.

    python bench/artifacts.py [--sizes 1000 1000000 100000000] [--large] [--shapes numeric mixed] [--rounds 5]
                              [--rows 5000000] [--no-r]

`--large` adds 1 GB of numbers (needs 4 GB of memory and 4 GB of disk). What a foreach over one table needs in memory is
measured by bench/memory.py.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import reference
import tables

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / "bench"
PYTHON = ROOT / ".venv" / "bin" / "python"
LARGE = 1_000_000_000
# Ways of the bridges take so long that they move fewer rows; their time is given for all.
RETICULATE_ROWS, RPY2_ROWS = 200_000, 50_000
OURS = ("pyflow", "pickle 5", "feather", "mapped + digest")
LIMITS = ("copy in memory", "plain write", "plain + digest", "plain + digest + sync")


@dataclass(frozen=True)
class Cost:
    wall: float
    cpu: float

    def times(self, factor: float) -> Cost:
        return Cost(self.wall * factor, self.cpu * factor)


class Refused(Exception):
    """A way that cannot move this table, with the reason."""


class Worker:
    """A process that makes and moves tables, one request at a time."""

    def __init__(self, command: Sequence[object], **environment: str) -> None:
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [str(word) for word in command],
            cwd=tempfile.gettempdir(),
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def ask(self, **request: Any) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise SystemExit(f"a worker ended:\n{self._errors.read().decode()}")
        answer = json.loads(line)
        if "error" in answer:
            raise Refused(answer["error"])
        return answer

    def move(self, op: str, how: str, folder: Path, *, warm: bool = False) -> Cost:
        answer = self.ask(op=op, how=how, folder=str(folder), warm=warm)
        return Cost(answer["wall"], answer["cpu"])

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


class Costs:
    """What was measured, by (what, way); the medians."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], list[Cost]] = {}
        self.refused: dict[tuple[str, str], str] = {}

    def add(self, op: str, how: str, cost: Cost) -> None:
        self._found.setdefault((op, how), []).append(cost)

    def measure(
        self, worker: Worker, op: str, how: str, folder: Path, *, factor: float = 1, warm: bool = False
    ) -> None:
        try:
            self.add(op, how, worker.move(op, how, folder, warm=warm).times(factor))
        except Refused as reason:
            self.refused[op, how] = str(reason)

    def get(self, op: str, how: str) -> Cost | None:
        found = self._found.get((op, how))
        if not found:
            return None
        return Cost(statistics.median(c.wall for c in found), statistics.median(c.cpu for c in found))

    def keys(self) -> list[tuple[str, str]]:
        return list(self._found)


# Python to Python.


def between_python_steps(shape: str, size: int, rounds: int, folder: Path) -> Costs:
    """Write and read one table in each way, `rounds` times in turn."""
    costs = Costs()
    ours = Worker([PYTHON, BENCH / "artifact_worker.py"])
    other = Worker([reference.metaflow_python(), BENCH / "artifact_worker.py"])
    try:
        _warm_up(ours, (*OURS, *LIMITS), shape, folder)
        _warm_up(other, ("metaflow",), shape, folder)
        for worker in (ours,) if size >= LARGE else (ours, other):
            worker.ask(op="make", shape=shape, size=size)
        for _ in range(rounds):
            for how in OURS:
                costs.measure(ours, "write", how, folder)
                costs.measure(ours, "read", how, folder)
            for how in LIMITS:
                costs.measure(ours, "write", how, folder)
            if size < LARGE:
                costs.measure(other, "write", "metaflow", folder)
                costs.measure(other, "read", "metaflow", folder)
        if size >= LARGE:
            # One after the other: both tables at once would need too much memory.
            ours.close()
            other.ask(op="make", shape=shape, size=size)
            costs.measure(other, "write", "metaflow", folder)
            costs.measure(other, "read", "metaflow", folder)
    finally:
        ours.close()
        other.close()
    return costs


def _warm_up(worker: Worker, ways: Sequence[str], shape: str, folder: Path) -> None:
    """What is loaded at the first use is no part of what is measured."""
    nothing = Costs()
    worker.ask(op="make", shape=shape, size=1000)
    for how in ways:
        nothing.measure(worker, "write", how, folder)
        if how not in LIMITS:
            nothing.measure(worker, "read", how, folder)


def report_python(costs: Costs, shape: str, size: int) -> None:
    print(f"\n{shape}, {_bytes(size)}: Python to Python")
    _table(costs, ("write", "read"), (*OURS, "metaflow", *LIMITS))
    # The targets are about large tables of numbers.
    large = size >= 100_000_000 and shape == "numeric"
    handed = _sum(costs, "pyflow")
    for name in ("metaflow", "pickle 5", "feather"):
        target = "at least 30" if name == "metaflow" and large else ""
        _ratio(f"handed over, {name} / pyflow", _sum(costs, name), handed, target)
    limit = costs.get("read", "mapped + digest")
    _ratio("read, pyflow / (mapped + digest)", costs.get("read", "pyflow"), limit, "at most 1.2" if large else "")
    for name in ("plain + digest", "plain + digest + sync"):
        limit = costs.get("write", name)
        _ratio(f"write, pyflow / ({name})", costs.get("write", "pyflow"), limit, "at most 1.5" if large else "")


def _sum(costs: Costs, how: str) -> Cost | None:
    parts = [costs.get(op, how) for op in ("write", "read")]
    if None in parts:
        return None
    return Cost(sum(part.wall for part in parts if part), sum(part.cpu for part in parts if part))


# Python to R and back.


def between_languages(rows: int, rounds: int, folder: Path) -> Costs:
    """The mixed table from Python to R and from R to Python."""
    costs, size = Costs(), rows * tables.ROW["mixed"]
    library = os.pathsep.join(
        [os.environ.get("RFLOW_LIB", str(ROOT / ".rlib")), *filter(None, [str(reference.nanoarrow_library() or "")])]
    )
    bridges = reference.bridges_python()
    python = Worker([PYTHON, BENCH / "artifact_worker.py"])
    r = Worker(["Rscript", BENCH / "artifacts.R"], R_LIBS=library, RETICULATE_PYTHON=str(bridges))
    rpy2 = Worker([bridges, BENCH / "artifact_worker.py"])
    try:
        python.ask(op="make", shape="mixed", size=size)
        python.move("write", "pyflow", folder)
        python.move("write", "layout", folder)
        python.move("write", "copy in memory", folder)
        for name, worker, most in (("reticulate", r, RETICULATE_ROWS), ("rpy2 pandas2ri", rpy2, RPY2_ROWS)):
            count = min(rows, most)
            worker.ask(op="make", shape="mixed", size=count * tables.ROW["mixed"], nullable=False)
            costs.measure(worker, "read" if worker is r else "write", name, folder, factor=rows / count)
            costs.measure(worker, "write" if worker is r else "read", name, folder, factor=rows / count)
        for number in range(rounds):
            warm = number == 0
            costs.measure(python, "write", "copy in memory", folder)
            costs.measure(python, "write", "layout", folder, warm=warm)
            costs.measure(r, "read", "rflow", folder, warm=warm)
            _with_nanoarrow(costs, r, folder, warm)
            costs.measure(r, "write", "rflow", folder, warm=warm)
            costs.measure(python, "read", "layout", folder, warm=warm)
            costs.measure(r, "write", "rds", folder)
            costs.measure(r, "read", "rds", folder)
    finally:
        for worker in (python, r, rpy2):
            worker.close()
    return costs


def _with_nanoarrow(costs: Costs, r: Worker, folder: Path, warm: bool) -> None:
    try:
        r.ask(op="open", folder=str(folder))
    except Refused as reason:
        costs.refused["read", "nanoarrow"] = str(reason)
        return
    costs.measure(r, "read", "nanoarrow", folder, warm=warm)
    costs.measure(r, "write", "nanoarrow", folder, warm=warm)


def report_languages(costs: Costs, rows: int) -> None:
    print(f"\nmixed, {rows:,} rows: Python to R, and back (~ from fewer rows)")
    print(f"{'':<44}{'wall, s':>10}{'CPU, s':>10}")
    lines = {
        "to R: layout, by the runner": costs.get("write", "layout"),
        "to R: rflow makes the vectors": costs.get("read", "rflow"),
        "to R: nanoarrow makes the vectors": costs.get("read", "nanoarrow"),
        "to R: readRDS (uncompressed)": costs.get("read", "rds"),
        "to R: reticulate ~": costs.get("read", "reticulate"),
        "to R: rpy2 pandas2ri ~": costs.get("write", "rpy2 pandas2ri"),
        "back: rflow writes the buffers": costs.get("write", "rflow"),
        "back: artifact made and stored, by the runner": costs.get("read", "layout"),
        "back: nanoarrow makes an Arrow array": costs.get("write", "nanoarrow"),
        "back: saveRDS (uncompressed)": costs.get("write", "rds"),
        "back: reticulate ~": costs.get("write", "reticulate"),
        "back: rpy2 pandas2ri ~": costs.get("read", "rpy2 pandas2ri"),
        "limit: copy of the same bytes": costs.get("write", "copy in memory"),
    }
    for name, cost in lines.items():
        print(f"{name:<44}{_cell(cost)}")
    _refusals(costs)
    _ratios_of_languages(costs)


def _ratios_of_languages(costs: Costs) -> None:
    def both(*keys: tuple[str, str]) -> Cost | None:
        parts = [costs.get(*key) for key in keys]
        if None in parts:
            return None
        return Cost(sum(part.wall for part in parts if part), sum(part.cpu for part in parts if part))

    there = both(("write", "layout"), ("read", "rflow"))
    back = both(("write", "rflow"), ("read", "layout"))
    _ratio(
        "to R, rflow / nanoarrow (both in R alone)",
        costs.get("read", "rflow"),
        costs.get("read", "nanoarrow"),
        "at most 1",
    )
    _ratio(
        "back, rflow / nanoarrow (both in R alone)", costs.get("write", "rflow"), costs.get("write", "nanoarrow"), ""
    )
    _ratio("to R, reticulate / ours", costs.get("read", "reticulate"), there, "at least 20")
    _ratio("back, reticulate / ours", costs.get("write", "reticulate"), back, "at least 20")
    _ratio("to R, rpy2 / ours", costs.get("write", "rpy2 pandas2ri"), there, "at least 100")
    _ratio("back, rpy2 / ours", costs.get("read", "rpy2 pandas2ri"), back, "at least 100")


# Printing.


def _table(costs: Costs, ops: Sequence[str], ways: Sequence[str]) -> None:
    heads = "".join(f"{op + ', wall':>14}{'CPU, s':>10}" for op in ops)
    print(f"{'':<24}{heads}")
    for how in ways:
        cells = "".join(f"{'':>4}{_cell(costs.get(op, how))}" for op in ops)
        print(f"{how:<24}{cells}")
    _refusals(costs)


def _cell(cost: Cost | None) -> str:
    return f"{'-':>10}{'-':>10}" if cost is None else f"{cost.wall:>10.4f}{cost.cpu:>10.4f}"


def _refusals(costs: Costs) -> None:
    for (op, how), reason in costs.refused.items():
        print(f"  {how} cannot {op} it: {reason}")


def _ratio(name: str, first: Cost | None, second: Cost | None, target: str) -> None:
    found = "not measured"
    if first is not None and second is not None and second.wall and second.cpu:
        found = f"{first.wall / second.wall:.2f} wall  {first.cpu / second.cpu:.2f} CPU"
    print(f"  {name:<44}{found:>28}{f'   target: {target}' if target else ''}")


def _bytes(size: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:g} {unit}"
    return f"{size} bytes"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 1_000_000, 100_000_000])
    parser.add_argument("--large", action="store_true", help="1 GB of numbers too")
    parser.add_argument("--shapes", nargs="+", choices=tables.SHAPES, default=list(tables.SHAPES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=5_000_000, help="of the table that goes to R")
    parser.add_argument("--no-r", action="store_true")
    options = parser.parse_args()
    cases = [(shape, size) for size in options.sizes for shape in options.shapes]
    cases += [("numeric", LARGE)] if options.large else []
    # On the disk that stores are on: /tmp may be memory.
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=ROOT / ".setup"))
    try:
        for shape, size in cases:
            rounds = min(options.rounds, 2) if size >= LARGE else options.rounds
            report_python(between_python_steps(shape, size, rounds, folder), shape, size)
            shutil.rmtree(folder)
            folder.mkdir()
        if not options.no_r:
            report_languages(between_languages(options.rows, options.rounds, folder), options.rows)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

"""Many journeys: python -m tests.properties --examples 10000 [--seed 0] [--way python|r|both].

Every value that does not arrive as the contract says is shown in its smallest form; the exit code is then 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.properties.r_process import RProcess
from tests.properties.strategies import KINDS
from tests.properties.trips import Trip, from_python, from_r


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=1000, help="values each way")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--way", choices=("python", "r", "both"), default="both")
    parser.add_argument("--kind", choices=sorted(KINDS), help="only this kind of Python value")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        r = RProcess(Path(folder))
        failed = 0
        if options.way != "r":
            failed += all_from_python(options, r)
        if options.way != "python":
            failed += all_from_r(options, r)
        r.close()
    return 1 if failed else 0


def all_from_python(options: argparse.Namespace, r: RProcess) -> int:
    kinds = [options.kind] if options.kind else sorted(KINDS)
    ends: Counter[str] = Counter()
    failed = 0
    for kind in kinds:
        failed += one_kind(kind, -(-options.examples // len(kinds)), options.seed, r, ends)
    report("Python -> R -> Python", ends, failed)
    return failed


def one_kind(kind: str, examples: int, start: int, r: RProcess, ends: Counter[str]) -> int:
    begin = time.monotonic()

    @seed(start)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=[*HealthCheck],
        report_multiple_bugs=True,
        phases=[Phase.generate, Phase.shrink],
    )
    @given(KINDS[kind])
    def journey(value: object) -> None:
        count(ends, from_python(value, r))

    try:
        journey()
    except (AssertionError, Exception) as error:  # noqa: BLE001
        print(f"-- {kind}\n{shown(error)}")
        return 1
    print(f"{kind:<12} {time.monotonic() - begin:6.1f} s")
    return 0


def shown(error: BaseException, depth: int = 0) -> str:
    notes = "\n".join(getattr(error, "__notes__", []))
    parts = [shown(part, depth + 1) for part in getattr(error, "exceptions", ())]
    return "\n".join([f"{type(error).__name__}: {str(error)[:1500]}", notes[:1500], *parts])


def all_from_r(options: argparse.Namespace, r: RProcess) -> int:
    ends: Counter[str] = Counter()
    failures: dict[str, int] = {}
    for number in range(options.seed, options.seed + options.examples):
        try:
            count(ends, from_r(number, r))
        except (AssertionError, Exception) as error:  # noqa: BLE001
            failures.setdefault(f"{type(error).__name__}: {str(error)[:400]}", number)
    for text, number in failures.items():
        print(f"-- seed {number}: {text}")
    report("R -> Python -> R", ends, len(failures))
    return len(failures)


def count(ends: Counter[str], trip: Trip) -> None:
    ends[trip.how] += 1


def report(way: str, ends: Counter[str], failed: int) -> None:
    parts = ", ".join(f"{number} {how}" for how, number in sorted(ends.items()))
    print(f"{way}: {sum(ends.values())} values ({parts}), {failed} differences")


if __name__ == "__main__":
    sys.exit(main())

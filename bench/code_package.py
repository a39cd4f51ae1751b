"""What a run pays for its code package: packed for the first time, unchanged, and after an edit.

Prints milliseconds (median) for projects of several sizes, of the package alone and of the snapshot with git's state.

    python bench/code_package.py [--rounds 15]
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pyflow.code.git import GitQuestion
from pyflow.code.package import SETTLED_NS, make_package
from pyflow.store import create_root, open_store

SIZES = (3, 100, 2000)
# Milliseconds: a small flow that is unchanged, and one edit in the largest project.
LIMIT, EDIT_LIMIT = 30.0, 300.0


def project(folder: Path, files: int) -> Path:
    for number in range(files - 1):
        path = folder / f"part{number // 50}" / f"module{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"value = {number}\n" * 40)
    (folder / ".gitignore").write_text("*.json\n")
    (folder / "flow.py").write_text("# the flow\n")
    return folder / "flow.py"


def milliseconds(function) -> float:
    began = time.perf_counter()
    function()
    return (time.perf_counter() - began) * 1e3


def settle() -> None:
    time.sleep(SETTLED_NS / 1e9 + 0.02)


def measure(files: int, rounds: int) -> tuple[float, ...]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name) / "project"
        flow = project(folder, files)
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)

        def pack(root: Path) -> None:
            store = open_store({"type": "local", "root": str(root)})
            make_package(flow, named=[], store=store, root=root)

        settle()
        new = [milliseconds(lambda: pack(create_root(Path(name) / str(number)))) for number in range(min(rounds, 5))]  # noqa: B023
        root = create_root(Path(name) / "store")
        pack(root)
        same = [milliseconds(lambda: pack(root)) for _ in range(rounds)]
        edited = []
        for number in range(min(rounds, 5)):
            flow.write_text(f"# edit {number}\n")
            settle()
            edited.append(milliseconds(lambda: pack(root)))
        git = [milliseconds(lambda: GitQuestion(folder).answer()) for _ in range(min(rounds, 5))]
        return tuple(statistics.median(times) for times in (new, same, edited, git))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    print(f"{'files':>6} {'first':>9} {'unchanged':>9} {'edited':>9} {'git (meanwhile)':>16}   milliseconds")
    found = {files: measure(files, rounds) for files in SIZES}
    for files, times in found.items():
        print(f"{files:>6} {times[0]:>9.1f} {times[1]:>9.1f} {times[2]:>9.1f} {times[3]:>16.1f}")
    claims = (
        ("a small flow that is unchanged", found[SIZES[0]][1], LIMIT),
        (f"an edit of one file among {SIZES[-1]:,}", found[SIZES[-1]][2], EDIT_LIMIT),
    )
    for what, took, limit in claims:
        print(f"{what}: {took:.1f} ms, {'under' if took < limit else 'OVER'} {limit:.0f} ms")
    return 0 if all(took < limit for _, took, limit in claims) else 1


if __name__ == "__main__":
    sys.exit(main())

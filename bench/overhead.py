"""What a task costs: the same empty flows on pyflow and on Metaflow, taking turns in one run.

Prints CPU-seconds and wall time of a three-step flow and of a wide foreach, what one more task costs, and the
ratios. Metaflow is installed into a virtual environment of its own under .setup/.

    python bench/overhead.py [--width 100] [--rounds 3]
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from reference import metaflow_python

ROOT = Path(__file__).resolve().parents[1]
FLOWS = ROOT / "bench" / "flows"


@dataclass(frozen=True)
class Cost:
    cpu: float
    wall: float


def measure(command: list[object], environment: dict[str, str]) -> Cost:
    """Run a command in an empty folder; CPU-seconds of it and all that it started."""
    folder = tempfile.mkdtemp(prefix="bench-")
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**os.environ, "USER": "bench", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    shutil.rmtree(folder, ignore_errors=True)
    if done.returncode:
        raise SystemExit(f"{command} failed:\n{done.stdout}\n{done.stderr}")
    return Cost(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall)


def contenders(width: int) -> dict[str, dict[str, tuple[list[object], dict[str, str]]]]:
    wide = {"WIDTH": str(width)}
    python, other = ROOT / ".venv" / "bin" / "python", metaflow_python()
    pyflow_options = ["run", "--max-num-splits", str(width)]
    library = {"R_LIBS": str(ROOT / ".rlib"), "PYFLOW_PYTHON": str(python)}
    pyflow, metaflow = {"FRAMEWORK": "pyflow"}, {"FRAMEWORK": "metaflow"}
    return {
        "pyflow": {
            "hello": ([python, FLOWS / "hello.py", "run"], pyflow),
            "wide": ([python, FLOWS / "wide.py", *pyflow_options], {**pyflow, **wide}),
        },
        "rflow": {
            "hello": (["Rscript", FLOWS / "hello.R", "run"], library),
            "wide": (["Rscript", FLOWS / "wide.R", *pyflow_options], {**library, **wide}),
        },
        "metaflow": {
            "hello": ([other, FLOWS / "hello.py", "--no-pylint", "run"], metaflow),
            "wide": ([other, FLOWS / "wide.py", "--no-pylint", *pyflow_options], {**metaflow, **wide}),
        },
        "Rscript": {"bare": (["Rscript", "-e", "1"], {})},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    runs: dict[tuple[str, str], list[Cost]] = {}
    for _ in range(options.rounds):
        for name, flows in contenders(options.width).items():
            for flow, (command, environment) in flows.items():
                runs.setdefault((name, flow), []).append(measure(command, environment))
    cost = {
        key: Cost(statistics.median(c.cpu for c in costs), statistics.median(c.wall for c in costs))
        for key, costs in runs.items()
    }
    report(cost, options.width)


def report(cost: dict[tuple[str, str], Cost], width: int) -> None:
    print(f"{'':<20}{'CPU-seconds':>12}{'wall':>10}   (medians; wide is a foreach of {width})")
    for (name, flow), value in cost.items():
        print(f"{name + ' ' + flow:<20}{value.cpu:>12.3f}{value.wall:>10.3f}")
    task = {
        name: (cost[name, "wide"].cpu - cost[name, "hello"].cpu) / width for name in ("pyflow", "rflow", "metaflow")
    }
    print(f"\n{'one more task':<20}{'CPU-ms':>12}")
    for name, value in task.items():
        print(f"{name:<20}{1000 * value:>12.2f}")
    print()
    ratios = {
        "Metaflow / pyflow, CPU of a Python task": task["metaflow"] / task["pyflow"],
        "Metaflow / pyflow, CPU of hello": cost["metaflow", "hello"].cpu / cost["pyflow", "hello"].cpu,
        "Metaflow / pyflow, wall of hello": cost["metaflow", "hello"].wall / cost["pyflow", "hello"].wall,
        "Metaflow / pyflow, wall of the foreach": cost["metaflow", "wide"].wall / cost["pyflow", "wide"].wall,
        "R task / bare `Rscript -e 1`, CPU": task["rflow"] / cost["Rscript", "bare"].cpu,
    }
    for name, value in ratios.items():
        print(f"{name:<42}{value:>8.2f}")


if __name__ == "__main__":
    main()

"""A process that reads damaged artifacts: one path a line on standard input, one JSON answer a line on standard output.

The answer says how each way of reading ended: `value`, the code of a typed error, or `!` and an error that nobody
promised. The memory of the process is limited, so that a file that asks for too much ends as an error here.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyflow.codec import PythonCodec
from pyflow.codec.layout import layout_of
from pyflow.spec.errors import PyflowError

# What the process may ask for beyond what it has at the start.
ALLOWED = 2 << 30


def main() -> None:
    warnings.simplefilter("ignore")
    codec = PythonCodec()
    import pandas  # noqa: F401  its memory is no damage's fault

    own = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (own + ALLOWED, own + ALLOWED))

    def some(path: Path) -> Any:
        return codec.columns(path, ["x", "a"])

    for line in sys.stdin:
        path = Path(line.rstrip("\n"))
        answer: dict[str, Any] = {}
        begin, before = time.monotonic(), peak()
        for name, read in (
            ("decode", codec.decode),
            ("describe", codec.describe),
            ("layout", layout_of),
            ("columns", some),
        ):
            answer[name] = ended(read, path)
        answer |= {"seconds": time.monotonic() - begin, "grown": peak() - before}
        print(json.dumps(answer), flush=True)


def ended(read: Callable[[Path], Any], path: Path) -> str:
    try:
        value = read(path)
        # What is read lazily is read now.
        repr(value)
    except PyflowError as error:
        # A file without such a column is not damaged; of an object that its own library cannot open, its class is said.
        sound = error.code in ("column_missing", "not_a_table", "native_unreadable")
        return error.code if sound or str(path) in str(error) else f"! {error.code} without its path: {error}"
    except BaseException as error:  # noqa: BLE001
        return f"! {type(error).__name__}: {str(error)[:200]}"
    return "value"


def peak() -> int:
    """The most memory that was ever used, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()

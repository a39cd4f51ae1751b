"""`python -m pyflow.cli.hook REQUEST`: the process of one exit hook of a Python flow."""

from __future__ import annotations

import inspect
import json
import pkgutil
import sys
from pathlib import Path
from typing import Any

from pyflow.define import copies, load
from pyflow.define.current import current
from pyflow.hosts import python as python_host
from pyflow.spec.task import TaskError


def main(request: dict[str, Any]) -> int:
    """Call the function, with the Run if it takes an argument."""
    error = python_host.call(lambda: _call(request), step=request["function"])
    if error is None or _left_quietly(error):
        return 0
    python_host.show_error(error)
    return 1


def _call(request: dict[str, Any]) -> None:
    copies.use_copies(request["code"])
    load.use_configs(request["configs"])
    current._set(request["current"])
    function = load.find_function(load.load_file(Path(request["file"])), request["function"])
    if inspect.signature(function).parameters:
        # The client opens artifacts, and so takes a while to load: most hooks do not ask for the run.
        function(pkgutil.resolve_name("pyflow.client:Run")(request["current"]["pathspec"]))
    else:
        function()


def _left_quietly(error: TaskError) -> bool:
    """A hook may end by sys.exit() or sys.exit(0)."""
    return error.code == "step_exit" and ("sys.exit()" in error.message or "sys.exit(0)" in error.message)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))

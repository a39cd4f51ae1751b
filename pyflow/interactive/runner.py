"""`Runner`: runs the flow of a file from a program or a notebook, as its command line would."""

from __future__ import annotations

import datetime
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from pyflow.environments import ENVIRONMENTS
from pyflow.interactive.child import Child, pausing, sleeping
from pyflow.interactive.executing import Executing, ExecutingRun, ExecutingTask
from pyflow.spec.errors import DefinitionError, UsageError

LANGUAGES = {".py": "python", ".R": "r", ".r": "r"}
# Options that the flow's definition depends on: they must stand on the command line itself.
_CONFIGS = ("config", "config_value")
_ORIGIN = ("origin_run_id", "namespace")
Kind = TypeVar("Kind", bound=Executing)


class Runner:
    """Runs the flow in `flow_file`, in Python or R, as a process of its own.

    `run`, `resume` and `spin` take the parameters of the flow and the options of the command by keyword and come back
    when it has ended; `async_run`, `async_resume` and `async_spin` come back as soon as it has begun. A keyword or
    value that does not fit raises UsageError, and nothing is run. A run that fails raises nothing: see `status`.

    `show_output`: show in the session what `run`, `resume` and `spin` print. `profile`, `env` and `cwd` are the
    settings' profile, more environment variables and the working directory of the command. `top_level` are options
    that stand before the command: `config={"name": "file.json"}`, `config_value={"name": {...}}`,
    `decospecs=["retry"]`, `quiet=True`. `file_read_timeout` is how many seconds the flow may take to begin.

    Example::

        with Runner("flow.py") as runner:
            executing = runner.run(alpha=0.5, tags=["nightly"], max_workers=4)
            executing.status, executing.run.data.result
    """

    def __init__(
        self,
        flow_file: str | os.PathLike[str],
        show_output: bool = True,
        profile: str | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        file_read_timeout: float = 3600,
        **top_level: Any,
    ) -> None:
        self._file = _flow_file(Path(flow_file))
        self._show = show_output
        self._cwd = Path(cwd or Path.cwd()).resolve()
        self._patience = file_read_timeout
        self._configs = [word for name in _CONFIGS for word in _config_words(name, top_level.pop(name, None))]
        self._top = {name: plain(name, value) for name, value in top_level.items()}
        interpreter = ENVIRONMENTS["none"]().interpreter(LANGUAGES[self._file.suffix])
        self._program = interpreter.command
        profiles = {"PYFLOW_PROFILE": profile} if profile else {}
        own = {"PYFLOW_PYTHON": os.environ.get("PYFLOW_PYTHON", sys.executable), **profiles}
        self._env = {**os.environ, **interpreter.environment, **own, **(env or {})}
        self._children: list[Child] = []

    def run(self, **keywords: Any) -> ExecutingRun:
        """Run the flow to its end."""
        return self._to_the_end(ExecutingRun, self._start("run", keywords))

    def resume(self, **keywords: Any) -> ExecutingRun:
        """Resume a run to its end: `resume(step="fit", origin_run_id="...")`, both optional."""
        return self._to_the_end(ExecutingRun, self._start("resume", keywords))

    def spin(self, pathspec: str, **keywords: Any) -> ExecutingTask:
        """Run one task of an earlier run again: `spin("fit")` or `spin("RUN/fit/TASK")`."""
        return self._to_the_end(ExecutingTask, self._start("spin", {"task": pathspec, **keywords}))

    async def async_run(self, **keywords: Any) -> ExecutingRun:
        """Begin a run; nothing of its output is shown."""
        return await self._begun(ExecutingRun, self._start("run", keywords))

    async def async_resume(self, **keywords: Any) -> ExecutingRun:
        """Begin to resume a run, as `resume` does."""
        return await self._begun(ExecutingRun, self._start("resume", keywords))

    async def async_spin(self, pathspec: str, **keywords: Any) -> ExecutingTask:
        """Begin to run one task again, as `spin` does."""
        return await self._begun(ExecutingTask, self._start("spin", {"task": pathspec, **keywords}))

    def cleanup(self) -> None:
        """End what still runs."""
        while self._children:
            sleeping(self._children.pop().ending())

    def _start(self, command: str, keywords: Mapping[str, Any]) -> Child:
        given = {name: plain(name, value) for name, value in keywords.items()}
        early = [
            f"--{name.replace('_', '-')}={value}"
            for name in (_ORIGIN if command == "resume" else ())
            if (value := given.pop(name, None)) is not None
        ]
        child = Child(
            [*self._program, str(self._file), *self._configs, command, *early],
            cwd=self._cwd,
            env=self._env,
            given={"command": command, "top": self._top, "keywords": given},
        )
        self._children = [*(child for child in self._children if child.code is None), child]
        return child

    def _to_the_end(self, kind: type[Kind], child: Child) -> Kind:
        try:
            sleeping(self._whole(child))
        except KeyboardInterrupt:
            sleeping(child.ending(signal.SIGINT))
            raise
        return kind(child)

    def _whole(self, child: Child) -> Iterator[None]:
        yield from child.beginning(self._patience)
        yield from child.showing() if self._show else child.running()

    async def _begun(self, kind: type[Kind], child: Child) -> Kind:
        await pausing(child.beginning(self._patience))
        return kind(child)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cleanup()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._children:
            await pausing(child.ending())
        self.cleanup()


def _flow_file(path: Path) -> Path:
    if path.suffix not in LANGUAGES:
        raise DefinitionError(f"{path} is no flow's file", code="file_missing", hint="It ends in .py or .R.")
    if not path.is_file():
        raise DefinitionError(
            f"there is no file {path}", code="file_missing", hint=f"It was looked for from {Path.cwd()}."
        )
    return path.resolve()


def _config_words(name: str, value: Any) -> list[str]:
    """A config option as words: from `{"name": ...}` or `[("name", ...)]`."""
    if value is None:
        return []
    pairs = list(value.items()) if isinstance(value, Mapping) else list(value)
    if not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs):
        raise UsageError(f"{name} takes a dict, or a list of pairs, not {value!r:.100}")
    option, as_json = f"--{name.replace('_', '-')}", name == "config_value"
    return [
        word
        for key, item in pairs
        for word in (
            option,
            str(key),
            json.dumps(plain(name, item)) if as_json and not isinstance(item, str) else str(item),
        )
    ]


def plain(name: str, value: Any) -> Any:
    """A keyword's value as JSON has it; raises UsageError for what cannot be a parameter or an option."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(name, item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(name, item) for item in value]
    if isinstance(value, os.PathLike | datetime.date | datetime.time):
        return str(value)
    if callable(getattr(value, "tolist", None)):  # numpy's scalars and arrays, a column of a table
        return plain(name, value.tolist())
    raise UsageError(
        f"{name} cannot be given an object of class {type(value).__name__}",
        hint="A parameter is a text, number, True or False, or a list or dict of them. Give other values in a file.",
    )

"""`NBRunner`: runs a flow whose class was defined in a notebook."""

from __future__ import annotations

import os
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyflow.client import Run
from pyflow.define.flow import FlowSpec
from pyflow.interactive.cells import flow_source
from pyflow.interactive.child import Child
from pyflow.interactive.runner import Runner
from pyflow.spec.errors import DefinitionError

_MARK = "Written by NBRunner, which removes it."


class NBRunner(Runner):
    """Runs the flow of a class that was defined in this notebook or session, as Runner runs that of a file.

    The class, and what it uses of the session (imports, functions, classes, values as they are now), are written to a
    file `<FlowClass>_notebook.py` in `base_dir` (the working directory), which is also where the flow runs; `cleanup`
    removes it, and the run keeps it as its code. The other arguments are those of Runner.

    Example::

        run = NBRunner(MyFlow).nbrun(alpha=0.5)
        run.data.result
    """

    def __init__(
        self,
        flow_class: type[FlowSpec],
        show_output: bool = True,
        profile: str | None = None,
        env: Mapping[str, str] | None = None,
        base_dir: str | os.PathLike[str] | None = None,
        file_read_timeout: float = 3600,
        **top_level: Any,
    ) -> None:
        if not (isinstance(flow_class, type) and issubclass(flow_class, FlowSpec)):
            raise DefinitionError(
                f"NBRunner takes the class of a flow, not {flow_class!r:.100}",
                hint="For a file use Runner: Runner('flow.py').",
            )
        folder = Path(base_dir or Path.cwd()).resolve()
        self._source = flow_source(flow_class, f"The flow {flow_class.__name__} of a notebook. {_MARK}")
        self._written = folder / f"{flow_class.__name__}_notebook.py"
        self._write()
        super().__init__(self._written, show_output, profile, env, folder, file_read_timeout, **top_level)
        weakref.finalize(self, self._written.unlink, missing_ok=True)

    def nbrun(self, **keywords: Any) -> Run:
        """Run the flow to its end and clean up; gives the run, which may have failed."""
        return self._cleaned(self.run, keywords)

    def nbresume(self, **keywords: Any) -> Run:
        """Resume a run to its end and clean up; gives the new run."""
        return self._cleaned(self.resume, keywords)

    def cleanup(self) -> None:
        """End what still runs, and remove the file."""
        super().cleanup()
        self._written.unlink(missing_ok=True)

    def _cleaned(self, start: Any, keywords: Mapping[str, Any]) -> Run:
        try:
            return start(**keywords).run
        finally:
            self.cleanup()

    def _write(self) -> None:
        """An earlier NBRunner of the class may have removed the file since."""
        if self._written.exists() and _MARK not in self._written.read_text("utf-8", errors="replace"):
            raise DefinitionError(
                f"{self._written} is a file of your own, and NBRunner would write it",
                code="file_exists",
                hint="Rename it, or give another base_dir.",
            )
        self._written.write_text(self._source, "utf-8")

    def _start(self, command: str, keywords: Mapping[str, Any]) -> Child:
        self._write()
        return super()._start(command, keywords)

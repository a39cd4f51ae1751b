"""One long-lived R process that reads artifacts, says what it sees in them, and writes them again (worker.R)."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from pathlib import Path
from typing import Any

from pyflow.codec.layout import layout_of

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

Answer = dict[str, Any]


class RProcess:
    """Requests to it are answered in order. `folder` holds one artifact and one scratch file at a time."""

    def __init__(self, folder: Path, library: Path | None = None, memory: int | None = None) -> None:
        """`memory` limits its address space, in bytes."""
        self.folder = folder
        library = library or Path(os.environ.get("RFLOW_LIB", ROOT / ".rlib"))
        environment = {**os.environ, "R_LIBS": str(library), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        self.process = subprocess.Popen(
            ["Rscript", "--no-init-file", str(HERE / "worker.R"), str(library), str(HERE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=environment,
            preexec_fn=None if memory is None else lambda: resource.setrlimit(resource.RLIMIT_AS, (memory, memory)),
        )

    def close(self) -> None:
        if self.process.stdin is not None and self.process.stdout is not None:
            self.process.stdin.close()
            self.process.stdout.close()
        self.process.wait(30)

    def ask(self, op: str, **rest: Any) -> Answer:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({"op": op, **rest}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"R ended with {self.process.wait(30)} at {op} {rest}")
        answer = json.loads(line)
        assert "fault" not in answer, answer["fault"]
        return answer

    def pass_on(self, data: bytes) -> Answer:
        """R reads the artifact, describes it and writes it again."""
        return self.ask("pass", layout=self._layout(data), scratch=str(self.folder / "scratch"))

    def make(self, source: int | str) -> Answer:
        """R makes the value of this seed or expression, describes and writes it."""
        key = "seed" if isinstance(source, int) else "code"
        return self.ask("make", **{key: source}, scratch=str(self.folder / "scratch"))

    def compare(self, data: bytes) -> Answer:
        """R reads the artifact, describes it and compares it with the value that it made last."""
        return self.ask("compare", layout=self._layout(data))

    def _layout(self, data: bytes) -> Any:
        # A new file each time: R may still have the last one mapped.
        path = self.folder / "artifact.arrow"
        path.unlink(missing_ok=True)
        path.write_bytes(data)
        return layout_of(path)

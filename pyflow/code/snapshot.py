"""The code of one run: its package, what git says, and how the run's folder names it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyflow.code.follow import loaded_modules
from pyflow.code.git import GitQuestion
from pyflow.code.package import FOLDER, Package, make_package
from pyflow.ports import Store
from pyflow.spec.graph import Graph


@dataclass(frozen=True)
class Snapshot:
    """The code that a run is to use."""

    flow_file: str
    package: Package
    git: GitQuestion

    @property
    def copy(self) -> dict[str, str]:
        """Where tasks load the code from: the copy, and the folder that it stands for."""
        return self.package.to_json()

    def record(self) -> dict[str, Any]:
        """What is recorded of the code with the run (shared_spec/store.md, section 4)."""
        return {"digest": self.package.digest, "flow_file": self.flow_file, **self.git.answer()}

    def link(self, root: Path, flow: str, run: str) -> None:
        """Make `code` in the run's folder, for people who look there; the run does not need it."""
        link = root / "runs" / flow / run / FOLDER
        try:
            link.symlink_to(os.path.relpath(self.package.copy, link.parent))
        except OSError:
            pass

    def notes(self) -> Iterator[str]:
        """What people should know of what is not in the package."""
        left_out = self.package.left_out
        if left_out.too_large:
            named = ", ".join(f"{name} ({size / 1e6:.1f} MB)" for name, size in left_out.too_large[:3])
            more = f" and {len(left_out.too_large) - 3} more" if len(left_out.too_large) > 3 else ""
            yield f"Too large for the run's code package: {named}{more}. Name such files in .gitignore."
        if left_out.incomplete:
            yield (
                f"The folder {self.package.folder} has more files than a code package holds; the nearest "
                f"{len(self.package.files)} are kept. Give the flow a folder of its own, or a .gitignore."
            )


def snapshot(graph: Graph, *, root: Path, store: Store, suffixes: Iterable[str] = ()) -> Snapshot | None:
    """Keep the code of a flow in the store `root`; None for a flow that has no file.

    Raises StoreError when the store cannot be written or the code not be read.
    """
    if graph.file is None or not Path(graph.file).is_file():
        return None
    flow_file = Path(graph.file)
    git = GitQuestion(flow_file.parent)
    named = [file for file in _files(graph) if Path(file).is_file()]
    package = make_package(flow_file, named=named, suffixes=suffixes, store=store, root=root)
    return Snapshot(graph.file, package, git)


def _files(graph: Graph) -> Iterator[str]:
    """Every file that the graph names, and for a flow in Python those that it has imported."""
    for step in graph.steps:
        yield from filter(None, (step.file, step.function.file))
        yield from filter(None, (decorator.file for decorator in step.decorators))
    if graph.language == "python":
        yield from loaded_modules()

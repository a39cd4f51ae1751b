"""Notebooks that run in a real kernel, which belongs to the project."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from tests.e2e.project import Project

KERNELS = {
    "python": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
    "R": ["R", "--no-save", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"],
}


class Notebook:
    """What its cells put out, each as `nbformat` has it."""

    def __init__(self, language: str, project: Project, cells: list[str], monkeypatch) -> None:
        folder = project.folder / "jupyter"
        _write_kernel(folder, language, project.environment)
        monkeypatch.setenv("JUPYTER_PATH", str(folder))
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
        monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
        (folder / "ipython").mkdir()
        (folder / "runtime").mkdir()
        self.notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in cells])
        client = NotebookClient(
            self.notebook, timeout=120, kernel_name="tested", resources={"metadata": {"path": str(project.folder)}}
        )
        client.execute()

    def outputs(self, cell: int) -> list[Any]:
        return self.notebook.cells[cell].outputs

    def text(self, cell: int) -> str:
        """What a cell has printed and shown as text."""
        return "".join(item.get("text") or item.get("data", {}).get("text/plain", "") for item in self.outputs(cell))


def _write_kernel(folder: Path, language: str, environment: dict[str, str]) -> None:
    kernel = folder / "kernels" / "tested" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    spec = {"argv": KERNELS[language], "display_name": language, "language": language, "env": environment}
    kernel.write_text(json.dumps(spec))

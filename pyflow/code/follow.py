"""Files that code uses and that stand outside of the flow's folder: imported modules and sourced scripts."""

from __future__ import annotations

import ast
import re
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

_SOURCE = re.compile(r"""\b(?:sys\.)?source\(\s*(?:file\s*=\s*)?(["'])(.+?)\1""")
_INSTALLED = tuple({*(sysconfig.get_paths().values()), *site.getsitepackages(), site.getusersitepackages()})
_OURS = str(Path(__file__).resolve().parents[1])


def loaded_modules() -> list[str]:
    """Files of the modules that this process has imported and that nobody installed."""
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    return sorted({str(Path(file).resolve()) for file in files if isinstance(file, str) and _is_own(file)})


def _is_own(file: str) -> bool:
    return file.endswith(".py") and not file.startswith((*_INSTALLED, _OURS)) and Path(file).is_file()


def followed(files: Iterable[str], folder: Path, cwd: Path) -> list[str]:
    """`files`, and after them what they import from beside them or source by a literal path outside of `folder`."""
    queue = list(files)
    known = dict.fromkeys(queue)
    while queue:
        path = queue.pop()
        for found in _uses(path, folder, cwd):
            if str(found) not in known:
                known[str(found)] = None
                queue.append(str(found))
    return list(known)


def _uses(path: str, folder: Path, cwd: Path) -> Iterator[Path]:
    if path.endswith(".py") and not path.startswith(f"{folder}/"):
        yield from _imported(Path(path))
    elif path.endswith((".R", ".r", ".Rmd", ".qmd")):
        for _, name in _SOURCE.findall(_text(Path(path))):
            candidates = (base / Path(name).expanduser() for base in (cwd, Path(path).parent))
            found = next((candidate.resolve() for candidate in candidates if candidate.is_file()), None)
            if found is not None and not found.is_relative_to(folder):
                yield found


def _imported(path: Path) -> Iterator[Path]:
    try:
        tree = ast.parse(_text(path))
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module or ''}.{alias.name}".strip(".") for alias in node.names)]
        else:
            continue
        for name in filter(None, names):
            base = path.parent.joinpath(*name.split("."))
            yield from (file for file in (base.with_suffix(".py"), base / "__init__.py") if file.is_file())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""

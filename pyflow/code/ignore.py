"""What .gitignore files say, in the way of git: the nearest file that says something about a path decides."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = ".gitignore"


@dataclass(frozen=True)
class Rules:
    """The rules of one folder, and those above it. Paths are absolute texts with `/` behind a folder's."""

    base: str
    patterns: Any
    above: Rules | None

    def ignores(self, path: str) -> bool:
        said = self.patterns.check_file(path.removeprefix(self.base)).include
        if said is None:
            return self.above is not None and self.above.ignores(path)
        return bool(said)


def rules_of(folder: Path, above: Rules | None) -> Rules | None:
    """The rules that hold in `folder`, given those of the folder above it."""
    try:
        text = (folder / FILE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return above
    # Imported here: it takes longer than packing, and most starts find an unchanged folder and read no rules.
    patterns = importlib.import_module("pathspec").GitIgnoreSpec.from_lines(text.splitlines())
    return Rules(f"{folder}/", patterns, above)


def rules_above(folder: Path) -> Rules | None:
    """The rules that hold for `folder` itself: of the folders from the top of its repository down."""
    repository = repository_of(folder)
    if repository is None or repository == folder:
        return None
    between = [parent for parent in reversed(folder.parents) if parent == repository or repository in parent.parents]
    rules = None
    for parent in between:
        rules = rules_of(parent, rules)
    return rules


def repository_of(folder: Path) -> Path | None:
    """The top of the git repository that `folder` is in."""
    return next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), None)

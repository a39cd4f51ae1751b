"""What git says of a folder: commit, branch, and whether its files are those of the commit."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from pyflow.code.ignore import repository_of

TIMEOUT = 5.0
_NOT_CODE = (":(exclude,glob)**/.pyflow/**", ":(exclude,glob)**/__pycache__/**")
NOTHING: dict[str, Any] = {"git_commit": None, "git_branch": None, "git_dirty": None}


class GitQuestion:
    """Asked when made, answered when `answer` is called: git works while the run gets ready."""

    def __init__(self, folder: Path) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        if repository_of(folder) is None:
            return
        command = ["git", "-C", str(folder), "status", "--porcelain=v2", "--branch", "--", ".", *_NOT_CODE]
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
            )
        except OSError:
            pass  # git is not installed

    def answer(self) -> dict[str, Any]:
        """git_commit, git_branch and git_dirty; each None where git does not tell."""
        if self.process is None:
            return NOTHING
        try:
            output, _ = self.process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            return NOTHING
        return _parse(output.decode("utf-8", "replace")) if self.process.returncode == 0 else NOTHING


def _parse(text: str) -> dict[str, Any]:
    lines = text.splitlines()
    facts = dict(line[2:].split(" ", 1) for line in lines if line.startswith(("# branch.oid ", "# branch.head ")))
    commit, branch = facts.get("branch.oid"), facts.get("branch.head")
    return {
        "git_commit": None if commit == "(initial)" else commit,
        "git_branch": None if branch == "(detached)" else branch,
        "git_dirty": any(not line.startswith("#") for line in lines),
    }

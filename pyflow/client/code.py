"""The code that a run used."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pyflow.client.catalog import Catalog
from pyflow.client.missing import MissingItem, suggestion
from pyflow.code import archive, diff, tree
from pyflow.spec.code import shown_name
from pyflow.spec.records import RunRow


@dataclass(frozen=True)
class Git:
    """The state of the repository when the run began; None for what git did not tell. `dirty`: files of the flow's
    folder were not as in the commit."""

    commit: str | None
    branch: str | None
    dirty: bool | None


def code_of(row: RunRow, catalog: Catalog) -> Code | None:
    """The code of a run; None for a flow without a file."""
    return None if row.code is None else Code(f"{row.flow}/{row.run}", row.code, catalog)


class Code:
    """Files by name: `run.code.files`, `run.code["flow.py"]`. Names are relative to the flow's folder."""

    def __init__(self, pathspec: str, row: Mapping[str, Any], catalog: Catalog) -> None:
        self._pathspec = pathspec
        self._row = row
        self._catalog = catalog

    @property
    def digest(self) -> str:
        """The name of the package: equal for runs of equal code."""
        return self._row["digest"]

    @property
    def flow_file(self) -> Path:
        """The flow's file, where it was when the run began."""
        return Path(self._row["flow_file"])

    @property
    def path(self) -> Path:
        """The package on this machine: a tar file, read-only."""
        return self._catalog.store.get(self.digest)

    @property
    def tarball(self) -> tarfile.TarFile:
        """The package, open for reading."""
        return tarfile.open(self.path)

    @property
    def info(self) -> dict[str, Any]:
        """What is known of it: digest, flow_file, git_commit, git_branch, git_dirty."""
        return dict(self._row)

    @property
    def script_name(self) -> str:
        return self.flow_file.name

    @property
    def git(self) -> Git:
        return Git(*(self._row.get(f"git_{name}") for name in ("commit", "branch", "dirty")))

    @property
    def files(self) -> dict[str, int]:
        """Sizes in bytes by name."""
        return {shown_name(name): len(content) for name, content in self._contents.items()}

    @cached_property
    def _contents(self) -> dict[str, bytes]:
        return archive.contents(self._catalog.store.get(self.digest))

    def __getitem__(self, name: str) -> str:
        for key, content in self._contents.items():
            if shown_name(key) == name:
                return content.decode("utf-8", "replace")
        known = suggestion(name, self.files, what="files")
        raise MissingItem(f"the code of {self._pathspec} has no file {name!r}", hint=known)

    def __contains__(self, name: object) -> bool:
        return name in self.files

    @property
    def flowspec(self) -> str:
        """The text of the flow's file."""
        return self[self.script_name]

    def extract(self, folder: str | Path | None = None) -> Path:
        """Write the files into `folder` (default: a new temporary one), which is given back."""
        target = Path(tempfile.mkdtemp(prefix="pyflow-code-")) if folder is None else Path(folder)
        archive.extract(self._catalog.store.get(self.digest), target)
        return target

    def diff(self, other: Code | None = None, *, folder: str | Path | None = None) -> str:
        """What has changed since: a unified diff from this run's code to `other`'s, else to what the flow's folder (or
        `folder`) has now."""
        return self._shown(self._contents, self._other(other, folder))

    def patch(self, *, folder: str | Path | None = None) -> str:
        """A patch that makes the flow's folder (or `folder`) what it was for the run; `git apply` takes it there.

        Files outside of the folder are left out.
        """
        now, then = self._inside(self._other(None, folder)), self._inside(self._contents)
        return diff.unified(now, then)

    def unpatchable(self, *, folder: str | Path | None = None) -> list[str]:
        """Files that differ but that a patch cannot carry: they are no text, or outside of the folder."""
        now, then = self._other(None, folder), self._contents
        outside = {name for name in {*now, *then} if tree.is_outside(name) and now.get(name) != then.get(name)}
        return sorted({*diff.binary_names(now, then), *map(shown_name, outside)})

    def _other(self, other: Code | None, folder: str | Path | None) -> dict[str, bytes]:
        if other is not None:
            return other._contents
        return tree.working_files(Path(folder or self.flow_file.parent).resolve(), self._contents)

    @staticmethod
    def _inside(files: Mapping[str, bytes]) -> dict[str, bytes]:
        return {name: content for name, content in files.items() if not tree.is_outside(name)}

    @staticmethod
    def _shown(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
        return diff.unified(*({shown_name(name): found for name, found in files.items()} for files in (before, after)))

    def __repr__(self) -> str:
        return f"Code({self._pathspec!r}: {len(self._contents)} files)"

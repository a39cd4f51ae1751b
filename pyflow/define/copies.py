"""Imports the user's modules from a run's copy of the code, under the names of the original files.

A module's `__file__`, its tracebacks and its package's folder are the original ones; source and bytecode are read from
the copy. So what a file's neighbours are does not change, and what is edited while the run goes on is not seen.
"""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Mapping
from importlib.machinery import FileFinder, ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from pyflow.spec.code import member_name

SUFFIXES = [".py"]


class Copies:
    """The original `folder` and its `copy`."""

    def __init__(self, folder: str, copy: str) -> None:
        self.folder = folder
        self.copy = copy

    def place(self, path: str) -> str:
        """Where the copy of a file or folder is, if there is one."""
        return os.path.join(self.copy, member_name(path, self.folder))

    def loader(self, name: str, path: str) -> CopyLoader | None:
        """A loader for the module in the file `path`; None if there is no copy of it."""
        return CopyLoader(name, path, self) if os.path.isfile(self.place(path)) else None

    def hook(self, path: str) -> CopyFinder:
        """For sys.path_hooks: finds modules in a folder that has a copy."""
        path = os.path.abspath(path)
        if not os.path.isdir(self.place(path)):
            raise ImportError(f"there is no copy of {path}")
        return CopyFinder(path, self)


_active: Copies | None = None


def use_copies(code: Mapping[str, Any] | None) -> None:
    """From here on, load the user's files from the copy that `code` names (folder and copy); None: the originals."""
    global _active
    if _active is not None:
        sys.path_hooks[:] = [hook for hook in sys.path_hooks if getattr(hook, "__self__", None) is not _active]
    _active = None if code is None else Copies(code["folder"], code["copy"])
    if _active is not None:
        sys.path_hooks.insert(0, _active.hook)
    sys.path_importer_cache.clear()


def loader_of(name: str, path: Path) -> CopyLoader | None:
    """What loads the file from its copy; None if there is none."""
    return None if _active is None else _active.loader(name, str(path))


class CopyLoader(SourceFileLoader):
    """Reads, and keeps bytecode, beside the copy; everything else is as for the original file."""

    def __init__(self, name: str, path: str, copies: Copies) -> None:
        super().__init__(name, path)
        self.copies = copies

    def exec_module(self, module: ModuleType) -> None:
        # Tracebacks and debuggers ask linecache, which would read the original file. An entry without a time is kept.
        lines = (self.get_source(self.name) or "").splitlines(keepends=True)
        linecache.cache[self.path] = (sum(map(len, lines)), None, lines, self.path)
        super().exec_module(module)

    def get_data(self, path: str) -> bytes:
        return super().get_data(self.copies.place(path))

    def path_stats(self, path: str) -> Mapping[str, Any]:
        return super().path_stats(self.copies.place(path))

    def set_data(self, path: str, data: bytes, *, _mode: int = 0o666) -> None:
        super().set_data(self.copies.place(path), data, _mode=_mode)


class CopyFinder:
    """Finds modules in the copy of `folder`; what is not there (compiled modules, say) in the folder itself."""

    def __init__(self, folder: str, copies: Copies) -> None:
        self.folder = folder
        self.copies = copies
        self.copied = FileFinder(copies.place(folder), (SourceFileLoader, SUFFIXES))
        self.original: Any = None

    def find_spec(self, fullname: str, target: ModuleType | None = None) -> ModuleSpec | None:
        copied = self.copied.find_spec(fullname)
        if copied is not None and copied.loader is not None:
            return self._renamed(fullname, copied)
        return self._original().find_spec(fullname, target)

    def _renamed(self, fullname: str, copied: ModuleSpec) -> ModuleSpec | None:
        assert copied.origin is not None
        inside = os.path.relpath(copied.origin, self.copies.place(self.folder))
        path = os.path.join(self.folder, inside)
        folders = None if copied.submodule_search_locations is None else [os.path.dirname(path)]
        loader = CopyLoader(fullname, path, self.copies)
        return spec_from_file_location(fullname, path, loader=loader, submodule_search_locations=folders)

    def _original(self) -> Any:
        if self.original is None:
            hooks = [hook for hook in sys.path_hooks if not isinstance(getattr(hook, "__self__", None), Copies)]
            for hook in hooks:
                try:
                    self.original = hook(self.folder)
                    break
                except ImportError:
                    continue
        return self.original

    def invalidate_caches(self) -> None:
        self.copied.invalidate_caches()
        if self.original is not None:
            self.original.invalidate_caches()

"""Places where tasks run. Each implements ports.Backend and passes tests/suites/backend_suite.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pyflow.backends.local import LocalBackend
from pyflow.ports import Backend

BACKENDS: Mapping[str, Callable[..., Backend]] = {"local": LocalBackend}

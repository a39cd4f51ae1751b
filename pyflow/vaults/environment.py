"""Secrets from the environment in which the run was started: `{"type": "env", "names": ["TOKEN"]}` or `"env.TOKEN"`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from pyflow.spec.errors import SecretError


class EnvironmentSource:
    def get(self, source: Mapping[str, Any], role: str | None) -> Mapping[str, str]:
        names = source.get("names") or [source["id"]] if source.get("names") or source.get("id") else []
        names = [names] if isinstance(names, str) else names
        if not names:
            raise SecretError(
                "a source of secrets of type env names no variable",
                code="secret_invalid",
                hint='Write {"type": "env", "names": ["NAME"]}.',
            )
        missing = [name for name in names if name not in os.environ]
        if missing:
            raise SecretError(
                f"the environment has no variable {', '.join(missing)}",
                code="secret_missing",
                hint="Set it where the run is started.",
            )
        return {name: os.environ[name] for name in names}

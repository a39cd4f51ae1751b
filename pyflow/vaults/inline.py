"""Secrets that stand in the flow itself, for tests and trials: `{"type": "inline", "options": {"env_vars": {...}}}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyflow.spec.errors import SecretError


class InlineSource:
    def get(self, source: Mapping[str, Any], role: str | None) -> Mapping[str, str]:
        variables = (source.get("options") or {}).get("env_vars")
        if not isinstance(variables, Mapping):
            raise SecretError(
                "an inline source of secrets has no env_vars",
                code="secret_invalid",
                hint='Write {"type": "inline", "options": {"env_vars": {"NAME": "value"}}}.',
            )
        return {name: str(value) for name, value in variables.items()}

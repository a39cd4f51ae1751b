"""Workflows whose steps are Python or R.

The public names are imported when they are first used, so that a task or a `--help` loads only what it needs.
"""

from __future__ import annotations

import pkgutil
from typing import Any

_PUBLIC = {
    "FlowSpec": "pyflow.define.flow:FlowSpec",
    "step": "pyflow.define.steps:step",
    "r_step": "pyflow.define.steps:r_step",
    "retry": "pyflow.define.steps:retry",
    "catch": "pyflow.define.steps:catch",
    "timeout": "pyflow.define.steps:timeout",
    "environment": "pyflow.define.steps:environment",
    "resources": "pyflow.define.needs:resources",
    "secrets": "pyflow.define.needs:secrets",
    "project": "pyflow.define.flow_decorators:project",
    "exit_hook": "pyflow.define.flow_decorators:exit_hook",
    "get_secret": "pyflow.secrets:get_secret",
    "Parameter": "pyflow.define.parameters:Parameter",
    "IncludeFile": "pyflow.define.parameters:IncludeFile",
    "JSONType": "pyflow.define.parameters:JSONType",
    "current": "pyflow.define.current:current",
    "Pyflow": "pyflow.client:Pyflow",
    "Metaflow": "pyflow.client:Pyflow",
    "Flow": "pyflow.client:Flow",
    "Run": "pyflow.client:Run",
    "Step": "pyflow.client:Step",
    "Task": "pyflow.client:Task",
    "Artifact": "pyflow.client:Artifact",
    "DataArtifact": "pyflow.client:Artifact",
    "PyflowError": "pyflow.spec.errors:PyflowError",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = pkgutil.resolve_name(_PUBLIC[name])
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *_PUBLIC]

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
    "parallel": "pyflow.define.steps:parallel",
    "environment": "pyflow.define.steps:environment",
    "resources": "pyflow.define.needs:resources",
    "secrets": "pyflow.define.needs:secrets",
    "project": "pyflow.define.flow_decorators:project",
    "exit_hook": "pyflow.define.flow_decorators:exit_hook",
    "lazy": "pyflow.define.lazy:lazy",
    "get_secret": "pyflow.vaults:get_secret",
    "Parameter": "pyflow.define.parameters:Parameter",
    "IncludeFile": "pyflow.define.parameters:IncludeFile",
    "JSONType": "pyflow.define.parameters:JSONType",
    "Config": "pyflow.define.config:Config",
    "ConfigValue": "pyflow.spec.config:ConfigValue",
    "config_expr": "pyflow.define.config:config_expr",
    "user_step_decorator": "pyflow.define.custom:user_step_decorator",
    "UserStepDecorator": "pyflow.define.custom:UserStepDecorator",
    "USER_SKIP_STEP": "pyflow.define.custom:USER_SKIP_STEP",
    "StepMutator": "pyflow.define.custom:StepMutator",
    "FlowMutator": "pyflow.define.custom:FlowMutator",
    "MutableStep": "pyflow.define.mutators:MutableStep",
    "MutableFlow": "pyflow.define.mutators:MutableFlow",
    "yaml_parser": "pyflow.define.parsers:yaml_parser",
    "requirements_txt_parser": "pyflow.define.parsers:requirements_txt_parser",
    "pyproject_toml_parser": "pyflow.define.parsers:pyproject_toml_parser",
    "conda_environment_yml_parser": "pyflow.define.parsers:conda_environment_yml_parser",
    "current": "pyflow.define.current:current",
    "Pyflow": "pyflow.client:Pyflow",
    "Metaflow": "pyflow.client:Pyflow",
    "Flow": "pyflow.client:Flow",
    "Run": "pyflow.client:Run",
    "Step": "pyflow.client:Step",
    "Task": "pyflow.client:Task",
    "Artifact": "pyflow.client:Artifact",
    "DataArtifact": "pyflow.client:Artifact",
    "metadata": "pyflow.client:metadata",
    "get_metadata": "pyflow.client:get_metadata",
    "default_metadata": "pyflow.client:default_metadata",
    "runs": "pyflow.client.find:runs",
    "tasks": "pyflow.client.find:tasks",
    "artifacts": "pyflow.client.find:artifacts",
    "NamespaceMismatch": "pyflow.client:NamespaceMismatch",
    "namespace": "pyflow.client:namespace",
    "get_namespace": "pyflow.client:get_namespace",
    "default_namespace": "pyflow.client:default_namespace",
    "compare": "pyflow.client:compare",
    **{
        name: f"pyflow.care.here:{name}"
        for name in ("delete_runs", "pin", "pins", "store_check", "store_gc", "store_repair", "store_stats", "unpin")
    },
    "PyflowError": "pyflow.spec.errors:PyflowError",
    "ArtifactWarning": "pyflow.spec.errors:ArtifactWarning",
    "spin": "pyflow.interactive.notebook:spin",
    "Runner": "pyflow.interactive.runner:Runner",
    "NBRunner": "pyflow.interactive.nbrunner:NBRunner",
    "ExecutingRun": "pyflow.interactive.executing:ExecutingRun",
    "ExecutingTask": "pyflow.interactive.executing:ExecutingTask",
    "inspect_spin": "pyflow.interactive.notebook:inspect_spin",
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

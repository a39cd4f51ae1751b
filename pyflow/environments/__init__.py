"""Interpreters and packages that steps run with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pyflow.environments.none import NoEnvironment
from pyflow.ports import Environment

ENVIRONMENTS: Mapping[str, Callable[[], Environment]] = {"none": NoEnvironment}

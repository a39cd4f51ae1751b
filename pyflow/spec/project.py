"""`project`: which branch of a project a run belongs to, and under which names it is found. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyflow.spec.errors import UsageError
from pyflow.spec.graph import Graph

_NAME = re.compile("[a-z0-9_]{1,128}")
_BRANCH = re.compile("[A-Za-z0-9_.-]{1,128}")


@dataclass(frozen=True)
class Project:
    """`branch` is `user.NAME`, `test.BRANCH`, `prod` or `prod.BRANCH`."""

    name: str
    branch: str
    flow: str
    production: bool

    @property
    def tags(self) -> tuple[str, ...]:
        """The run's system tags."""
        return f"project:{self.name}", f"project_branch:{self.branch}"

    def current(self) -> dict[str, Any]:
        """What `current` tells of it."""
        return {
            "project_name": self.name,
            "branch_name": self.branch,
            "project_flow_name": f"{self.name}.{self.branch}.{self.flow}",
            "is_user_branch": self.branch.startswith("user."),
            "is_production": self.production,
        }


def is_project_name(value: Any) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def is_branch(value: Any) -> bool:
    return value is None or (isinstance(value, str) and _BRANCH.fullmatch(value) is not None)


def project_of(graph: Graph, *, user: str, branch: str | None = None, production: bool = False) -> Project | None:
    """The project of a checked graph's run, or None; what is given for the run wins over what the flow says.

    Raises UsageError when `branch` is no name of a branch.
    """
    decorator = graph.decorator("project")
    if decorator is None:
        return None
    if not is_branch(branch):
        raise UsageError(
            f"--branch takes a name, not {branch!r}",
            code="project_branch",
            hint="Use letters, digits, '_', '-' and '.', at most 128 of them.",
        )
    args: Mapping[str, Any] = decorator.args
    chosen = branch if branch is not None else args.get("branch")
    live = production or bool(args.get("production"))
    return Project(args["name"], _branch(chosen, user, production=live), graph.name, live)


def _branch(branch: str | None, user: str, *, production: bool) -> str:
    if production:
        return f"prod.{branch}" if branch else "prod"
    return f"test.{branch}" if branch else f"user.{user}"

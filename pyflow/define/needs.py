"""`@resources` and `@secrets`: what a step needs from where it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, overload

from pyflow.define.config import delayable
from pyflow.define.steps import RStep, attach, decorate

Target = TypeVar("Target", bound="Callable[..., Any] | RStep")


@overload
def resources(function: Target) -> Target: ...


@overload
def resources(
    *,
    cpu: float | None = None,
    gpu: int | None = None,
    disk: float | None = None,
    memory: float | None = None,
    shared_memory: float | None = None,
) -> Callable[[Target], Target]: ...


@delayable(attach)
def resources(
    function: Any = None,
    *,
    cpu: float | None = None,
    gpu: int | None = None,
    disk: float | None = None,
    memory: float | None = None,
    shared_memory: float | None = None,
) -> Any:
    """What a task of the step needs: `cpu` cores (1 unless said), `gpu` devices, and `memory` (4096 unless said),
    `disk` and `shared_memory` in MB.

    On this machine tasks run side by side only as far as they fit; a task that could never fit is refused before the
    run.
    """
    given = {"cpu": cpu, "gpu": gpu, "disk": disk, "memory": memory, "shared_memory": shared_memory}
    return decorate(function, "resources", {name: value for name, value in given.items() if value is not None})


@delayable(attach)
def secrets(
    *, sources: Sequence[str | Mapping[str, Any]] = (), role: str | None = None, allow_override: bool = False
) -> Callable[[Target], Target]:
    """Put secrets into the environment of the step's process, just before its code runs, and mask them in its logs.

    A source is an object such as `{"type": "inline", "options": {"env_vars": {"TOKEN": "..."}}}` or
    `{"type": "env", "names": ["TOKEN"]}`, or a text `"TYPE.ID"` such as `"env.TOKEN"`. A variable that has another
    value already is an error, unless `allow_override`.
    """
    args = {"sources": [item if isinstance(item, str) else dict(item) for item in sources]}
    return decorate(None, "secrets", args | {"role": role, "allow_override": allow_override})

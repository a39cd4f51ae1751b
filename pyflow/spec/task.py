"""Messages about one task (shared_spec/task.md, sections 1 to 3) as frozen data.

A message that does not have its form is a HostError `protocol_error`; keys that are not known are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from pyflow.spec.errors import HostError

PROTOCOL = 1
PARAMETERS = "_parameters"
# A step that ends its process with this exit status is not to be tried again.
NO_RETRY = 202
# A runner that cannot write its logs or its result ends with this one.
UNWRITTEN = 203
# What can be told of a value without opening it: a bool, a number or a short text.
Scalar = bool | int | float | str | None
KINDS = frozenset({"table", "vector", "array", "scalar", "list", "dict", "native"})
_DIGEST = re.compile("[0-9a-f]{64}")


def _get(data: Mapping[str, Any], key: str, kind: Any, default: Any = ...) -> Any:
    """The value of `key`, which must be of type `kind`; without a default it must be there."""
    value = data.get(key, default) if isinstance(data, Mapping) else ...
    if value is ... or not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        shown = "is missing" if value is ... else f"cannot be {value!r:.100}"
        raise HostError(f"{key!r} of a message about a task {shown}", code="protocol_error")
    return value


def _strings(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    items = _get(data, key, Sequence, ())
    if isinstance(items, str) or not all(isinstance(item, str) for item in items):
        raise HostError(f"{key!r} of a message about a task cannot be {items!r:.100}", code="protocol_error")
    return tuple(items)


def _numbers(data: Mapping[str, Any], key: str) -> tuple[int, ...]:
    items = _get(data, key, Sequence, ())
    if not all(isinstance(item, int) and not isinstance(item, bool) for item in items):
        raise HostError(f"{key!r} of a message about a task cannot be {items!r:.100}", code="protocol_error")
    return tuple(items)


def _check_protocol(data: Mapping[str, Any]) -> None:
    version = _get(data, "protocol", int)
    if version != PROTOCOL:
        message = f"a message of protocol {version}; this pyflow speaks protocol {PROTOCOL}"
        raise HostError(message, code="protocol_error", hint="Update pyflow and rflow to the same version.")


@dataclass(frozen=True)
class ArtifactRef:
    """A named value's blob: what can be said of it without opening it. `size` in bytes; `scalar` is the value itself
    where it is a bool, a finite number or a text of at most 256 characters."""

    digest: str
    kind: str
    size: int
    type: str = ""
    preview: str = ""
    scalar: Scalar = None

    def to_json(self) -> dict[str, Any]:
        data = {"digest": self.digest, "kind": self.kind, "size": self.size}
        data |= {k: v for k, v in (("type", self.type), ("preview", self.preview)) if v}
        return data if self.scalar is None else data | {"scalar": self.scalar}


def parse_ref(data: Mapping[str, Any]) -> ArtifactRef:
    digest, kind = _get(data, "digest", str), _get(data, "kind", str)
    if not _DIGEST.fullmatch(digest) or kind not in KINDS:
        raise HostError(f"not an artifact: digest {digest!r:.100}, kind {kind!r:.100}", code="protocol_error")
    scalar = data.get("scalar")
    if not isinstance(scalar, Scalar):
        raise HostError(f"'scalar' of an artifact cannot be {scalar!r:.100}", code="protocol_error")
    type, preview = _get(data, "type", str, ""), _get(data, "preview", str, "")
    return ArtifactRef(digest, kind, _get(data, "size", int), type, preview, scalar)


def parse_refs(data: Mapping[str, Mapping[str, Any]]) -> dict[str, ArtifactRef]:
    return {name: parse_ref(item) for name, item in data.items()}


def refs_to_json(refs: Mapping[str, ArtifactRef]) -> dict[str, Any]:
    return {name: ref.to_json() for name, ref in refs.items()}


@dataclass(frozen=True)
class TaskError:
    """Why an attempt failed. `traceback` is what the user is shown."""

    type: str
    message: str
    code: str = "step_failed"
    language: str = "python"
    traceback: str = ""
    file: str | None = None
    line: int | None = None
    call: str = ""
    retry: bool = True

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def parse_error(data: Mapping[str, Any] | None) -> TaskError | None:
    if data is None:
        return None
    _get(data, "type", str), _get(data, "message", str), _get(data, "retry", bool, True)
    known = TaskError.__dataclass_fields__
    return TaskError(**{key: value for key, value in data.items() if key in known})


@dataclass(frozen=True)
class Input:
    """One input task with all its artifacts; `index` is its place in the split that a join closes."""

    step: str
    task: str
    artifacts: Mapping[str, ArtifactRef]
    index: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "task": self.task,
            "index": self.index,
            "artifacts": refs_to_json(self.artifacts),
        }


@dataclass(frozen=True)
class ForeachFrame:
    """One level of foreach: item `index` of `count` of artifact `variable` (blob `digest`).

    `step` is the split step, `language` its language, which says what an item is.
    """

    step: str
    language: str
    variable: str
    index: int
    count: int
    digest: str


@dataclass(frozen=True)
class TaskRequest:
    """Everything a runner needs for one attempt."""

    flow: str
    run: str
    step: str
    task: str
    attempt: int
    language: str
    function: Mapping[str, Any]
    flow_file: str | None
    join: bool
    transition: Mapping[str, Any]
    store: Mapping[str, Any]
    folder: str
    parameters: Mapping[str, ArtifactRef] = field(default_factory=dict)
    inputs: tuple[Input, ...] = ()
    foreach: tuple[ForeachFrame, ...] = ()
    reserved: tuple[str, ...] = ()
    catch: Mapping[str, Any] | None = None
    last_attempt: bool = True
    caught: TaskError | None = None
    timeout: float = 0.0
    environment: Mapping[str, str] = field(default_factory=dict)
    max_num_splits: int = 100
    namespace: str = ""
    username: str = ""
    tags: tuple[str, ...] = ()
    origin_run_id: str | None = None
    hosts: Mapping[str, str] = field(default_factory=dict)
    values: tuple[Mapping[str, Any], ...] = ()
    constants: tuple[str, ...] = ()
    configs: tuple[str, ...] = ()
    wrappers: tuple[Mapping[str, Any], ...] = ()
    iteration: tuple[int, ...] = ()
    parallel: Mapping[str, Any] | None = None
    secrets: Mapping[str, Any] | None = None
    project: Mapping[str, Any] = field(default_factory=dict)
    code: Mapping[str, str] | None = None

    @property
    def pathspec(self) -> str:
        return f"{self.flow}/{self.run}/{self.step}/{self.task}"

    @property
    def id(self) -> str:
        return f"{self.task}.{self.attempt}"

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of the task: the client in a task shows its run's namespace."""
        return ({"PYFLOW_NAMESPACE": self.namespace} if self.namespace else {}) | dict(self.environment)

    def to_json(self) -> dict[str, Any]:
        data = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return data | {
            "protocol": PROTOCOL,
            "parameters": refs_to_json(self.parameters),
            "inputs": [item.to_json() for item in self.inputs],
            "foreach": [asdict(frame) for frame in self.foreach],
            "caught": self.caught.to_json() if self.caught else None,
        }


_REQUIRED = {
    **dict.fromkeys(("flow", "run", "step", "task", "language", "folder"), str),
    **{"attempt": int, "join": bool, "function": Mapping, "transition": Mapping, "store": Mapping},
}


def parse_request(data: Mapping[str, Any]) -> TaskRequest:
    _check_protocol(data)
    for key, kind in _REQUIRED.items():
        _get(data, key, kind)
    known = TaskRequest.__dataclass_fields__
    values = {key: value for key, value in data.items() if key in known}
    values["flow_file"] = _get(data, "flow_file", str | None, None)
    values["parameters"] = parse_refs(_get(data, "parameters", Mapping, {}))
    values["inputs"] = tuple(_parse_input(item) for item in _get(data, "inputs", Sequence, ()))
    values["foreach"] = tuple(_parse_frame(item) for item in _get(data, "foreach", Sequence, ()))
    values["caught"] = parse_error(data.get("caught"))
    for name in ("values", "wrappers"):
        values[name] = tuple(_get(data, name, Sequence, ()))
    values["secrets"] = _get(data, "secrets", Mapping | None, None)
    values["project"] = _get(data, "project", Mapping, {})
    values["code"] = _get(data, "code", Mapping | None, None)
    for name in ("reserved", "tags", "constants", "configs"):
        values[name] = _strings(data, name)
    values["iteration"] = _numbers(data, "iteration")
    values["parallel"] = _parse_parallel(_get(data, "parallel", Mapping | None, None))
    return TaskRequest(**values)


def _parse_parallel(data: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if data is None:
        return None
    numbers = {key: _get(data, key, int) for key in ("num_nodes", "node_index")}
    return numbers | {key: _get(data, key, str) for key in ("control_task_id", "main_ip")}


def _parse_input(data: Mapping[str, Any]) -> Input:
    artifacts = parse_refs(_get(data, "artifacts", Mapping))
    return Input(_get(data, "step", str), _get(data, "task", str), artifacts, data.get("index"))


def _parse_frame(data: Mapping[str, Any]) -> ForeachFrame:
    texts = {key: _get(data, key, str) for key in ("step", "language", "variable", "digest")}
    return ForeachFrame(**texts, index=_get(data, "index", int), count=_get(data, "count", int))


@dataclass(frozen=True)
class TaskResult:
    """What came of an attempt; `artifacts` are those it set or changed. `foreach_count` tasks follow a foreach or a
    split into a gang, the step `choice` follows a switch. `seconds` of wall time in the runner."""

    ok: bool
    artifacts: Mapping[str, ArtifactRef] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    foreach_count: int | None = None
    choice: str | None = None
    error: TaskError | None = None
    caught: bool = False
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return {
            "protocol": PROTOCOL,
            "ok": self.ok,
            "artifacts": refs_to_json(self.artifacts),
            "removed": list(self.removed),
            "foreach_count": self.foreach_count,
            "choice": self.choice,
            "error": self.error.to_json() if self.error else None,
            "caught": self.caught,
            "warnings": list(self.warnings),
            "seconds": self.seconds,
        }


def parse_result(data: Mapping[str, Any]) -> TaskResult:
    _check_protocol(data)
    return TaskResult(
        ok=_get(data, "ok", bool),
        artifacts=parse_refs(_get(data, "artifacts", Mapping, {})),
        removed=_strings(data, "removed"),
        foreach_count=_get(data, "foreach_count", int | None, None),
        choice=_get(data, "choice", str | None, None),
        error=parse_error(data.get("error")),
        caught=_get(data, "caught", bool, False),
        warnings=_strings(data, "warnings"),
        seconds=_get(data, "seconds", int | float, 0.0),
    )

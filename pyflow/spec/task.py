"""Messages about one task (shared_spec/task.md, sections 1 to 3) as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

PROTOCOL = 1
PARAMETERS = "_parameters"


@dataclass(frozen=True)
class ArtifactRef:
    """A named value's blob: what can be said of it without opening it. `size` in bytes."""

    digest: str
    kind: str
    size: int
    type: str = ""
    preview: str = ""

    def to_json(self) -> dict[str, Any]:
        data = {"digest": self.digest, "kind": self.kind, "size": self.size}
        return data | {k: v for k, v in (("type", self.type), ("preview", self.preview)) if v}


def parse_ref(data: Mapping[str, Any]) -> ArtifactRef:
    return ArtifactRef(data["digest"], data["kind"], data["size"], data.get("type", ""), data.get("preview", ""))


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

    @property
    def pathspec(self) -> str:
        return f"{self.flow}/{self.run}/{self.step}/{self.task}"

    @property
    def id(self) -> str:
        return f"{self.task}.{self.attempt}"

    def to_json(self) -> dict[str, Any]:
        data = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return data | {
            "protocol": PROTOCOL,
            "parameters": refs_to_json(self.parameters),
            "inputs": [item.to_json() for item in self.inputs],
            "foreach": [asdict(frame) for frame in self.foreach],
            "caught": self.caught.to_json() if self.caught else None,
        }


def parse_request(data: Mapping[str, Any]) -> TaskRequest:
    known = TaskRequest.__dataclass_fields__
    values = {key: value for key, value in data.items() if key in known}
    values["parameters"] = parse_refs(data.get("parameters", {}))
    values["inputs"] = tuple(
        Input(item["step"], item["task"], parse_refs(item["artifacts"]), item.get("index"))
        for item in data.get("inputs", [])
    )
    values["foreach"] = tuple(ForeachFrame(**frame) for frame in data.get("foreach", []))
    values["caught"] = parse_error(data.get("caught"))
    for name in ("reserved", "tags", "values", "constants"):
        values[name] = tuple(data.get(name, ()))
    return TaskRequest(**values)


@dataclass(frozen=True)
class TaskResult:
    """What came of an attempt; `artifacts` are those it set or changed. `seconds` of wall time in the runner."""

    ok: bool
    artifacts: Mapping[str, ArtifactRef] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    foreach_count: int | None = None
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
            "error": self.error.to_json() if self.error else None,
            "caught": self.caught,
            "warnings": list(self.warnings),
            "seconds": self.seconds,
        }


def parse_result(data: Mapping[str, Any]) -> TaskResult:
    return TaskResult(
        ok=data["ok"],
        artifacts=parse_refs(data.get("artifacts", {})),
        removed=tuple(data.get("removed", ())),
        foreach_count=data.get("foreach_count"),
        error=parse_error(data.get("error")),
        caught=data.get("caught", False),
        warnings=tuple(data.get("warnings", ())),
        seconds=data.get("seconds", 0.0),
    )

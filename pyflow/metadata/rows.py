"""Rows of the metadata as the database holds them, and back. Pure: values in, values out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pyflow.metadata.search import columns_of, scalar_of
from pyflow.spec.records import ArtifactRow, AttemptFinished, AttemptRow, RunRow, TakenOver, TaskRow
from pyflow.spec.task import ArtifactRef, TaskError, parse_error

Values = dict[str, Any]


def to_json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def error_to_json(error: TaskError | None) -> str | None:
    return None if error is None else to_json(error.to_json())


def run_values(row: RunRow) -> Values:
    """Parameters of the query add_run."""
    return vars(row) | {
        "graph": to_json(dict(row.graph)),
        "error": to_json(None if row.error is None else dict(row.error)),
        "tags": to_json(list(row.tags)),
        "system_tags": to_json(list(row.system_tags)),
        "info": to_json(dict(row.info)),
        "code": to_json(None if row.code is None else dict(row.code)),
    }


def task_values(row: TaskRow) -> Values:
    """Parameters of the query add_task."""
    frames = [dict(frame) for frame in row.foreach]
    texts = {name: to_json(list(getattr(row, name))) for name in ("inputs", "iteration")}
    return vars(row) | {"foreach": to_json(frames), **texts}


def taken_values(change: TakenOver) -> Values:
    """Parameters of the query add_taken."""
    key = {"flow": change.row.flow, "run": change.row.run, "task": change.row.task}
    return key | {"origin_run": change.origin_run, "origin_task": change.origin_task}


def attempt_values(row: AttemptRow, root: str) -> Values:
    """Parameters of the query add_attempt. A folder inside the store is kept relative, so that a store may be moved."""
    return vars(row) | {
        "error": error_to_json(row.error),
        "folder": row.folder.removeprefix(root + "/"),
        "warnings": to_json(list(row.warnings)),
    }


def artifact_values(change: AttemptFinished, names: Sequence[str]) -> list[Values]:
    """Parameters of add_blob and add_artifact for `names`; a name that the attempt does not have has no digest."""
    return [
        {
            "name": name,
            "inherited": int(name not in change.own),
            **_ref_values(change.artifacts.get(name, _NOTHING)),
        }
        for name in names
    ]


def _ref_values(ref: ArtifactRef) -> Values:
    return vars(ref) | columns_of(ref.scalar)


_NOTHING = ArtifactRef(digest="", kind="", size=0)


def base_difference(change: AttemptFinished, base: Mapping[str, tuple[str, str]]) -> list[str]:
    """The names for which the attempt differs from `base` (digest and type by name), in order."""
    same = {
        name
        for name, ref in change.artifacts.items()
        if name not in change.own and base.get(name) == (ref.digest, ref.type)
    }
    return sorted((change.artifacts.keys() | base.keys()) - same)


def run_row(values: Values) -> RunRow:
    return RunRow(
        **values
        | {
            "graph": from_json(values["graph"]),
            "error": from_json(values["error"]),
            "tags": tuple(from_json(values["tags"])),
            "system_tags": tuple(from_json(values["system_tags"])),
            "info": from_json(values["info"]),
            "code": from_json(values["code"]),
        }
    )


def task_row(values: Values) -> TaskRow:
    return TaskRow(**values | {name: tuple(from_json(values[name])) for name in ("foreach", "inputs", "iteration")})


def attempt_row(values: Values, root: str) -> AttemptRow:
    folder = values["folder"]
    return AttemptRow(
        **values
        | {
            "error": parse_error(from_json(values["error"])),
            "folder": folder if not folder or folder.startswith("/") else f"{root}/{folder}",
            "warnings": tuple(from_json(values["warnings"])),
        }
    )


def artifact_rows(found: Iterable[tuple[Any, ...]]) -> list[ArtifactRow]:
    """From the columns of the query artifacts, in its order. What many tasks inherited is one object."""
    refs: dict[tuple[Any, ...], ArtifactRef] = {}
    result = []
    for flow, run, step, task, attempt, name, digest, kind, size, type, preview, number, text, inherited in found:
        ref = refs.get((digest, type))
        if ref is None:
            scalar = scalar_of(number, text)
            ref = refs[digest, type] = ArtifactRef(digest, kind, size, type, preview, scalar)
        result.append(ArtifactRow(flow, run, step, task, attempt, name, ref, bool(inherited)))
    return result


def layers(found: Iterable[tuple[Any, ...]]) -> dict[int, Mapping[str, ArtifactRef]]:
    """What each attempt has, from the columns of the query finished_layers. An attempt that changed nothing has the
    mapping of its base itself: ten thousand tasks of a foreach must not copy it."""
    bases: dict[int, int | None] = {}
    own: dict[int, dict[str, ArtifactRef | None]] = {}
    refs: dict[tuple[str, str], ArtifactRef] = {}
    for id, base, name, digest, kind, size, type, preview, number, text in found:
        bases[id] = base
        if name is None:
            continue
        ref = None if digest is None else refs.get((digest, type))
        if ref is None and digest is not None:
            ref = refs[digest, type] = ArtifactRef(digest, kind, size, type, preview, scalar_of(number, text))
        own.setdefault(id, {})[name] = ref
    result: dict[int, Mapping[str, ArtifactRef]] = {}
    for id in bases:
        chain, below = [], id
        while below is not None and below not in result:
            chain.append(below)
            below = bases[below]
        for layer in reversed(chain):
            inherited = result[bases[layer]] if bases[layer] is not None else {}
            changed = own.get(layer)
            both = inherited if changed is None else {**inherited, **changed}
            result[layer] = {name: ref for name, ref in both.items() if ref is not None} if changed else both
    return result

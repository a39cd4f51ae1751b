"""Parameter values: what a user gave and what the defaults say -> what the run stores."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyflow.spec.errors import UsageError, Where
from pyflow.spec.graph import MISSING, Graph, Parameter
from pyflow.spec.names import did_you_mean

_TRUE = frozenset({"true", "1", "yes", "on", "t", "y"})
_FALSE = frozenset({"false", "0", "no", "off", "f", "n"})


def resolve_values(
    graph: Graph, given: Mapping[str, Any], *, cwd: Path, labels: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], ...]:
    """One entry for each configuration and parameter: name, kind, type, value and, for text files, encoding.

    `given` has values by parameter name, as text from a command line or as values from a program; `labels` say where
    they come from, if not from the option `--name`. Raises UsageError `parameter_required`, `parameter_type`,
    `parameter_choice`, `include_file_missing` or `include_file_encoding`, naming the parameter.
    """
    configs = [{"name": item.name, "kind": "config", "type": "json", "value": item.value} for item in graph.configs]
    labels = labels or {}
    return (*configs, *(_entry(graph, item, given, cwd, label=labels.get(item.name, "")) for item in graph.parameters))


def _entry(graph: Graph, parameter: Parameter, given: Mapping[str, Any], cwd: Path, *, label: str) -> dict[str, Any]:
    was_given = given.get(parameter.name) is not None
    value = given[parameter.name] if was_given else parameter.default if parameter.has_default else None
    if value is None and parameter.required:
        raise UsageError(
            f"the parameter --{parameter.name} is required",
            code="parameter_required",
            where=Where(graph.file, parameter.line),
            hint=f"Give it: --{parameter.name} VALUE.",
        )
    entry: dict[str, Any] = {"name": parameter.name, "kind": parameter.kind, "type": parameter.type}
    if parameter.kind == "file":
        base = [cwd] if was_given else [cwd, *([Path(graph.file).parent] if graph.file else [])]
        more = {} if parameter.parser is None else {"parser": parameter.parser}
        return entry | {"encoding": parameter.encoding, "value": _file(parameter, value, base), **more}
    return entry | {"value": None if value is None else convert(parameter, value, label=label)}


def convert(parameter: Parameter, value: Any, *, label: str = "") -> Any:
    """The value of a parameter from text or from a value; raises UsageError `parameter_type` or `parameter_choice`.
    `label` is what messages call it."""
    label = label or f"--{parameter.name}"
    if parameter.multiple:
        items = [value] if isinstance(value, str) or not isinstance(value, list | tuple) else list(value)
        return [_scalar(parameter, item, label) for item in items]
    if parameter.separator is not None:
        items = value.split(parameter.separator) if isinstance(value, str) else list(value)
        items = [item.strip() if isinstance(item, str) else item for item in items if item != ""]
        return [_scalar(parameter, item, label) for item in items]
    return _scalar(parameter, value, label)


def _scalar(parameter: Parameter, value: Any, label: str) -> Any:
    try:
        found = _CONVERT[parameter.type](value)
    except (ValueError, TypeError) as error:
        reason = f" ({error})" if parameter.type == "json" else ""
        raise UsageError(
            f"{label} takes {_NAMES[parameter.type]}, not {value!r}{reason}", code="parameter_type"
        ) from None
    chosen = parameter.choice(found)
    if chosen is MISSING:
        known = list(map(str, parameter.choices))
        raise UsageError(
            f"{label} takes one of {', '.join(known)}, not {value!r}",
            code="parameter_choice",
            hint=did_you_mean(str(value), known),
        )
    return chosen


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise ValueError(value)


def _int(value: Any) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(value)
    return int(value)


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


_CONVERT = {"str": str, "int": _int, "float": float, "bool": _bool, "json": _json}
_NAMES = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "json": "a JSON text",
}


def _file(parameter: Parameter, value: str | None, folders: list[Path]) -> str | None:
    """The absolute path of an included file that exists and, if it is text, can be decoded."""
    if value is None:
        return None
    candidates = [(folder / Path(value).expanduser()).resolve() for folder in folders]
    path = next((candidate for candidate in candidates if candidate.is_file()), None)
    if path is None:
        raise UsageError(
            f"the file of --{parameter.name} does not exist: {value}",
            code="include_file_missing",
            hint=f"Looked for {' and '.join(str(candidate) for candidate in dict.fromkeys(candidates))}.",
        )
    try:
        if parameter.type == "text":
            path.read_text(encoding=parameter.encoding or "utf-8")
    except (UnicodeDecodeError, LookupError) as error:
        raise UsageError(
            f"the file of --{parameter.name} is not text in {parameter.encoding or 'utf-8'}: {path} ({error})",
            code="include_file_encoding",
            hint="Declare the file as binary (is_text=False), or give its encoding.",
        ) from None
    except OSError as error:
        raise UsageError(
            f"the file of --{parameter.name} cannot be read: {error}", code="include_file_missing"
        ) from None
    return str(path)
